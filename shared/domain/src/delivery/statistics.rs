//! Statistics over deliveries: how they ended, how long answers took, and how well a receiver works.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::delivery::outcome::{ErrorKind, is_success};
use crate::delivery::{Delivery, Status};
use crate::ids::EventType;

/// Counts deliveries one by one; [`Counts::figures`] gives the result.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    by_status: BTreeMap<&'static str, u64>,
    by_type: BTreeMap<EventType, TypeCount>,
    by_failure: BTreeMap<Failure, u64>,
    attempts: u64,
    retries: u64,
    retried: u64,
    response_ms: Vec<u32>,
    last_attempt_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Default)]
struct TypeCount {
    total: u64,
    successful: u64,
    attempts: u64,
    attempted: u64,
}

/// Why the last attempt of a delivery failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Failure {
    /// The answer's status was not 2xx.
    Answer(u16),
    /// There was no answer.
    Error(ErrorKind),
}

/// The statistics of some deliveries. Rates are shares from 0 to 1, absent where there is nothing to
/// divide by.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Figures {
    pub total: u64,
    /// The count of every status, zeros included.
    pub by_status: Vec<(Status, u64)>,
    pub by_type: Vec<TypeFigures>,
    /// Why the last attempts failed, of deliveries that are not delivered; the most frequent first.
    pub by_failure: Vec<(Failure, u64)>,
    /// Attempts beyond the first of each delivery.
    pub retries: u64,
    pub average_attempts: Option<f64>,
    /// Of the deliveries that were attempted and not cancelled: the share that is delivered.
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
    pub event_type: EventType,
    pub total: u64,
    pub successful: u64,
    pub average_attempts: Option<f64>,
}

/// The duration of the last attempt of each delivery, in milliseconds. The p95 is the smallest duration
/// that 95 % of them do not exceed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ResponseTime {
    pub average: f64,
    pub p50: u32,
    pub p95: u32,
    pub p99: u32,
}

impl Counts {
    /// Counts one delivery.
    pub fn add(&mut self, delivery: &Delivery) {
        let status = delivery.status();
        let attempts = u64::from(delivery.attempts);
        *self.by_status.entry(status.as_str()).or_default() += 1;
        self.attempts += attempts;
        self.retries += attempts.saturating_sub(1);
        self.retried += u64::from(attempts > 1 && is_counted(status));
        let of_type = self.by_type.entry(delivery.event_type.clone()).or_default();
        of_type.total += 1;
        of_type.successful += u64::from(status == Status::Delivered);
        of_type.attempts += attempts;
        of_type.attempted += u64::from(attempts > 0);
        let Some(last) = &delivery.last else { return };
        self.response_ms.push(last.duration_ms);
        self.last_attempt_at = self.last_attempt_at.max(Some(last.at));
        let failure = match (&last.error, last.status) {
            (Some(error), _) => Some(Failure::Error(error.kind)),
            (None, Some(status)) if !is_success(status) => Some(Failure::Answer(status)),
            (None, _) => None,
        };
        if let Some(failure) = failure.filter(|_| status != Status::Delivered) {
            *self.by_failure.entry(failure).or_default() += 1;
        }
    }

    /// The statistics of what was counted.
    #[must_use]
    pub fn figures(mut self) -> Figures {
        let of = |status: Status| self.by_status.get(status.as_str()).copied().unwrap_or(0);
        let by_status = Status::ALL.map(|status| (status, of(status)));
        let counted: u64 = by_status.iter().filter(|(s, _)| is_counted(*s)).map(|(_, n)| n).sum();
        let mut by_failure: Vec<_> = self.by_failure.into_iter().collect();
        by_failure.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        let attempted = self.by_type.values().map(|of_type| of_type.attempted).sum();
        Figures {
            total: by_status.iter().map(|(_, count)| count).sum(),
            delivery_rate: share(of(Status::Delivered), counted),
            error_rate: share(of(Status::Failed), counted),
            by_status: by_status.to_vec(),
            by_type: self.by_type.into_iter().map(TypeFigures::new).collect(),
            by_failure,
            retries: self.retries,
            average_attempts: share(self.attempts, attempted),
            retry_rate: share(self.retried, counted),
            response: ResponseTime::of(&mut self.response_ms),
            last_attempt_at: self.last_attempt_at,
        }
    }
}

/// Whether a delivery counts towards the rates. One that waits for its first attempt says nothing about
/// its receiver, nor does a cancelled one.
fn is_counted(status: Status) -> bool {
    matches!(status, Status::Delivered | Status::Failed | Status::Retrying)
}

impl TypeFigures {
    fn new((event_type, count): (EventType, TypeCount)) -> Self {
        Self {
            event_type,
            total: count.total,
            successful: count.successful,
            average_attempts: share(count.attempts, count.attempted),
        }
    }
}

impl ResponseTime {
    fn of(ms: &mut [u32]) -> Option<Self> {
        ms.sort_unstable();
        let count = u64::try_from(ms.len()).ok()?;
        let average = share(ms.iter().map(|ms| u64::from(*ms)).sum(), count)?;
        let percentile = |p: usize| ms.get((ms.len() * p).div_ceil(100).saturating_sub(1)).copied();
        Some(Self { average, p50: percentile(50)?, p95: percentile(95)?, p99: percentile(99)? })
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of deliveries are far below 2^52")]
fn share(part: u64, whole: u64) -> Option<f64> {
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
    /// The condition of a receiver with this delivery rate.
    #[must_use]
    pub fn of(delivery_rate: Option<f64>) -> Self {
        match delivery_rate {
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

#[cfg(test)]
mod tests;
