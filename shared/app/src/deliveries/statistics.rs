//! Figures, read from the ledger.

use hooklane_domain::Timestamp;
use hooklane_domain::delivery::period::{Period, TimeRange};
use hooklane_domain::delivery::statistics::{Counts, Figures};
use hooklane_domain::ids::{TenantId, WebhookId};

use super::newest::{Part, newest};
use crate::ports::{DeliveryStore, Unavailable, WebhookStore};

/// One request reads at most so many deliveries, the newest of its period.
const MOST: usize = 5_000;

/// The figures of the deliveries whose events were accepted in a span of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    pub period: Period,
    pub since: Timestamp,
    pub until: Timestamp,
    pub figures: Figures,
    /// There were more deliveries than are counted: these are the newest.
    pub is_cut: bool,
}

/// Of one webhook, or `None` where the tenant has no such one.
pub async fn of_webhook(
    webhooks: &impl WebhookStore,
    deliveries: &impl DeliveryStore,
    (tenant, webhook): (&TenantId, WebhookId),
    (period, now): (Period, Timestamp),
) -> Result<Option<Sample>, Unavailable> {
    if webhooks.get(tenant, webhook).await?.is_none() {
        return Ok(None);
    }
    sample(deliveries, tenant, &[(webhook, None)], period, now).await.map(Some)
}

/// Of all webhooks that the tenant has.
pub async fn of_tenant(
    webhooks: &impl WebhookStore,
    deliveries: &impl DeliveryStore,
    tenant: &TenantId,
    (period, now): (Period, Timestamp),
) -> Result<Sample, Unavailable> {
    let webhooks = webhooks.list(tenant).await?;
    let parts: Vec<_> = webhooks.iter().map(|webhook| (webhook.id, None)).collect();
    sample(deliveries, tenant, &parts, period, now).await
}

pub(crate) async fn sample(
    deliveries: &impl DeliveryStore,
    tenant: &TenantId,
    parts: &[Part],
    period: Period,
    now: Timestamp,
) -> Result<Sample, Unavailable> {
    let since = period.start(now);
    // Without an end: the clock of who accepts may be ahead of this one.
    let range = TimeRange::new(Some(since), None);
    let read = newest(deliveries, tenant, parts, range, (None, MOST)).await?;
    let mut counts = Counts::default();
    read.deliveries.iter().for_each(|delivery| counts.add(delivery));
    let (figures, is_cut) = (counts.figures(), read.next.is_some());
    Ok(Sample { period, since, until: now, figures, is_cut })
}
