use hooklane_domain::Timestamp;
use hooklane_domain::event::{Event, Fingerprint};
use hooklane_domain::ids::{EventId, TenantId};
use hooklane_domain::isolation::recovery::Wanted;

use super::Unavailable;

/// Accepted events.
pub trait EventStore: Send + Sync {
    /// Stores an event unless its tenant has one with that id. Of several concurrent calls exactly one
    /// stores its event.
    fn put(&self, event: &Event) -> impl Future<Output = Result<Put, Unavailable>> + Send;

    /// The event, or `None` if there is none. The read is strongly consistent.
    fn get(
        &self,
        tenant: &TenantId,
        id: &EventId,
    ) -> impl Future<Output = Result<Option<Event>, Unavailable>> + Send;
}

/// Events of several tenants: ids are unique within a tenant only.
pub trait EventSearch: Send + Sync {
    /// The events with this id of these tenants, in the tenants' order, and the number of those that cannot be read
    /// back. The read is strongly consistent.
    fn of_some(
        &self,
        tenants: &[TenantId],
        id: &EventId,
    ) -> impl Future<Output = Result<(Vec<Event>, usize), Unavailable>> + Send;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    Stored,
    /// There already is an event with that id.
    Exists {
        fingerprint: Fingerprint,
        accepted_at: Timestamp,
    },
}

/// A scan of all events: slow, and its cost grows with the ledger.
pub trait EventScan: Send + Sync {
    /// The tenant's events that were accepted in the wanted time, among a bounded part of the ledger that
    /// starts at the cursor. A page may be empty and still have a next one. Events that cannot be read back
    /// are left out.
    fn walk(
        &self,
        tenant: &TenantId,
        wanted: Wanted,
        cursor: Option<&str>,
    ) -> impl Future<Output = Result<EventPage, Unavailable>> + Send;

    /// The cursor of a page that starts after an event that was on a page, for a caller that could not
    /// finish that page.
    fn cursor_after(&self, event: &(TenantId, EventId)) -> String;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventPage {
    pub events: Vec<Event>,
    /// Where the next page starts, if there may be more.
    pub next: Option<String>,
}
