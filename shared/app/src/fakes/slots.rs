use hooklane_domain::Timestamp;
use hooklane_domain::ids::WebhookId;
use hooklane_domain::isolation::slots::grant;
use hooklane_domain::webhook::limits::RateLimit;

use super::{MemoryLedger, lock};
use crate::ports::{SlotCounts, SlotStore, Unavailable};

impl SlotStore for MemoryLedger {
    async fn take_slot(
        &self,
        webhook: WebhookId,
        limit: RateLimit,
        now: Timestamp,
    ) -> Result<Timestamp, Unavailable> {
        self.faults.step()?;
        let mut slots = lock(&self.slots);
        let counts = slots.entry(webhook).or_default();
        let next = counts.next.filter(|(of, _)| *of == limit).map(|(_, next)| next);
        let granted = grant(next, now, limit);
        counts.taken += 1;
        if granted.slot > now {
            counts.waited += 1;
            counts.last_waited_at = Some(now);
        }
        counts.next = Some((limit, granted.next));
        Ok(granted.slot)
    }

    async fn slots_taken(&self, webhook: WebhookId) -> Result<SlotCounts, Unavailable> {
        self.faults.step()?;
        Ok(lock(&self.slots).get(&webhook).copied().unwrap_or_default())
    }
}
