//! The newest deliveries of some webhooks, whatever became of them.

use hooklane_domain::delivery::period::TimeRange;
use hooklane_domain::delivery::{Delivery, Status};
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};

use super::newest::newest;
use crate::ports::{DeliveryPage, DeliveryStore, Unavailable};

/// The deliveries of these webhooks of a tenant, newest first, with one status or all of them. Each webhook takes
/// a query, so the caller bounds how many there are.
pub async fn recent(
    deliveries: &impl DeliveryStore,
    (tenant, webhooks): (&TenantId, &[WebhookId]),
    (status, accepted): (Option<Status>, TimeRange),
    (after, limit): (Option<&DeliveryId>, usize),
) -> Result<DeliveryPage, Unavailable> {
    let parts: Vec<_> = webhooks.iter().map(|webhook| (*webhook, status)).collect();
    let page = newest(deliveries, tenant, &parts, accepted, (after, limit)).await?;
    let deliveries = page.deliveries.into_iter().map(without_answer).collect();
    Ok(DeliveryPage { deliveries, ..page })
}

/// The part of a delivery that a list shows: without what its receiver answered.
fn without_answer(mut delivery: Delivery) -> Delivery {
    delivery.success = None;
    delivery
}
