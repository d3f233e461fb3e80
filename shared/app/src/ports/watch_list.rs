use hooklane_domain::Timestamp;
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};

use super::Unavailable;

/// The list of webhooks that `upkeep` looks after: something is parked, owed or to be recovered, or the
/// webhook has failed of late.
pub trait WatchList: Send + Sync {
    /// Puts a webhook on the list, due for a look at once, and adds to the number of its parked
    /// deliveries; that number as it now stands.
    fn watch(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        parked: u32,
        now: Timestamp,
    ) -> impl Future<Output = Result<u64, Unavailable>> + Send;

    /// The list in order of ids, read consistently. One that cannot be read back is left out, and no
    /// reason for a page to be short: that says that it is the last one.
    fn watched(
        &self,
        after: Option<WebhookId>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Watch>, Unavailable>> + Send;

    /// After a look: when the next one is due and where the sweep stands, unless somebody marked the
    /// webhook meanwhile; and, in any case, so many fewer parked deliveries.
    fn looked(
        &self,
        seen: &Watch,
        next: Look,
        released: u64,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Takes a webhook off the list unless somebody marked it since it was `seen`; whether it did.
    fn unwatch(&self, seen: &Watch) -> impl Future<Output = Result<bool, Unavailable>> + Send;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    pub tenant: TenantId,
    pub webhook: WebhookId,
    /// When somebody last called for a look.
    pub marked_at: Timestamp,
    pub look: Look,
    /// About so many of its deliveries are parked: instances that end before they told of theirs, and
    /// messages that come twice, make it inexact.
    pub parked: u64,
}

/// When to look at a webhook next, and where its sweep goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    pub due_at: Timestamp,
    pub sweep: Sweep,
}

/// A sweep goes through what waits, page by page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sweep {
    pub due_at: Timestamp,
    /// Only what comes after this one; of the retries first, then of what is pending.
    pub after: Option<DeliveryId>,
    pub pending: bool,
}

impl Watch {
    /// A webhook that is new on the list.
    #[must_use]
    pub fn new(tenant: TenantId, webhook: WebhookId, now: Timestamp) -> Self {
        let sweep = Sweep { due_at: now, after: None, pending: false };
        let look = Look { due_at: now, sweep };
        Self { tenant, webhook, marked_at: now, look, parked: 0 }
    }
}
