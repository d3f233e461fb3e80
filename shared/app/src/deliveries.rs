//! What became of an event: its deliveries and their attempts.

use futures::future::join_all;
use hooklane_contract::Contracts;
use hooklane_domain::delivery::Delivery;
use hooklane_domain::delivery::attempt::Attempt;
use hooklane_domain::event::Event;
use hooklane_domain::ids::{DeliveryId, EventId, TenantId, WebhookId};

use crate::attempt::SentRequest;
use crate::ports::{
    DeliveryFilter, DeliveryPage, DeliveryStore, EventStore, Unavailable, WebhookStore,
};

pub mod check;
mod events;
mod explain;
mod log;
pub mod many;
mod newest;
mod pages;
mod recent;
mod requests;
mod scan;
mod search;
mod sent;
mod signed;
mod undelivered;
mod webhooks;

pub use events::{EventsFilter, EventsPage, ListedEvent, events};
pub use explain::{ExplainedEvent, ExplainedWebhook, explain_event};
pub use log::log;
pub use pages::page;
pub use recent::recent;
pub use requests::{RequestError, cancel, retry, retry_at, send, send_at};
pub use search::{Answered, Found, Search, SearchError, search, search_among};
pub use signed::{InspectError, SignedRequest, signed};
pub use undelivered::{Place, UNDELIVERED};
pub(crate) use webhooks::group;

/// A page of a webhook's deliveries, or `None` if the tenant has no such webhook.
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

/// A delivery with its attempts and its event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryDetail {
    pub delivery: Delivery,
    /// Oldest first.
    pub attempts: Vec<Attempt>,
    /// The event as it was published; `None` once it has expired.
    pub event: Option<Event>,
    /// What each attempt sent; `None` where that cannot be told any more.
    pub sent: Vec<Option<SentRequest>>,
}

/// One delivery in detail, or `None` if the tenant's webhook has no such delivery.
pub async fn get<L: EventStore + DeliveryStore>(
    (webhooks, contracts): (&impl WebhookStore, &Contracts),
    ledger: &L,
    tenant: &TenantId,
    webhook: WebhookId,
    id: &DeliveryId,
) -> Result<Option<DeliveryDetail>, Unavailable> {
    if id.webhook() != webhook {
        return Ok(None);
    }
    let Some(webhook) = webhooks.get(tenant, webhook).await? else { return Ok(None) };
    let Some(delivery) = find(ledger, tenant, id).await? else { return Ok(None) };
    let attempts = ledger.attempts(&delivery).await?;
    let event = EventStore::get(ledger, tenant, id.event()).await?;
    let sent = sent::sent(contracts, &webhook, (id, event.as_ref()), &attempts).await;
    Ok(Some(DeliveryDetail { delivery, attempts, event, sent }))
}

/// The number of concurrent reads where each delivery is read on its own.
const CONCURRENCY: usize = 16;

/// The deliveries in the order of `ids`, `None` for those that have no item yet. If one of them cannot be
/// read back, each is read on its own, so that only its own result is an error.
pub async fn read_each(
    deliveries: &impl DeliveryStore,
    ids: &[DeliveryId],
) -> Result<Vec<Result<Option<Delivery>, Unavailable>>, Unavailable> {
    match deliveries.read(ids).await {
        Err(error) if error.is_unreadable() => {}
        answer => return Ok(answer?.into_iter().map(Ok).collect()),
    }
    let mut each = Vec::with_capacity(ids.len());
    for some in ids.chunks(CONCURRENCY) {
        let reads = some.iter().map(|id| deliveries.read(std::slice::from_ref(id)));
        let read = join_all(reads).await.into_iter();
        each.extend(read.map(|one| one.map(|one| one.into_iter().next().flatten())));
    }
    Ok(each)
}

/// An event and its deliveries.
#[derive(Debug)]
pub struct EventDetail {
    pub event: Event,
    /// The deliveries that have an item, of webhooks that still exist.
    pub deliveries: Vec<Delivery>,
    /// Why a delivery cannot be read back, for each such delivery.
    pub unreadable: Vec<Unavailable>,
    /// The webhook after which the deliveries go on, if the tenant has more webhooks than one request reads.
    pub next: Option<WebhookId>,
}

/// One request reads the deliveries of an event to at most this many webhooks.
const MAX_WEBHOOKS: usize = 1_000;
/// One request explains an event's way to at most this many webhooks, which it reads whole.
const MAX_EXPLAINED: usize = 100;

/// An event in detail, with its deliveries to the webhooks that follow `after`; or `None` if the tenant has
/// no such event.
pub async fn of_event<L: EventStore + DeliveryStore>(
    webhooks: &impl WebhookStore,
    ledger: &L,
    (tenant, after): (&TenantId, Option<WebhookId>),
    id: &EventId,
) -> Result<Option<EventDetail>, Unavailable> {
    let page = event_page(webhooks, ledger, (tenant, after), id, MAX_WEBHOOKS).await?;
    Ok(page.map(EventPage::into_detail))
}

/// The delivery of an event to a webhook, whether there is one or not.
struct ReadDelivery {
    id: DeliveryId,
    /// An error says that it cannot be read back.
    found: Result<Option<Delivery>, Unavailable>,
}

/// An event with what was read for some webhooks, in their order.
struct EventPage {
    event: Event,
    reads: Vec<ReadDelivery>,
    next: Option<WebhookId>,
}

/// An event and its deliveries to at most `most` webhooks that follow `after`.
async fn event_page<L: EventStore + DeliveryStore>(
    webhooks: &impl WebhookStore,
    ledger: &L,
    (tenant, after): (&TenantId, Option<WebhookId>),
    id: &EventId,
    most: usize,
) -> Result<Option<EventPage>, Unavailable> {
    let Some(event) = EventStore::get(ledger, tenant, id).await? else { return Ok(None) };
    let group = webhooks::group(webhooks, tenant, after, most).await?;
    let ids: Vec<_> = group
        .ids
        .into_iter()
        .map(|webhook| DeliveryId::new(webhook, event.accepted_at, event.id.clone()))
        .collect();
    let mut reads = Vec::with_capacity(ids.len());
    for (found, id) in read_each(ledger, &ids).await?.into_iter().zip(ids) {
        let found = match found {
            Err(error) if !error.is_unreadable() => return Err(error),
            found => found.map(|found| found.filter(|delivery| delivery.tenant == *tenant)),
        };
        reads.push(ReadDelivery { id, found });
    }
    Ok(Some(EventPage { event, reads, next: group.next }))
}

impl EventPage {
    fn into_detail(self) -> EventDetail {
        let (deliveries, unreadable) = (Vec::new(), Vec::new());
        let mut detail = EventDetail { event: self.event, deliveries, unreadable, next: self.next };
        for read in self.reads {
            match read.found {
                Ok(delivery) => detail.deliveries.extend(delivery),
                Err(error) => detail.unreadable.push(error),
            }
        }
        detail
    }
}

/// A delivery of this tenant. Its key does not name the tenant, so one of another tenant that cannot be read back is
/// missing like any other of that tenant: an error would say that it exists.
async fn find(
    deliveries: &impl DeliveryStore,
    tenant: &TenantId,
    id: &DeliveryId,
) -> Result<Option<Delivery>, Unavailable> {
    match deliveries.read(std::slice::from_ref(id)).await {
        Err(error) if error.is_unreadable() && !error.is_of(tenant) => Ok(None),
        read => {
            let found = read?.into_iter().next().flatten();
            Ok(found.filter(|delivery| delivery.tenant == *tenant))
        }
    }
}
