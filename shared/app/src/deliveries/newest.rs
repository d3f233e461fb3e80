//! The deliveries of many webhooks in one list. Each webhook's list is ordered by time, and they are merged.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::{StreamExt as _, TryStreamExt as _};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::period::TimeRange;
use hooklane_domain::delivery::{Delivery, Status};
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};
use jiff::SignedDuration;

use crate::ports::{DeliveryFilter, DeliveryPage, DeliveryStore, Unavailable};

/// The number of concurrent queries.
const CONCURRENCY: usize = 8;
/// The smallest and the largest number of deliveries that a query reads.
const CHUNK: (usize, usize) = (5, 1000);
/// The most parts that one request reads. Each takes a query.
pub(super) const MAX_PARTS: usize = 3_000;
/// A part with this many unreadable deliveries is read no further, to bound the time of a request.
const MAX_UNREADABLE: usize = 1_000;

/// A webhook whose deliveries are listed: all of them, or those of one status.
pub(super) type Part = (WebhookId, Option<Status>);

/// At most `limit` deliveries of these parts, newest first: ordered by the acceptance of their events, then
/// by webhook and event. With `after`, only deliveries that follow it in this order.
///
/// One part after another adds to the newest deliveries found so far, and is read only as far as its
/// deliveries are among them. So memory holds `limit` deliveries and what [`CONCURRENCY`] queries answer,
/// however many parts there are.
///
/// A delivery that moves from one part to another during the reads may be found in both. It is listed
/// once.
pub(super) async fn newest(
    deliveries: &impl DeliveryStore,
    tenant: &TenantId,
    parts: &[Part],
    accepted: TimeRange,
    (after, limit): (Option<&DeliveryId>, usize),
) -> Result<DeliveryPage, Unavailable> {
    let chunk = (2 * limit / parts.len().max(1)).clamp(CHUNK.0, CHUNK.1);
    let found = Found::new(limit);
    // Owned, because the stream's future must be Send for every lifetime.
    let unreadable = futures::stream::iter(parts.to_vec())
        .map(|part| read(deliveries, tenant, filter(part, accepted, after, chunk), &found))
        .buffer_unordered(CONCURRENCY)
        .try_fold(0, async |sum, unreadable| Ok(sum + unreadable))
        .await?;
    Ok(found.into_page(unreadable))
}

/// Adds what a part has to the deliveries found. Returns how many cannot be read back.
async fn read(
    deliveries: &impl DeliveryStore,
    tenant: &TenantId,
    (webhook, mut filter): (WebhookId, DeliveryFilter),
    found: &Found,
) -> Result<usize, Unavailable> {
    let (mut unreadable, accepted) = (0, filter.accepted);
    loop {
        filter.accepted = found.not_older(accepted);
        let page = deliveries.list(tenant, webhook, &filter).await?;
        unreadable += page.unreadable;
        let all_are_listed = found.add(page.deliveries);
        if !all_are_listed || page.next.is_none() || unreadable >= MAX_UNREADABLE {
            return Ok(unreadable);
        }
        filter.after = page.next;
        filter.limit = (filter.limit * 2).min(CHUNK.1);
    }
}

/// What to read of a part. `after` is the last delivery of the page before. Within its millisecond deliveries
/// are ordered by webhook: those of a lower webhook are all still to come, those of a higher one have all been
/// listed.
pub(super) fn filter(
    (webhook, status): Part,
    accepted: TimeRange,
    after: Option<&DeliveryId>,
    limit: usize,
) -> (WebhookId, DeliveryFilter) {
    let mut filter = DeliveryFilter { status, accepted, limit, ..DeliveryFilter::default() };
    if let Some(last) = after {
        let at = last.accepted_at();
        let next_ms = at.saturating_add(SignedDuration::from_millis(1));
        match webhook.cmp(&last.webhook()) {
            std::cmp::Ordering::Less => {
                filter.accepted = accepted.before(next_ms.unwrap_or(Timestamp::MAX));
            }
            std::cmp::Ordering::Equal => filter.after = Some(last.clone()),
            std::cmp::Ordering::Greater => filter.accepted = accepted.before(at),
        }
    }
    (webhook, filter)
}

/// The position of a delivery in the merged order.
type Position = (u64, DeliveryId);

/// The newest deliveries found so far: one more than are listed, since it tells that there is a next page.
struct Found {
    limit: usize,
    newest: Mutex<BTreeMap<Position, Delivery>>,
}

impl Found {
    fn new(limit: usize) -> Self {
        Self { limit, newest: Mutex::default() }
    }

    /// Adds deliveries, newest first. Returns whether all of them are among the newest.
    fn add(&self, deliveries: Vec<Delivery>) -> bool {
        let mut newest = self.lock();
        for delivery in deliveries {
            let position = (delivery.id.accepted_ms(), delivery.id.clone());
            let is_full = newest.len() > self.limit;
            if is_full && newest.first_key_value().is_some_and(|(oldest, _)| position < *oldest) {
                return false;
            }
            newest.insert(position, delivery);
            if newest.len() > self.limit + 1 {
                newest.pop_first();
            }
        }
        true
    }

    /// The range without what is certainly older than all that are listed.
    fn not_older(&self, range: TimeRange) -> TimeRange {
        let newest = self.lock();
        let oldest = newest.first_key_value().filter(|_| newest.len() > self.limit);
        let oldest = oldest.map(|((_, id), _)| id.accepted_at());
        TimeRange::new(range.since().max(oldest), range.until())
    }

    fn into_page(self, unreadable: usize) -> DeliveryPage {
        let newest = self.newest.into_inner().unwrap_or_else(PoisonError::into_inner);
        let has_next = newest.len() > self.limit;
        let deliveries: Vec<_> = newest.into_values().rev().take(self.limit).collect();
        let next = deliveries.last().filter(|_| has_next).map(|last| last.id.clone());
        DeliveryPage { deliveries, unreadable, next }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Position, Delivery>> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
