use hooklane_domain::event::Event;
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::isolation::brake::Brake;
use hooklane_domain::isolation::recovery::{Recovery, Wanted};

use super::Unavailable;

/// What `upkeep` measures and `delivery` heeds.
pub trait BrakeStore: Send + Sync {
    fn brake(&self) -> impl Future<Output = Result<Option<Brake>, Unavailable>> + Send;

    fn set_brake(&self, brake: Brake) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

/// How full the retry queue is.
pub trait QueueDepth: Send + Sync {
    /// About so many of its messages are in flight or held back.
    fn in_flight(&self) -> impl Future<Output = Result<u64, Unavailable>> + Send;
}

/// Recoveries, at most one for a webhook.
pub trait RecoveryStore: Send + Sync {
    /// Read consistently.
    fn recovery(
        &self,
        webhook: WebhookId,
    ) -> impl Future<Output = Result<Option<Recovery>, Unavailable>> + Send;

    /// Writes a recovery if the one in the store still has its revision (0: if there is none), and
    /// raises the revision; whether it did.
    fn save_recovery(
        &self,
        recovery: &Recovery,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;
}

/// A walk through all events: slow, and paid for by the size of the ledger.
pub trait EventScan: Send + Sync {
    /// Those of the tenant that were accepted in the wanted time, among a bounded part of the ledger
    /// from the cursor on. A page may be empty and still have a next one. An event that cannot be read
    /// back is left out.
    fn walk(
        &self,
        tenant: &TenantId,
        wanted: Wanted,
        cursor: Option<&str>,
    ) -> impl Future<Output = Result<EventPage, Unavailable>> + Send;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventPage {
    pub events: Vec<Event>,
    /// Where the next page starts, if there may be one.
    pub next: Option<String>,
}
