//! Statistics over deliveries: how they ended, how long answers took, and how well a receiver works.

use jiff::Timestamp;

use crate::delivery::Status;
use crate::delivery::failures::Failure;
use crate::ids::EventType;

/// The statistics of some deliveries. Rates are shares from 0 to 1, absent where there is nothing to
/// divide by.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Figures {
    pub total: u64,
    /// The count of every status, zeros included.
    pub by_status: Vec<(Status, u64)>,
    pub by_type: Vec<TypeFigures>,
    /// Why attempts failed, the most frequent first.
    pub by_failure: Vec<(Failure, u64)>,
    pub attempts: u64,
    /// Deliveries with an attempt.
    pub attempted: u64,
    pub failed_attempts: u64,
    /// Attempts beyond the first of each delivery.
    pub retries: u64,
    /// How often a delivery waited for a slot under its webhook's rate limit.
    pub slot_waits: u64,
    pub average_attempts: Option<f64>,
    /// Of the deliveries that were not cancelled: the share that is delivered.
    pub delivery_rate: Option<f64>,
    /// Of the same: the share that took more than one attempt.
    pub retry_rate: Option<f64>,
    /// Of the same: the share that has failed for good.
    pub error_rate: Option<f64>,
    pub response: Option<ResponseTime>,
    pub last_attempt_at: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct TypeFigures {
    /// `None`: all types that are not told apart.
    pub event_type: Option<EventType>,
    pub total: u64,
    pub successful: u64,
    pub average_attempts: Option<f64>,
}

/// The duration of the last attempt of each delivery, in milliseconds. The p95 is the smallest duration
/// that 95 % of them do not exceed; from 128 ms on it may be wrong by 0.8 %.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ResponseTime {
    pub average: f64,
    pub p50: u32,
    pub p95: u32,
    pub p99: u32,
}

#[expect(clippy::cast_precision_loss, reason = "counts of deliveries are far below 2^52")]
pub(crate) fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Below this delivery rate a receiver is degraded.
pub const DEGRADED_BELOW: f64 = 0.98;
/// Below this delivery rate a receiver is unhealthy.
pub const UNHEALTHY_BELOW: f64 = 0.95;

/// How well a webhook's receiver works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    Healthy,
    /// Under 98 % delivered.
    Degraded,
    /// Under 95 % delivered.
    Unhealthy,
    /// Nothing was attempted.
    Unknown,
}

impl Condition {
    /// The condition of a receiver with these figures.
    #[must_use]
    pub fn of(figures: &Figures) -> Self {
        match figures.delivery_rate.filter(|_| figures.attempted > 0) {
            None => Self::Unknown,
            Some(rate) if rate < UNHEALTHY_BELOW => Self::Unhealthy,
            Some(rate) if rate < DEGRADED_BELOW => Self::Degraded,
            Some(_) => Self::Healthy,
        }
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unhealthy => "unhealthy",
            Self::Unknown => "unknown",
        }
    }
}
