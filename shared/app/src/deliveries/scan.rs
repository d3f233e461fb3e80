//! The deliveries of many webhooks that fit a filter, newest first, for a bounded number of queries.
//!
//! [`newest`](super::newest) reads each list until it has what it wants. Where a filter fits few deliveries that is
//! all there are. A scan reads each list once, then reads on where it is furthest behind, and ends when its page
//! is full or its queries are used up. Nothing is lost: whatever is newer than the *horizon*, the newest place from
//! which any list is still unread, is certain; a page ends there at the latest, and the next one goes on from it.

use std::collections::BTreeMap;

use futures::{StreamExt as _, TryStreamExt as _};
use hooklane_domain::delivery::Delivery;
use hooklane_domain::delivery::period::TimeRange;
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};

use super::newest::{Part, filter};
use crate::ports::{DeliveryFilter, DeliveryPage, DeliveryStore, Unavailable};

/// The number of concurrent queries.
const CONCURRENCY: usize = 8;
/// The queries that a scan may make after it has read each list once …
const MORE_QUERIES: usize = 24;
/// … and the deliveries that each of them reads.
const MORE_DELIVERIES: usize = 500;
/// The deliveries that the first query of a list reads, at the least and at the most.
const FIRST_DELIVERIES: (usize, usize) = (5, 500);

/// What is scanned.
pub(super) struct Scan<'a> {
    pub(super) parts: &'a [Part],
    pub(super) accepted: TimeRange,
    /// The page before ended at this delivery, whether it was listed or not.
    pub(super) after: Option<&'a DeliveryId>,
    pub(super) limit: usize,
}

/// A page of what fits.
#[derive(Debug, Default)]
pub(super) struct Scanned {
    pub(super) deliveries: Vec<Delivery>,
    pub(super) unreadable: usize,
    pub(super) next: Option<DeliveryId>,
    /// Whether the page ended because its queries were used up.
    pub(super) is_cut: bool,
}

/// The place of a delivery in the list of all: the list goes from greater ones to smaller ones.
type Position = (u64, DeliveryId);

fn position(id: &DeliveryId) -> Position {
    (id.accepted_ms(), id.clone())
}

pub(super) async fn scan(
    deliveries: &impl DeliveryStore,
    tenant: &TenantId,
    scan: Scan<'_>,
    fits: &(impl Fn(&Delivery) -> bool + Sync),
) -> Result<Scanned, Unavailable> {
    let Scan { parts, accepted, after, limit } = scan;
    let (least, most) = FIRST_DELIVERIES;
    let first = (2 * limit).max(50) / parts.len().max(1);
    let first = first.clamp(least, most);
    let lists: Vec<_> = parts.iter().map(|part| filter(*part, accepted, after, first)).collect();
    // Owned, because the stream's future must be Send for every lifetime.
    let mut reading = futures::stream::iter(lists)
        .map(|(webhook, asked)| async move {
            let page = deliveries.list(tenant, webhook, &asked).await?;
            Ok::<_, Unavailable>((webhook, asked, page))
        })
        .buffer_unordered(CONCURRENCY)
        .try_fold(Reading::new(limit), async |mut reading, (webhook, asked, page)| {
            reading.add(webhook, asked, page, fits);
            Ok(reading)
        })
        .await?;
    for _ in 0..MORE_QUERIES {
        if reading.is_full() {
            break;
        }
        let Some(Open { webhook, rest, .. }) = reading.furthest_behind() else { break };
        let asked = DeliveryFilter { limit: MORE_DELIVERIES, ..rest };
        let page = deliveries.list(tenant, webhook, &asked).await?;
        reading.add(webhook, asked, page, fits);
    }
    Ok(reading.finish())
}

/// A list that is read down to a place.
struct Open {
    place: Position,
    webhook: WebhookId,
    /// What to ask for next.
    rest: DeliveryFilter,
}

/// What was found, and the lists that are not read to their ends.
struct Reading {
    limit: usize,
    /// The newest that fit, one more than are listed.
    found: BTreeMap<Position, Delivery>,
    open: Vec<Open>,
    unreadable: usize,
}

impl Reading {
    fn new(limit: usize) -> Self {
        Self { limit, found: BTreeMap::new(), open: Vec::new(), unreadable: 0 }
    }

    fn add(
        &mut self,
        webhook: WebhookId,
        asked: DeliveryFilter,
        page: DeliveryPage,
        fits: &impl Fn(&Delivery) -> bool,
    ) {
        self.unreadable += page.unreadable;
        for delivery in page.deliveries {
            if fits(&delivery) {
                self.found.insert(position(&delivery.id), delivery);
            }
            if self.found.len() > self.limit + 1 {
                self.found.pop_first();
            }
        }
        if let Some(next) = page.next {
            let place = position(&next);
            let rest = DeliveryFilter { after: Some(next), ..asked };
            self.open.push(Open { place, webhook, rest });
        }
    }

    /// Down to where everything is known.
    fn horizon(&self) -> Option<&Position> {
        self.open.iter().map(|list| &list.place).max()
    }

    /// The number of deliveries that no unread one can precede.
    fn certain(&self) -> usize {
        match self.horizon() {
            Some(horizon) => self.found.range(horizon..).count(),
            None => self.found.len(),
        }
    }

    fn is_full(&self) -> bool {
        self.certain() >= self.limit
    }

    /// The list from whose end on least is certain.
    fn furthest_behind(&mut self) -> Option<Open> {
        let lists = self.open.iter().enumerate();
        let (index, _) = lists.max_by(|(_, a), (_, b)| a.place.cmp(&b.place))?;
        Some(self.open.swap_remove(index))
    }

    fn finish(self) -> Scanned {
        let certain = self.certain();
        let has_more = !self.open.is_empty() || certain > self.limit;
        let horizon = self.horizon().map(|(_, id)| id.clone());
        let is_full = certain >= self.limit;
        let listed: Vec<_> = self.found.into_values().rev().take(certain.min(self.limit)).collect();
        let next = match is_full {
            true => listed.last().map(|last| last.id.clone()).filter(|_| has_more),
            false => horizon,
        };
        let is_cut = !is_full && next.is_some();
        Scanned { deliveries: listed, unreadable: self.unreadable, next, is_cut }
    }
}

#[cfg(test)]
mod tests;
