//! Statistics of deliveries, computed from the ledger.

use hooklane_domain::Timestamp;
use hooklane_domain::delivery::period::{Period, TimeRange};
use hooklane_domain::delivery::statistics::{Counts, Figures};
use hooklane_domain::ids::{TenantId, WebhookId};

use super::newest::{Part, newest};
use crate::ports::{DeliveryStore, Unavailable, WebhookStore};

/// The most deliveries that one request reads, the newest of its period.
const MAX_DELIVERIES: usize = 5_000;

/// Figures of the deliveries whose events were accepted in a period.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    pub period: Period,
    pub since: Timestamp,
    pub until: Timestamp,
    pub figures: Figures,
    /// The period has more deliveries than were counted. Those counted are the newest.
    pub is_cut: bool,
}

/// The figures of one webhook, or `None` if the tenant has no such webhook.
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

/// The figures of all webhooks of a tenant.
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
    // No end: the clock of the instance that accepted an event may be ahead of this one.
    let range = TimeRange::new(Some(since), None);
    let read = newest(deliveries, tenant, parts, range, (None, MAX_DELIVERIES)).await?;
    let mut counts = Counts::default();
    read.deliveries.iter().for_each(|delivery| counts.add(delivery));
    let (figures, is_cut) = (counts.figures(), read.next.is_some());
    Ok(Sample { period, since, until: now, figures, is_cut })
}
