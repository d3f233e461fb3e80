//! The deliveries of a tenant that have not been delivered, across its webhooks.

use hooklane_domain::delivery::Status;
use hooklane_domain::delivery::period::TimeRange;
use hooklane_domain::ids::{DeliveryId, TenantId};

use super::newest::newest;
use crate::ports::{DeliveryPage, DeliveryStore, Unavailable, WebhookStore};

/// The statuses that the list may be filtered by.
pub const UNDELIVERED: [Status; 3] = [Status::Pending, Status::Retrying, Status::Failed];

/// The deliveries with one of these statuses, newest first, of webhooks that still exist. They are read from
/// an index, which is eventually consistent.
pub async fn undelivered(
    webhooks: &impl WebhookStore,
    deliveries: &impl DeliveryStore,
    tenant: &TenantId,
    statuses: &[Status],
    (after, limit): (Option<&DeliveryId>, usize),
) -> Result<DeliveryPage, Unavailable> {
    let webhooks = webhooks.list(tenant).await?;
    let parts: Vec<_> = webhooks
        .iter()
        .flat_map(|webhook| statuses.iter().map(|status| (webhook.id, Some(*status))))
        .collect();
    newest(deliveries, tenant, &parts, TimeRange::default(), (after, limit)).await
}
