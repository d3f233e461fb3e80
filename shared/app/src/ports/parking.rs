use hooklane_domain::Timestamp;
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};
use hooklane_domain::webhook::limits::RateLimit;

use super::Unavailable;

/// Pointers to parked deliveries. [`super::DeliveryStore::save`] writes them.
pub trait ParkingStore: Send + Sync {
    /// A webhook's pointers that are due by then, the earliest first, read consistently. One that
    /// cannot be read back is left out, and takes no other's place.
    fn parked(
        &self,
        webhook: WebhookId,
        due_by: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Pointer>, Unavailable>> + Send;

    /// How many pointers a webhook has, at most `most` of them, read consistently: those that are not
    /// due, too. A delivery that was sent on a moment ago may still have one.
    fn count_parked(
        &self,
        webhook: WebhookId,
        most: u16,
    ) -> impl Future<Output = Result<u64, Unavailable>> + Send;

    /// Removes a pointer, unless the delivery was parked anew under the same key. One that is gone
    /// is gone.
    fn unpark(&self, pointer: &Pointer) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    pub delivery: DeliveryId,
    pub tenant: TenantId,
    pub due: Timestamp,
    /// The generation that the delivery was parked under.
    pub generation: u32,
}

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
