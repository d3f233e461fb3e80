use hooklane_domain::Timestamp;
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};

use super::Unavailable;

/// The webhooks that `upkeep` looks at each minute. A webhook is on the list while deliveries are parked,
/// an operational event has yet to be published, a recovery runs, or it has failed lately.
pub trait WatchList: Send + Sync {
    /// Marks a webhook: puts it on the list if it is not there, makes its next look due now, and adds to the
    /// number of its parked deliveries. Returns the new number.
    fn watch(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        parked: u32,
        now: Timestamp,
    ) -> impl Future<Output = Result<u64, Unavailable>> + Send;

    /// A page of the list in the order of ids. The read is strongly consistent. Entries that cannot be read
    /// back are left out, and others fill the page, since a short page is the last one.
    fn watched(
        &self,
        after: Option<WebhookId>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Watch>, Unavailable>> + Send;

    /// Writes the result of a look: when the next look is due and where the sweep stands, unless the webhook
    /// was marked since it was `seen`. In either case writes whether the next look is made apart, and
    /// subtracts `released` from the parked deliveries.
    fn looked(
        &self,
        seen: &Watch,
        next: Look,
        released: u64,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Takes a webhook off the list unless it was marked since it was `seen`. Returns whether it did.
    fn unwatch(&self, seen: &Watch) -> impl Future<Output = Result<bool, Unavailable>> + Send;
}

/// An entry of the watch list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    pub tenant: TenantId,
    pub webhook: WebhookId,
    /// When the webhook was last marked.
    pub marked_at: Timestamp,
    pub look: Look,
    /// The approximate number of its parked deliveries. It is inexact because an instance may end before
    /// it has reported its own, and a message may be received twice.
    pub parked: u64,
}

/// When and how to look at a webhook next, and where its sweep continues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    pub due_at: Timestamp,
    pub sweep: Sweep,
    /// Looks at the webhook have ended the function too often. So the look comes after all others, alone,
    /// and its strikes are counted. A mark does not change this.
    pub apart: bool,
}

/// Where a sweep stands. It reads the waiting deliveries of a webhook page by page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sweep {
    pub due_at: Timestamp,
    /// The last delivery that was read: of the retrying ones first, then of the pending ones.
    pub after: Option<DeliveryId>,
    /// Whether the sweep has reached the pending ones.
    pub pending: bool,
}

impl Watch {
    /// The entry of a webhook that is new on the list.
    #[must_use]
    pub fn new(tenant: TenantId, webhook: WebhookId, now: Timestamp) -> Self {
        let sweep = Sweep { due_at: now, after: None, pending: false };
        let look = Look { due_at: now, sweep, apart: false };
        Self { tenant, webhook, marked_at: now, look, parked: 0 }
    }
}
