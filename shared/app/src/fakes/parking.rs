//! The rest of the ledger in memory: pointers, slots, and the walk through its events.

use hooklane_domain::Timestamp;
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::isolation::recovery::Wanted;
use hooklane_domain::isolation::slots::grant;
use hooklane_domain::webhook::limits::RateLimit;

use super::{MemoryLedger, lock};
use crate::ports::{
    EventPage, EventScan, ParkingStore, Pointer, SlotCounts, SlotStore, Unavailable,
};

#[derive(Debug)]
pub(super) struct Taken {
    limit: RateLimit,
    next: Timestamp,
    counts: SlotCounts,
}

impl ParkingStore for MemoryLedger {
    async fn parked(
        &self,
        webhook: WebhookId,
        due_by: Timestamp,
        limit: usize,
    ) -> Result<Vec<Pointer>, Unavailable> {
        self.faults.step()?;
        let pointers = lock(&self.pointers);
        let due = pointers.iter().filter(|((of, due, _), _)| *of == webhook && *due <= due_by);
        Ok(due.map(|(_, pointer)| pointer.clone()).take(limit).collect())
    }

    async fn count_parked(&self, webhook: WebhookId, most: u16) -> Result<u64, Unavailable> {
        self.faults.step()?;
        let pointers = lock(&self.pointers);
        let of_webhook = pointers.keys().filter(|(of, _, _)| *of == webhook);
        Ok(of_webhook.take(most.into()).map(|_| 1).sum())
    }

    async fn unpark(&self, pointer: &Pointer) -> Result<(), Unavailable> {
        self.faults.step()?;
        let id = &pointer.delivery;
        let key = (id.webhook(), pointer.due, id.event().clone());
        let mut pointers = lock(&self.pointers);
        if pointers.get(&key) == Some(pointer) {
            pointers.remove(&key);
        }
        Ok(())
    }
}

impl SlotStore for MemoryLedger {
    async fn take_slot(
        &self,
        webhook: WebhookId,
        limit: RateLimit,
        now: Timestamp,
    ) -> Result<Timestamp, Unavailable> {
        self.faults.step()?;
        let mut slots = lock(&self.slots);
        let before = slots.get(&webhook);
        let next = before.filter(|taken| taken.limit == limit).map(|taken| taken.next);
        let mut counts = before.map(|taken| taken.counts).unwrap_or_default();
        let granted = grant(next, now, limit);
        counts.taken += 1;
        if granted.slot > now {
            counts.waited += 1;
            counts.last_waited_at = Some(now);
        }
        counts.next = Some((limit, granted.next));
        slots.insert(webhook, Taken { limit, next: granted.next, counts });
        Ok(granted.slot)
    }

    async fn slots_taken(&self, webhook: WebhookId) -> Result<SlotCounts, Unavailable> {
        self.faults.step()?;
        Ok(lock(&self.slots).get(&webhook).map(|taken| taken.counts).unwrap_or_default())
    }
}

/// A page of the walk looks at so many events.
const PAGE: usize = 3;

impl EventScan for MemoryLedger {
    async fn walk(
        &self,
        tenant: &TenantId,
        wanted: Wanted,
        cursor: Option<&str>,
    ) -> Result<EventPage, Unavailable> {
        self.faults.step()?;
        let from = cursor.and_then(|cursor| cursor.parse().ok()).unwrap_or(0);
        let all = self.all_events();
        let page = all.iter().skip(from).take(PAGE);
        let ours = page.filter(|e| e.tenant == *tenant && wanted.includes(e.accepted_at));
        let next = (from + PAGE < all.len()).then(|| (from + PAGE).to_string());
        Ok(EventPage { events: ours.cloned().collect(), next })
    }
}
