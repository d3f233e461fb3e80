//! Statistics of deliveries, computed from the ledger.

use hooklane_domain::Timestamp;
use hooklane_domain::delivery::Delivery;
use hooklane_domain::delivery::outcome::Outcome;
use hooklane_domain::delivery::period::{Period, TimeRange};
use hooklane_domain::delivery::statistics::{Counts, Figures};
use hooklane_domain::ids::{TenantId, WebhookId};

use super::newest::{MAX_PARTS, Part, newest};
use super::webhooks::group;
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
    /// The period has more deliveries than were counted, or the tenant more webhooks. Those counted are the
    /// newest.
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

/// The figures of all webhooks of a tenant, or of its newest ones if it has very many.
pub async fn of_tenant(
    webhooks: &impl WebhookStore,
    deliveries: &impl DeliveryStore,
    tenant: &TenantId,
    (period, now): (Period, Timestamp),
) -> Result<Sample, Unavailable> {
    let read = group(webhooks, tenant, None, MAX_PARTS).await?;
    let parts: Vec<_> = read.ids.into_iter().map(|webhook| (webhook, None)).collect();
    let sample = sample(deliveries, tenant, &parts, period, now).await?;
    Ok(Sample { is_cut: sample.is_cut || read.next.is_some(), ..sample })
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
    let read = newest(deliveries, tenant, parts, range, (None, MAX_DELIVERIES), counted).await?;
    let mut counts = Counts::default();
    read.deliveries.iter().for_each(|delivery| counts.add(delivery));
    let (figures, is_cut) = (counts.figures(), read.next.is_some());
    Ok(Sample { period, since, until: now, figures, is_cut })
}

/// The part of a delivery that is counted: without what its receiver answered, which may be a hundred times
/// larger.
fn counted(mut delivery: Delivery) -> Delivery {
    if let Some(success) = &mut delivery.success {
        success.request_headers = Vec::new();
        if let Outcome::Answered(response) = &mut success.outcome {
            (response.headers, response.body) = (Vec::new(), String::new());
        }
    }
    delivery
}
