//! The deliveries of many webhooks in one list. Each webhook's list is ordered by time, and they are merged.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use futures::future::try_join_all;
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::period::TimeRange;
use hooklane_domain::delivery::{Delivery, Status};
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};
use jiff::SignedDuration;

use crate::ports::{DeliveryFilter, DeliveryPage, DeliveryStore, Unavailable};

/// The number of concurrent queries.
const CONCURRENCY: usize = 16;
/// The smallest and the largest number of deliveries that a query reads.
const CHUNK: (usize, usize) = (5, 1000);

/// A webhook whose deliveries are listed: all of them, or those of one status.
pub(super) type Part = (WebhookId, Option<Status>);

/// At most `limit` deliveries of these parts, newest first: ordered by the acceptance of their events, then
/// by webhook and event. With `after`, only deliveries that follow it in this order.
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
    let mut streams: Vec<_> =
        parts.iter().map(|part| Stream::new(*part, accepted, after, chunk)).collect();
    for some in streams.chunks_mut(CONCURRENCY) {
        try_join_all(some.iter_mut().map(|stream| stream.fill(deliveries, tenant))).await?;
    }
    let mut heads: BinaryHeap<_> = streams
        .iter()
        .enumerate()
        .filter_map(|(n, stream)| Some((stream.head()?, Reverse(n))))
        .collect();
    let mut found: Vec<Delivery> = Vec::new();
    while let Some((_, Reverse(n))) = heads.pop() {
        let Some(stream) = streams.get_mut(n) else { continue };
        let Some(delivery) = stream.buffer.pop_front() else { continue };
        if found.last().is_none_or(|last| last.id != delivery.id) {
            if found.len() == limit {
                let next = found.last().map(|last| last.id.clone());
                let unreadable = unreadable(&streams);
                return Ok(DeliveryPage { deliveries: found, unreadable, next });
            }
            found.push(delivery);
        }
        stream.fill(deliveries, tenant).await?;
        heads.extend(stream.head().map(|head| (head, Reverse(n))));
    }
    Ok(DeliveryPage { deliveries: found, unreadable: unreadable(&streams), next: None })
}

/// The number of deliveries that cannot be read back, over all streams.
fn unreadable(streams: &[Stream]) -> usize {
    streams.iter().map(|stream| stream.unreadable).sum()
}

/// The position of a delivery in the merged order.
type Position = (u64, DeliveryId);

/// One part, read as far as needed.
struct Stream {
    webhook: WebhookId,
    filter: DeliveryFilter,
    buffer: VecDeque<Delivery>,
    unreadable: usize,
    is_open: bool,
}

/// A part with this many unreadable deliveries is read no further, to bound the time of a request.
const MAX_UNREADABLE: usize = 1_000;

impl Stream {
    /// `after` is the last delivery of the page before. Within its millisecond deliveries are ordered by
    /// webhook: those of a lower webhook are all still to come, those of a higher one have all been listed.
    fn new(part: Part, accepted: TimeRange, after: Option<&DeliveryId>, limit: usize) -> Self {
        let (webhook, status) = part;
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
        Self { webhook, filter, buffer: VecDeque::new(), unreadable: 0, is_open: true }
    }

    /// Reads more when the buffer is empty.
    async fn fill(
        &mut self,
        deliveries: &impl DeliveryStore,
        tenant: &TenantId,
    ) -> Result<(), Unavailable> {
        while self.buffer.is_empty() && self.is_open {
            let page = deliveries.list(tenant, self.webhook, &self.filter).await?;
            self.buffer.extend(page.deliveries);
            self.unreadable += page.unreadable;
            self.is_open = page.next.is_some() && self.unreadable < MAX_UNREADABLE;
            self.filter.after = page.next;
            self.filter.limit = (self.filter.limit * 2).min(CHUNK.1);
        }
        Ok(())
    }

    fn head(&self) -> Option<Position> {
        let id = &self.buffer.front()?.id;
        Some((id.accepted_ms(), id.clone()))
    }
}

#[cfg(test)]
mod tests;
