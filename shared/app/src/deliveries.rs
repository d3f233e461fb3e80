//! What became of an event: its deliveries and their attempts.

use futures::future::join_all;
use hooklane_domain::delivery::Delivery;
use hooklane_domain::delivery::attempt::Attempt;
use hooklane_domain::event::Event;
use hooklane_domain::ids::{DeliveryId, EventId, TenantId, WebhookId};

use crate::ports::{
    DeliveryFilter, DeliveryPage, DeliveryStore, EventStore, Unavailable, WebhookStore,
};

mod log;
mod newest;
mod pages;
mod requests;
pub mod statistics;
mod undelivered;

pub use log::log;
pub use pages::page;
pub use requests::{RequestError, cancel, retry, send};
pub use undelivered::{UNDELIVERED, undelivered};

/// A page of a webhook's deliveries, or `None` where the tenant has no such webhook.
pub async fn list(
    webhooks: &impl WebhookStore,
    deliveries: &impl DeliveryStore,
    tenant: &TenantId,
    webhook: WebhookId,
    filter: &DeliveryFilter,
) -> Result<Option<DeliveryPage>, Unavailable> {
    if webhooks.get(tenant, webhook).await?.is_none() {
        return Ok(None);
    }
    deliveries.list(tenant, webhook, filter).await.map(Some)
}

/// A delivery with all that is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryDetail {
    pub delivery: Delivery,
    pub attempts: Vec<Attempt>,
    /// What it carries, as it was published; `None` once the event is gone.
    pub event: Option<Event>,
}

/// One delivery with every attempt, or `None` where the tenant's webhook has no such delivery.
pub async fn get<L: EventStore + DeliveryStore>(
    webhooks: &impl WebhookStore,
    ledger: &L,
    tenant: &TenantId,
    webhook: WebhookId,
    id: &DeliveryId,
) -> Result<Option<DeliveryDetail>, Unavailable> {
    if id.webhook() != webhook || webhooks.get(tenant, webhook).await?.is_none() {
        return Ok(None);
    }
    let Some(delivery) = find(ledger, tenant, id).await? else { return Ok(None) };
    let attempts = ledger.attempts(&delivery).await?;
    let event = EventStore::get(ledger, tenant, id.event()).await?;
    Ok(Some(DeliveryDetail { delivery, attempts, event }))
}

/// So many deliveries are read at once where each is read on its own.
const AT_ONCE: usize = 16;

/// What is written of each delivery, in the order asked for. Where one of them cannot be read back, each
/// is read on its own, so that it takes no other with it; what then fails is told for each, too.
pub async fn read_each(
    deliveries: &impl DeliveryStore,
    ids: &[DeliveryId],
) -> Result<Vec<Result<Option<Delivery>, Unavailable>>, Unavailable> {
    match deliveries.read(ids).await {
        Err(error) if error.is_corrupt() => {}
        answer => return Ok(answer?.into_iter().map(Ok).collect()),
    }
    let mut each = Vec::with_capacity(ids.len());
    for some in ids.chunks(AT_ONCE) {
        let reads = some.iter().map(|id| deliveries.read(std::slice::from_ref(id)));
        let read = join_all(reads).await.into_iter();
        each.extend(read.map(|one| one.map(|one| one.into_iter().next().flatten())));
    }
    Ok(each)
}

/// An event and what became of it.
#[derive(Debug)]
pub struct EventDetail {
    pub event: Event,
    /// Those that are written, of webhooks that are still there.
    pub deliveries: Vec<Delivery>,
    /// Those that cannot be read back, and why.
    pub unreadable: Vec<Unavailable>,
}

/// An event with its deliveries, or `None` where the tenant has no such event.
pub async fn of_event<L: EventStore + DeliveryStore>(
    webhooks: &impl WebhookStore,
    ledger: &L,
    tenant: &TenantId,
    id: &EventId,
) -> Result<Option<EventDetail>, Unavailable> {
    let Some(event) = EventStore::get(ledger, tenant, id).await? else { return Ok(None) };
    let webhooks = webhooks.list(tenant).await?;
    let ids: Vec<_> = webhooks
        .iter()
        .map(|webhook| DeliveryId::new(webhook.id, event.accepted_at, event.id.clone()))
        .collect();
    let mut told = EventDetail { event, deliveries: Vec::new(), unreadable: Vec::new() };
    for read in read_each(ledger, &ids).await? {
        match read {
            Ok(written) => told.deliveries.extend(written.filter(|d| d.tenant == *tenant)),
            Err(error) if error.is_corrupt() => told.unreadable.push(error),
            Err(error) => return Err(error),
        }
    }
    Ok(Some(told))
}

async fn find(
    deliveries: &impl DeliveryStore,
    tenant: &TenantId,
    id: &DeliveryId,
) -> Result<Option<Delivery>, Unavailable> {
    let found = deliveries.read(std::slice::from_ref(id)).await?.into_iter().next().flatten();
    Ok(found.filter(|delivery| delivery.tenant == *tenant))
}
