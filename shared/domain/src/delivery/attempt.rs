//! One attempt as it is kept.

use jiff::Timestamp;

use crate::delivery::outcome::{AttemptError, Outcome};
use crate::ids::{DeliveryId, EventType, TenantId};

/// One request to a receiver and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// 1 for the first attempt of a delivery.
    pub number: u32,
    /// When the request was started.
    pub at: Timestamp,
    pub duration_ms: u32,
    /// The headers as sent: the signature shortened, custom values masked.
    pub request_headers: Vec<(String, String)>,
    pub outcome: Outcome,
}

/// An attempt that a tenant made to try a webhook: of an event that exists for it alone, and of no
/// delivery, though it has the id that one would have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestAttempt {
    pub id: DeliveryId,
    pub tenant: TenantId,
    pub event_type: EventType,
    pub attempt: Attempt,
}

/// What a list of deliveries shows of the newest attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastAttempt {
    pub at: Timestamp,
    pub duration_ms: u32,
    pub status: Option<u16>,
    pub error: Option<AttemptError>,
}

impl Attempt {
    #[must_use]
    pub fn summary(&self) -> LastAttempt {
        LastAttempt {
            at: self.at,
            duration_ms: self.duration_ms,
            status: self.outcome.status(),
            error: self.outcome.error().cloned(),
        }
    }
}
