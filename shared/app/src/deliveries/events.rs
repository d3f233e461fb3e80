//! The events of a tenant, newest first, with the webhooks that took each.

use hooklane_domain::Timestamp;
use hooklane_domain::delivery::Delivery;
use hooklane_domain::event_index::merge::{Merge, Merged, Wanted};
use hooklane_domain::event_index::{Entry, Place};
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};

use super::webhooks::group;
use super::{MAX_WEBHOOKS, read_each};
use crate::ports::{ChunkRange, DeliveryStore, EventIndex, Unavailable, WebhookStore};

/// The most deliveries that a page reads. Each costs a read, also one that does not exist.
const MAX_DELIVERIES: usize = 2_000;
/// The chunks of the index that the first query of a page reads. Each further query reads twice as many, up
/// to [`MOST_CHUNKS`].
const FIRST_CHUNKS: usize = 8;
const MOST_CHUNKS: usize = 128;
/// A page that has read this many chunks, or chunks with this many events, ends, even if it is short.
const MAX_CHUNKS: usize = 500;
const MAX_ENTRIES: usize = 40_000;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventsFilter {
    pub wanted: Wanted,
    pub after: Option<Place>,
    pub limit: usize,
    /// Whether the deliveries of the events are read.
    pub with_deliveries: bool,
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
        let (merged, unreadable) = indexed(ledger, tenant, filter).await?;
        let alone = |entry| ListedEvent { entry, deliveries: None, unreadable: 0 };
        let events = merged.entries.into_iter().map(alone).collect();
        return Ok(EventsPage { events, unreadable, truncated: false, next: merged.next });
    }
    let group = group(webhooks, tenant, None, MAX_WEBHOOKS).await?;
    let fitting = (MAX_DELIVERIES / group.ids.len().max(1)).max(1);
    let filter = EventsFilter { limit: filter.limit.min(fitting), ..filter };
    let (merged, unreadable) = indexed(ledger, tenant, filter).await?;
    let events = with_deliveries(ledger, tenant, merged.entries, &group.ids).await?;
    Ok(EventsPage { events, unreadable, truncated: group.next.is_some(), next: merged.next })
}

/// The events of a page by the index, and how many chunks cannot be read back.
async fn indexed(
    index: &impl EventIndex,
    tenant: &TenantId,
    filter: EventsFilter,
) -> Result<(Merged, usize), Unavailable> {
    let oldest_ms = filter.wanted.accepted.since().map(Timestamp::as_millisecond);
    let mut merge = Merge::new(filter.wanted, filter.after, filter.limit);
    let newest_ms = merge.after().map(Place::reach_ms);
    let mut range = ChunkRange { oldest_ms, newest_ms, after: None };
    let (mut size, mut chunks, mut entries, mut unreadable) = (FIRST_CHUNKS, 0, 0, 0);
    loop {
        let page = index.chunks(tenant, &range, size).await?;
        unreadable += page.unreadable;
        for chunk in &page.chunks {
            // What is read only to look back does not count, or a page would get hardly further.
            if merge.is_past_look_back(chunk) {
                chunks += 1;
                entries += chunk.entries().len();
            }
            merge.add(chunk);
        }
        let Some(next) = page.next else { return Ok((merge.finish(true), unreadable)) };
        let is_enough = chunks >= MAX_CHUNKS || entries >= MAX_ENTRIES;
        if merge.is_full() || is_enough && merge.gets_further() {
            return Ok((merge.finish(false), unreadable));
        }
        range.after = Some(next);
        size = (2 * size).min(MOST_CHUNKS);
    }
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
