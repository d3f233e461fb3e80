//! An attempt, and what is kept of it.

use jiff::Timestamp;

use crate::delivery::outcome::{AttemptError, Outcome};
use crate::delivery::remark::Remark;
use crate::ids::{DeliveryId, EventType, TenantId};

/// One signed POST of a delivery, and its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// 1 for the first attempt of a delivery.
    pub number: u32,
    /// When the request was started.
    pub at: Timestamp,
    pub duration_ms: u32,
    /// The headers as they were sent, except that signatures are shortened and custom values masked.
    pub request_headers: Vec<(String, String)>,
    pub outcome: Outcome,
    /// What there is to say beside the outcome.
    pub remarks: Vec<Remark>,
    pub measure: Measure,
}

/// What an attempt counts for in the usage of its tenant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Measure {
    /// A version that did not measure made the attempt.
    #[default]
    Unknown,
    /// It sent a test event, which is not counted.
    Test,
    /// The bytes of the request's body, whether or not the receiver took them; 0 if there was no request.
    Body(u32),
}

/// An attempt that a tenant made to test a webhook. Its event is made up and there is no delivery, but
/// it has the id that the delivery would have.
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
    /// What a list of deliveries shows of this attempt.
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
