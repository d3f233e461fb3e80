use hooklane_domain::Timestamp;
use hooklane_domain::event::{Event, Fingerprint};
use hooklane_domain::ids::{EventId, TenantId};

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
