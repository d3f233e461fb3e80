//! Finding what an id names, whosever it is.

use hooklane_domain::access::tenant::Tenant;
use hooklane_domain::delivery::Delivery;
use hooklane_domain::event::Event;
use hooklane_domain::ids::{DeliveryId, EventId, TenantId, WebhookId};
use hooklane_domain::webhook::Webhook;

use crate::ports::{
    ActiveTenants, DeliveryStore, EventSearch, TenantIds, TenantStore, Unavailable, WebhookSearch,
};

/// One request asks about this many tenants: more where those of two lists are merged, at most twice as many.
pub const MAX_TENANTS: usize = 1_000;
/// The tenants that are asked at once: as many as DynamoDB reads with one request.
const AT_ONCE: usize = 100;

/// Something that has the id.
#[derive(Debug, Clone)]
pub enum Hit {
    Tenant(Box<Tenant>),
    Webhook(Box<Webhook>),
    Event(Box<Event>),
    Delivery(Box<Delivery>),
}

/// What was found, and how far was looked.
#[derive(Debug, Clone, Default)]
pub struct Found {
    pub hits: Vec<Hit>,
    /// Things that have the id and cannot be read back.
    pub unreadable: usize,
    /// After which tenant the search goes on, if it has not come to the last one.
    pub next: Option<TenantId>,
}

/// The text is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no id of a tenant, webhook, event or delivery")]
pub struct NoId;

/// What an id can be of, by its form.
enum Sought {
    Delivery(DeliveryId),
    Webhook(WebhookId),
    /// Events and tenants have ids of the same form.
    Other(EventId, TenantId),
}

fn read(text: &str) -> Result<Sought, NoId> {
    if let Ok(id) = text.parse() {
        return Ok(Sought::Delivery(id));
    }
    if let Ok(id) = text.parse() {
        return Ok(Sought::Webhook(id));
    }
    match (text.parse(), text.parse()) {
        (Ok(event), Ok(tenant)) => Ok(Sought::Other(event, tenant)),
        _ => Err(NoId),
    }
}

/// What this id names. A delivery is found by one read. A webhook, an event and a tenant may be anybody's, so all
/// tenants are asked, [`MAX_TENANTS`] with each request: those with a webhook, settings or event types, and for
/// an event those that published lately.
pub async fn find<L>(
    registry: &(impl TenantStore + TenantIds + WebhookSearch),
    ledger: &L,
    text: &str,
    after: Option<&TenantId>,
) -> Result<Result<Found, NoId>, Unavailable>
where
    L: DeliveryStore + EventSearch + ActiveTenants,
{
    Ok(match read(text) {
        Err(none) => Err(none),
        Ok(Sought::Delivery(id)) => Ok(delivery(ledger, &id).await?),
        Ok(Sought::Webhook(id)) => Ok(webhook(registry, id, after).await?),
        Ok(Sought::Other(event, tenant)) => {
            let mut found = events(registry, ledger, &event, after).await?;
            if after.is_none() {
                found.hits.splice(0..0, of_tenant(registry, &tenant).await?);
            }
            Ok(found)
        }
    })
}

async fn delivery(ledger: &impl DeliveryStore, id: &DeliveryId) -> Result<Found, Unavailable> {
    match ledger.read(std::slice::from_ref(id)).await {
        Err(error) if error.is_unreadable() => {
            error.log("delivery.left_out");
            Ok(Found { unreadable: 1, ..Found::default() })
        }
        read => {
            let hits = read?.into_iter().flatten().map(|one| Hit::Delivery(Box::new(one)));
            Ok(Found { hits: hits.collect(), ..Found::default() })
        }
    }
}

async fn webhook(
    registry: &(impl TenantIds + WebhookSearch),
    id: WebhookId,
    after: Option<&TenantId>,
) -> Result<Found, Unavailable> {
    let mut place = after.cloned();
    for _ in 0..MAX_TENANTS / AT_ONCE {
        let (ids, next) = registry.tenant_ids(place.as_ref(), AT_ONCE).await?;
        if let Some(webhook) = registry.of_any(&ids, id).await? {
            let hits = vec![Hit::Webhook(Box::new(webhook))];
            return Ok(Found { hits, ..Found::default() });
        }
        place = next;
        if place.is_none() {
            break;
        }
    }
    Ok(Found { next: place, ..Found::default() })
}

/// Of the tenants with something in the registry and those that published lately, merged by their ids.
async fn events<L: EventSearch + ActiveTenants>(
    registry: &impl TenantIds,
    ledger: &L,
    id: &EventId,
    after: Option<&TenantId>,
) -> Result<Found, Unavailable> {
    let mut found = Found { next: after.cloned(), ..Found::default() };
    for _ in 0..MAX_TENANTS / AT_ONCE {
        let place = found.next.take();
        let ((listed, more), active) = futures::future::try_join(
            registry.tenant_ids(place.as_ref(), AT_ONCE),
            ledger.active(place.as_ref(), AT_ONCE),
        )
        .await?;
        let is_cut = active.len() == AT_ONCE;
        let (ids, next) = merged((listed, more.is_some()), (active, is_cut));
        let (events, unreadable) = ledger.of_some(&ids, id).await?;
        found.hits.extend(events.into_iter().map(|event| Hit::Event(Box::new(event))));
        found.unreadable += unreadable;
        found.next = next;
        if found.next.is_none() {
            break;
        }
    }
    Ok(found)
}

/// The ids of two ordered lists, each once and in order, as far as both reach; and where they go on. Each list comes
/// with whether there are more.
fn merged(
    (one, one_more): (Vec<TenantId>, bool),
    (other, other_more): (Vec<TenantId>, bool),
) -> (Vec<TenantId>, Option<TenantId>) {
    let end = |list: &[TenantId], more: bool| list.last().cloned().filter(|_| more);
    let ends = [end(&one, one_more), end(&other, other_more)];
    let next = ends.into_iter().flatten().min();
    let mut ids: Vec<_> = one.into_iter().chain(other).collect();
    ids.sort();
    ids.dedup();
    if let Some(next) = &next {
        ids.retain(|id| id <= next);
    }
    (ids, next)
}

async fn of_tenant(registry: &impl TenantStore, id: &TenantId) -> Result<Option<Hit>, Unavailable> {
    if !registry.is_listed(id).await? {
        return Ok(None);
    }
    Ok(Some(Hit::Tenant(Box::new(registry.tenant(id).await?))))
}
