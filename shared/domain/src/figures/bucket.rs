//! What is counted of some deliveries.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::histogram::Histogram;
use crate::delivery::failures::{Failure, FailureCounts};
use crate::delivery::statistics::{Figures, ResponseTime, TypeFigures, share};
use crate::delivery::{Delivery, Status};
use crate::ids::EventType;

/// The kinds of failures and the event types that a bucket tells apart.
const MOST_FAILURES: usize = 40;
const MOST_TYPES: usize = 50;

/// The sums over some deliveries. Adding buckets is associative and commutative, and what is made of a bucket
/// ([`Bucket::figures`]) is computed from its sums. Stored as is, by short names; what is zero is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// By [`Status::ALL`].
    #[serde(rename = "s", default, skip_serializing_if = "is_zero")]
    statuses: [u64; 5],
    #[serde(rename = "a", default, skip_serializing_if = "is_zero")]
    attempts: u64,
    /// Deliveries with an attempt.
    #[serde(rename = "n", default, skip_serializing_if = "is_zero")]
    attempted: u64,
    /// Attempts after the first of each delivery.
    #[serde(rename = "r", default, skip_serializing_if = "is_zero")]
    retries: u64,
    /// Deliveries with several attempts, cancelled ones left out.
    #[serde(rename = "m", default, skip_serializing_if = "is_zero")]
    retried: u64,
    /// Waits for a slot under a rate limit.
    #[serde(rename = "w", default, skip_serializing_if = "is_zero")]
    slot_waits: u64,
    /// The sum of the durations of each delivery's last attempt, in milliseconds.
    #[serde(rename = "d", default, skip_serializing_if = "is_zero")]
    duration_ms: u64,
    #[serde(rename = "h", default, skip_serializing_if = "Histogram::is_empty")]
    durations: Histogram,
    #[serde(rename = "f", default, skip_serializing_if = "FailureCounts::is_empty")]
    failures: FailureCounts<MOST_FAILURES>,
    #[serde(rename = "t", default, skip_serializing_if = "BTreeMap::is_empty")]
    types: BTreeMap<EventType, TypeCounts>,
    /// Of the types that are not told apart.
    #[serde(rename = "o", default, skip_serializing_if = "is_zero")]
    other_types: TypeCounts,
    /// Events that were accepted, by type. Only a tenant's minutes have them.
    #[serde(rename = "e", default, skip_serializing_if = "BTreeMap::is_empty")]
    events: BTreeMap<EventType, u64>,
    /// Of the types that are not told apart.
    #[serde(rename = "x", default, skip_serializing_if = "is_zero")]
    other_events: u64,
    /// When the latest attempt began, in Unix milliseconds.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    last_attempt_ms: Option<i64>,
}

/// The counts of an event type. Stored as is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeCounts {
    #[serde(rename = "n", default, skip_serializing_if = "is_zero")]
    pub total: u64,
    #[serde(rename = "d", default, skip_serializing_if = "is_zero")]
    pub delivered: u64,
    #[serde(rename = "a", default, skip_serializing_if = "is_zero")]
    pub attempts: u64,
    #[serde(rename = "m", default, skip_serializing_if = "is_zero")]
    attempted: u64,
}

fn is_zero<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Bucket {
    /// The bucket of one delivery.
    #[must_use]
    pub fn of(delivery: &Delivery) -> Self {
        let mut bucket = Self::default();
        bucket.count(delivery);
        bucket
    }

    /// Adds one delivery.
    pub fn count(&mut self, delivery: &Delivery) {
        let status = delivery.status();
        let attempts = u64::from(delivery.attempts);
        self.statuses[index(status)] += 1;
        self.attempts += attempts;
        self.attempted += u64::from(attempts > 0);
        self.retries += attempts.saturating_sub(1);
        self.retried += u64::from(attempts > 1 && status != Status::Cancelled);
        self.slot_waits += u64::from(delivery.slot_waits);
        let counts = TypeCounts {
            total: 1,
            delivered: u64::from(status == Status::Delivered),
            attempts,
            attempted: u64::from(attempts > 0),
        };
        self.count_type(&delivery.event_type, counts);
        failures_of(delivery, |failure, count| self.failures.add(failure, count));
        if let Some(last) = &delivery.last {
            self.duration_ms += u64::from(last.duration_ms);
            self.durations.add(last.duration_ms);
            self.last_attempt_ms = self.last_attempt_ms.max(Some(last.at.as_millisecond()));
        }
    }

    fn count_type(&mut self, event_type: &EventType, counts: TypeCounts) {
        match self.types.get_mut(event_type) {
            Some(of_type) => of_type.add(counts),
            None => {
                self.types.insert(event_type.clone(), counts);
            }
        }
        while self.types.len() > MOST_TYPES {
            let Some((_, last)) = self.types.pop_last() else { return };
            self.other_types.add(last);
        }
    }

    /// Adds events of a type, whoever wanted them.
    pub fn count_events(&mut self, event_type: &EventType, count: u64) {
        match self.events.get_mut(event_type) {
            Some(of_type) => *of_type += count,
            None => {
                self.events.insert(event_type.clone(), count);
            }
        }
        while self.events.len() > MOST_TYPES {
            let Some((_, last)) = self.events.pop_last() else { return };
            self.other_events += last;
        }
    }

    /// Adds another bucket.
    pub fn merge(&mut self, other: &Self) {
        for (ours, theirs) in self.statuses.iter_mut().zip(other.statuses) {
            *ours += theirs;
        }
        self.attempts += other.attempts;
        self.attempted += other.attempted;
        self.retries += other.retries;
        self.retried += other.retried;
        self.slot_waits += other.slot_waits;
        self.duration_ms += other.duration_ms;
        self.durations.merge(&other.durations);
        self.failures.merge(&other.failures);
        self.other_types.add(other.other_types);
        for (event_type, counts) in &other.types {
            self.count_type(event_type, *counts);
        }
        self.other_events += other.other_events;
        for (event_type, count) in &other.events {
            self.count_events(event_type, *count);
        }
        self.last_attempt_ms = self.last_attempt_ms.max(other.last_attempt_ms);
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.accepted() == 0 && self.events() == 0
    }

    /// The number of events that were accepted, also those that no webhook wanted.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events.values().sum::<u64>() + self.other_events
    }

    /// Accepted events by type; those without a name are of all other types.
    pub fn events_by_type(&self) -> impl Iterator<Item = (Option<&EventType>, u64)> + '_ {
        let others = Some((None, self.other_events)).filter(|(_, count)| *count > 0);
        self.events.iter().map(|(name, count)| (Some(name), *count)).chain(others)
    }

    /// The number of deliveries, whatever became of them.
    #[must_use]
    pub fn accepted(&self) -> u64 {
        self.statuses.iter().sum()
    }

    /// The number of things that were counted.
    #[must_use]
    pub fn counts(&self) -> u64 {
        self.accepted() + self.events()
    }

    /// The number of deliveries with this status.
    #[must_use]
    pub fn with(&self, status: Status) -> u64 {
        self.statuses[index(status)]
    }

    /// Deliveries that wait for an attempt.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.with(Status::Pending) + self.with(Status::Retrying)
    }

    /// Deliveries that were not cancelled: what the rates are shares of.
    #[must_use]
    pub fn counted(&self) -> u64 {
        self.accepted() - self.with(Status::Cancelled)
    }

    #[must_use]
    pub fn attempts(&self) -> u64 {
        self.attempts
    }

    #[must_use]
    pub fn failed_attempts(&self) -> u64 {
        self.failures.total()
    }

    #[must_use]
    pub fn retries(&self) -> u64 {
        self.retries
    }

    #[must_use]
    pub fn slot_waits(&self) -> u64 {
        self.slot_waits
    }

    /// Failed attempts by what failed.
    pub fn failures(&self) -> impl Iterator<Item = (Failure, u64)> + '_ {
        self.failures.iter()
    }

    /// The counts of each type; those without a name are of all other types.
    pub fn types(&self) -> impl Iterator<Item = (Option<&EventType>, TypeCounts)> + '_ {
        let others = Some((None, self.other_types)).filter(|(_, counts)| counts.total > 0);
        self.types.iter().map(|(name, counts)| (Some(name), *counts)).chain(others)
    }

    /// The duration that `percent` % of the last attempts do not exceed, in milliseconds.
    #[must_use]
    pub fn percentile(&self, percent: u64) -> Option<u32> {
        self.durations.percentile(percent)
    }

    /// The average duration of the last attempts, in milliseconds.
    #[must_use]
    pub fn average_duration(&self) -> Option<f64> {
        share(self.duration_ms, self.durations.count())
    }

    #[must_use]
    pub fn average_attempts(&self) -> Option<f64> {
        share(self.attempts, self.attempted)
    }

    #[must_use]
    pub fn delivery_rate(&self) -> Option<f64> {
        share(self.with(Status::Delivered), self.counted())
    }

    #[must_use]
    pub fn retry_rate(&self) -> Option<f64> {
        share(self.retried, self.counted())
    }

    #[must_use]
    pub fn error_rate(&self) -> Option<f64> {
        share(self.with(Status::Failed), self.counted())
    }

    /// The statistics of what was counted.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let mut by_failure: Vec<_> = self.failures.iter().collect();
        by_failure.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        let response = || {
            let (p50, p95, p99) =
                (self.percentile(50)?, self.percentile(95)?, self.percentile(99)?);
            Some(ResponseTime { average: self.average_duration()?, p50, p95, p99 })
        };
        Figures {
            total: self.accepted(),
            by_status: Status::ALL.map(|status| (status, self.with(status))).to_vec(),
            by_type: self.types().map(|(name, counts)| counts.figures(name)).collect(),
            by_failure,
            attempts: self.attempts,
            attempted: self.attempted,
            failed_attempts: self.failures.total(),
            retries: self.retries,
            slot_waits: self.slot_waits,
            average_attempts: self.average_attempts(),
            delivery_rate: self.delivery_rate(),
            retry_rate: self.retry_rate(),
            error_rate: self.error_rate(),
            response: response(),
            last_attempt_at: self
                .last_attempt_ms
                .and_then(|ms| Timestamp::from_millisecond(ms).ok()),
        }
    }
}

impl TypeCounts {
    fn add(&mut self, other: Self) {
        self.total += other.total;
        self.delivered += other.delivered;
        self.attempts += other.attempts;
        self.attempted += other.attempted;
    }

    fn figures(self, name: Option<&EventType>) -> TypeFigures {
        TypeFigures {
            event_type: name.cloned(),
            total: self.total,
            successful: self.delivered,
            average_attempts: share(self.attempts, self.attempted),
        }
    }
}

fn index(status: Status) -> usize {
    match status {
        Status::Pending => 0,
        Status::Retrying => 1,
        Status::Delivered => 2,
        Status::Failed => 3,
        Status::Cancelled => 4,
    }
}

/// The failed attempts of a delivery. Versions before this one counted none: of theirs the last one is known,
/// if the delivery has not succeeded.
fn failures_of(delivery: &Delivery, mut add: impl FnMut(Failure, u64)) {
    delivery.failures.iter().for_each(|(failure, count)| add(failure, count));
    let failed = u64::from(delivery.attempts)
        - u64::from(delivery.success.is_some()).min(delivery.attempts.into());
    let mut uncounted = failed.saturating_sub(delivery.failures.total());
    let last = delivery.last.as_ref().filter(|_| delivery.failures.is_empty());
    let last = last.and_then(|last| match (&last.error, last.status) {
        (Some(error), _) => Some(Failure::Error(error.kind)),
        (None, status) => status.and_then(Failure::answered),
    });
    if let Some(failure) = last.filter(|_| uncounted > 0) {
        add(failure, 1);
        uncounted -= 1;
    }
    add(Failure::Other, uncounted);
}
