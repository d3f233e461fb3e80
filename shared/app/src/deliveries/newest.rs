//! One list of the deliveries of many webhooks: each has its own order of time, and they are merged.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use futures::future::try_join_all;
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::period::TimeRange;
use hooklane_domain::delivery::{Delivery, Status};
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};
use jiff::SignedDuration;

use crate::ports::{DeliveryFilter, DeliveryPage, DeliveryStore, Unavailable};

/// So many queries are under way at once.
const AT_ONCE: usize = 16;
/// A query reads at least and at most so many.
const CHUNK: (usize, usize) = (5, 1000);

/// A webhook's deliveries, all of them or those of one status.
pub(super) type Part = (WebhookId, Option<Status>);

/// The newest deliveries of these parts in one order, at most `limit`: by the acceptance of their
/// events, then by webhook and event. Only what comes after the one named, where one is.
///
/// What changes from one of the parts into another while they are read may be met in both: it is
/// shown once.
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
    for some in streams.chunks_mut(AT_ONCE) {
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

/// How many were met in all streams that cannot be read back.
fn unreadable(streams: &[Stream]) -> usize {
    streams.iter().map(|stream| stream.unreadable).sum()
}

/// The place of a delivery in the merged order.
type Place = (u64, DeliveryId);

/// One part, read as far as it is needed.
struct Stream {
    webhook: WebhookId,
    filter: DeliveryFilter,
    buffer: VecDeque<Delivery>,
    unreadable: usize,
    is_open: bool,
}

/// A part of which so many cannot be read is read no further: there is no end to it that anybody waits for.
const MOST_UNREADABLE: usize = 1_000;

impl Stream {
    /// Of a webhook that comes after the last one's in the order, all of that very millisecond is
    /// still to come; of one that comes before, nothing.
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

    /// Reads on where nothing is left of what was read.
    async fn fill(
        &mut self,
        deliveries: &impl DeliveryStore,
        tenant: &TenantId,
    ) -> Result<(), Unavailable> {
        while self.buffer.is_empty() && self.is_open {
            let page = deliveries.list(tenant, self.webhook, &self.filter).await?;
            self.buffer.extend(page.deliveries);
            self.unreadable += page.unreadable;
            self.is_open = page.next.is_some() && self.unreadable < MOST_UNREADABLE;
            self.filter.after = page.next;
            self.filter.limit = (self.filter.limit * 2).min(CHUNK.1);
        }
        Ok(())
    }

    fn head(&self) -> Option<Place> {
        let id = &self.buffer.front()?.id;
        Some((id.accepted_ms(), id.clone()))
    }
}

#[cfg(test)]
mod tests;
