use hooklane_domain::Timestamp;
use hooklane_domain::ids::WebhookId;
use hooklane_domain::webhook::limits::RateLimit;

use super::Unavailable;

/// Slots under the rate limits of webhooks.
pub trait SlotStore: Send + Sync {
    /// Grants the next slot as `hooklane_domain::isolation::slots::grant` does, each slot to one caller. A
    /// changed limit starts afresh. Counts the slots granted, and those that lie in the future.
    fn take_slot(
        &self,
        webhook: WebhookId,
        limit: RateLimit,
        now: Timestamp,
    ) -> impl Future<Output = Result<Timestamp, Unavailable>> + Send;

    /// The counts so far. The read is strongly consistent. The counts are kept for the retention after the
    /// last slot was taken.
    fn slots_taken(
        &self,
        webhook: WebhookId,
    ) -> impl Future<Output = Result<SlotCounts, Unavailable>> + Send;
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SlotCounts {
    pub taken: u64,
    /// Attempts that hit the limit and had to wait.
    pub waited: u64,
    /// When the last of those took its slot.
    pub last_waited_at: Option<Timestamp>,
    /// The limit of the last slot, and when the next slot under it begins.
    pub next: Option<(RateLimit, Timestamp)>,
}
