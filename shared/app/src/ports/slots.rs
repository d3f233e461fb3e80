use hooklane_domain::Timestamp;
use hooklane_domain::ids::WebhookId;
use hooklane_domain::webhook::limits::RateLimit;

use super::Unavailable;

/// Slots under the rate limits of webhooks.
pub trait SlotStore: Send + Sync {
    /// Hands out the next slot, each once, as `hooklane_domain::isolation::slots::grant` says; a changed limit
    /// starts anew. Counts the slots, and those that have to be waited for.
    fn take_slot(
        &self,
        webhook: WebhookId,
        limit: RateLimit,
        now: Timestamp,
    ) -> impl Future<Output = Result<Timestamp, Unavailable>> + Send;

    /// The counts so far, read consistently. They are kept as long as slots are taken, and the
    /// retention after that.
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
    /// When the last of those asked for its slot.
    pub last_waited_at: Option<Timestamp>,
    /// Where the next slot begins, and the limit that this holds for.
    pub next: Option<(RateLimit, Timestamp)>,
}
