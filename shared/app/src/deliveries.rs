//! Reading back what became of an event.

use hooklane_domain::attempt::Attempt;
use hooklane_domain::delivery::Delivery;
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};

use crate::ports::{Deliveries, DeliveryFilter, DeliveryPage, Unavailable, Webhooks};

/// A page of a webhook's deliveries, or `None` where the tenant has no such webhook.
pub async fn list(
    webhooks: &impl Webhooks,
    deliveries: &impl Deliveries,
    tenant: &TenantId,
    webhook: WebhookId,
    filter: &DeliveryFilter,
) -> Result<Option<DeliveryPage>, Unavailable> {
    if webhooks.get(tenant, webhook).await?.is_none() {
        return Ok(None);
    }
    deliveries.list(tenant, webhook, filter).await.map(Some)
}

/// One delivery with every attempt, or `None` where the tenant's webhook has no such delivery.
pub async fn get(
    webhooks: &impl Webhooks,
    deliveries: &impl Deliveries,
    tenant: &TenantId,
    webhook: WebhookId,
    id: &DeliveryId,
) -> Result<Option<(Delivery, Vec<Attempt>)>, Unavailable> {
    if id.webhook() != webhook || webhooks.get(tenant, webhook).await?.is_none() {
        return Ok(None);
    }
    let found = deliveries.read(std::slice::from_ref(id)).await?.into_iter().next().flatten();
    let Some(delivery) = found.filter(|delivery| delivery.tenant == *tenant) else {
        return Ok(None);
    };
    let attempts = deliveries.attempts(&delivery).await?;
    Ok(Some((delivery, attempts)))
}
