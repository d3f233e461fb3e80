//! The figures, and what counts for them.

use std::ops::AddAssign;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::delivery::Delivery;
use crate::delivery::attempt::{Attempt, Measure};
use crate::delivery::attempt_log::{CLOCKS_DIFFER, LogEntry, PROMPT, is_prompt};
use crate::delivery::period::TimeRange;
use crate::event_index::Entry;
use crate::isolation::operational::is_operational;

/// A span of time, from `from`, included, to `to`, excluded. It is within one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: Timestamp,
    pub to: Timestamp,
}

impl Span {
    #[must_use]
    pub fn contains(self, time: Timestamp) -> bool {
        self.from <= time && time < self.to
    }

    #[must_use]
    pub fn range(self) -> TimeRange {
        TimeRange::new(Some(self.from), Some(self.to))
    }
}

/// When the events were accepted whose deliveries may have succeeded promptly in the span. Other successes
/// are attempts of their own.
#[must_use]
pub fn accepted_around(span: Span) -> TimeRange {
    let since = span.from.saturating_sub(PROMPT).unwrap_or(Timestamp::MIN);
    let until = span.to.saturating_add(CLOCKS_DIFFER).unwrap_or(Timestamp::MAX);
    // One millisecond more, because a range has no end of its own.
    TimeRange::new(Some(since), Some(crate::time::later(until, Duration::from_millis(1))))
}

/// What a tenant used. Stored as is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Events that were accepted, also those that nobody wanted. Not: test events, operational events.
    #[serde(rename = "e", default)]
    pub events: u64,
    /// The bytes of the `data` of these events, as JSON in UTF-8.
    #[serde(rename = "b", default)]
    pub event_bytes: u64,
    /// Deliveries that succeeded, each once.
    #[serde(rename = "d", default)]
    pub deliveries: u64,
    /// Attempts of deliveries. Not: tests of a webhook, attempts that sent a test event or an operational one.
    #[serde(rename = "a", default)]
    pub attempts: u64,
    /// The bytes of the bodies of these attempts' requests.
    #[serde(rename = "s", default)]
    pub attempt_bytes: u64,
    /// Events and attempts among these whose bytes nobody noted, because an older version made them.
    #[serde(rename = "m", default)]
    pub unmeasured: u64,
    /// Stored things that cannot be read, and so are not in the figures.
    #[serde(rename = "x", default)]
    pub unreadable: u64,
}

impl Figures {
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }

    /// What an event of the index counts for.
    #[must_use]
    pub fn of_event(entry: &Entry, span: Span) -> Self {
        if entry.test || is_operational(&entry.event_type) || !span.contains(entry.accepted_at) {
            return Self::default();
        }
        Self {
            events: 1,
            event_bytes: entry.bytes.map_or(0, u64::from),
            unmeasured: u64::from(entry.bytes.is_none()),
            ..Self::default()
        }
    }

    /// What a delivery counts for, besides the attempts that are stored beside it: its success, if that was
    /// prompt and in the span.
    #[must_use]
    pub fn of_delivery(delivery: &Delivery, span: Span) -> Self {
        let Some(success) = &delivery.success else { return Self::default() };
        let is_here = is_prompt(delivery.id.accepted_at(), success.at) && span.contains(success.at);
        if !is_here || is_operational(&delivery.event_type) {
            return Self::default();
        }
        Self::of_measure(success).delivered(true)
    }

    /// What an attempt counts for that is stored beside its delivery. `delivered` says whether it is the one
    /// that ended its delivery: of two attempts at the same time only one is.
    #[must_use]
    pub fn of_attempt(entry: &LogEntry, delivered: bool) -> Self {
        let is_operational = entry.event_type.as_ref().is_some_and(is_operational);
        // Without a delivery it is a test of the webhook.
        if is_operational || entry.delivery.is_none() {
            return Self::default();
        }
        Self::of_measure(&entry.attempt).delivered(delivered)
    }

    fn of_measure(attempt: &Attempt) -> Self {
        let bytes = match attempt.measure {
            Measure::Test => return Self::default(),
            Measure::Unknown => None,
            Measure::Body(bytes) => Some(bytes),
        };
        Self {
            attempts: 1,
            attempt_bytes: bytes.map_or(0, u64::from),
            unmeasured: u64::from(bytes.is_none()),
            ..Self::default()
        }
    }

    /// With its delivery, if it counts at all.
    fn delivered(self, delivered: bool) -> Self {
        Self { deliveries: if delivered { self.attempts } else { 0 }, ..self }
    }

    /// So many stored things that cannot be read.
    #[must_use]
    pub fn of_unreadable(count: usize) -> Self {
        Self { unreadable: count as u64, ..Self::default() }
    }
}

impl AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        for (sum, more) in [
            (&mut self.events, other.events),
            (&mut self.event_bytes, other.event_bytes),
            (&mut self.deliveries, other.deliveries),
            (&mut self.attempts, other.attempts),
            (&mut self.attempt_bytes, other.attempt_bytes),
            (&mut self.unmeasured, other.unmeasured),
            (&mut self.unreadable, other.unreadable),
        ] {
            *sum = sum.saturating_add(more);
        }
    }
}

#[cfg(test)]
mod tests;
