use hooklane_domain::Timestamp;
use hooklane_domain::event::{Event, Fingerprint};
use hooklane_domain::ids::{EventId, TenantId};
use hooklane_domain::isolation::recovery::Wanted;

use super::Unavailable;

/// Accepted events.
pub trait EventStore: Send + Sync {
    /// Stores an event unless its tenant has one with that id. Of two that are put at once, exactly
    /// one is stored.
    fn put(&self, event: &Event) -> impl Future<Output = Result<Put, Unavailable>> + Send;

    /// The event as stored, or `None`, which is believed: the read is consistent.
    fn get(
        &self,
        tenant: &TenantId,
        id: &EventId,
    ) -> impl Future<Output = Result<Option<Event>, Unavailable>> + Send;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    Stored,
    /// There is one with that id already.
    Exists {
        fingerprint: Fingerprint,
        accepted_at: Timestamp,
    },
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
