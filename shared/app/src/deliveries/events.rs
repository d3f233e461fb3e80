//! The events of a tenant, newest first, with the webhooks that took each.

use hooklane_domain::delivery::Delivery;
use hooklane_domain::event_index::merge::Wanted;
use hooklane_domain::event_index::{Entry, Place};
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};

use super::webhooks::group;
use super::{MAX_WEBHOOKS, read_each};
use crate::event_index::{Indexed, Query, indexed};
use crate::ports::{DeliveryStore, EventIndex, Unavailable, WebhookStore};

/// The most deliveries that a page reads. Each costs a read, also one that does not exist.
const MAX_DELIVERIES: usize = 2_000;
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventsFilter {
    pub wanted: Wanted,
    pub after: Option<Place>,
    pub limit: usize,
    /// Whether the deliveries of the events are read.
    pub with_deliveries: bool,
}

impl EventsFilter {
    fn query(self) -> Query {
        Query { wanted: self.wanted, after: self.after, limit: self.limit, written_since: None }
    }
}

/// An event, and what became of it.
#[derive(Debug, PartialEq, Eq)]
pub struct ListedEvent {
    pub entry: Entry,
    /// The deliveries that have an item, of webhooks that still exist; `None` if they were not asked for.
    pub deliveries: Option<Vec<Delivery>>,
    /// The number of its deliveries that cannot be read back.
    pub unreadable: usize,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct EventsPage {
    pub events: Vec<ListedEvent>,
    /// The number of chunks of the index that cannot be read back. Their events are missing.
    pub unreadable: usize,
    /// Whether the tenant has more webhooks than one request reads, so that deliveries may be missing.
    pub truncated: bool,
    /// Where the next page starts, if there may be more.
    pub next: Option<Place>,
}

/// A page of the tenant's events. A request reads a bounded amount, so a page may be short or even empty and
/// still have a next one.
pub async fn events<L: EventIndex + DeliveryStore>(
    webhooks: &impl WebhookStore,
    ledger: &L,
    tenant: &TenantId,
    filter: EventsFilter,
) -> Result<EventsPage, Unavailable> {
    if !filter.with_deliveries {
        let Indexed { page: merged, unreadable } = indexed(ledger, tenant, filter.query()).await?;
        let unreadable = unreadable.len();
        let alone = |entry| ListedEvent { entry, deliveries: None, unreadable: 0 };
        let events = merged.entries.into_iter().map(alone).collect();
        return Ok(EventsPage { events, unreadable, truncated: false, next: merged.next });
    }
    let group = group(webhooks, tenant, None, MAX_WEBHOOKS).await?;
    let fitting = (MAX_DELIVERIES / group.ids.len().max(1)).max(1);
    let filter = EventsFilter { limit: filter.limit.min(fitting), ..filter };
    let Indexed { page: merged, unreadable } = indexed(ledger, tenant, filter.query()).await?;
    let unreadable = unreadable.len();
    let events = with_deliveries(ledger, tenant, merged.entries, &group.ids).await?;
    Ok(EventsPage { events, unreadable, truncated: group.next.is_some(), next: merged.next })
}

/// Adds to each event what became of it at these webhooks.
async fn with_deliveries(
    deliveries: &impl DeliveryStore,
    tenant: &TenantId,
    entries: Vec<Entry>,
    webhooks: &[WebhookId],
) -> Result<Vec<ListedEvent>, Unavailable> {
    let of = |entry: &Entry, webhook| DeliveryId::new(webhook, entry.accepted_at, entry.id.clone());
    let ids: Vec<_> = entries
        .iter()
        .flat_map(|entry| webhooks.iter().map(move |webhook| of(entry, *webhook)))
        .collect();
    let mut read = read_each(deliveries, &ids).await?.into_iter();
    let mut listed = Vec::with_capacity(entries.len());
    for entry in entries {
        let (mut found, mut unreadable) = (Vec::new(), 0);
        for read in read.by_ref().take(webhooks.len()) {
            match read {
                Ok(delivery) => found.extend(delivery.filter(|found| found.tenant == *tenant)),
                Err(error) if error.is_unreadable() => {
                    error.log("delivery.left_out");
                    unreadable += 1;
                }
                Err(error) => return Err(error),
            }
        }
        listed.push(ListedEvent { entry, deliveries: Some(found), unreadable });
    }
    Ok(listed)
}

#[cfg(test)]
mod tests;
