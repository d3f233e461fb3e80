//! The health of a webhook: its circuit, its failures in a row, the mean response time of its receiver,
//! and the operational events that are still to be published about it.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::delivery::waiting::Lane;
use crate::isolation::circuit::{Circuit, Streak, Thresholds};
use crate::isolation::slots::Paced;

mod disabling;

pub use disabling::Disabling;

/// The health of a webhook. Attempts change it, so it is not part of the webhook's revision and `ETag`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    pub circuit: Circuit,
    /// The failures since the last success.
    pub streak: Option<Streak>,
    /// The mean response time of its receiver.
    pub pace: MeanResponseTime,
    /// Whether its receiver is slow: its mean response time exceeded the threshold, and has not fallen
    /// to half of it since.
    pub slow: bool,
    /// The reports that are still to be published as operational events, oldest first.
    pub owed: Vec<Report>,
    /// When the webhook was disabled, for the latest disabling that was published as an operational
    /// event.
    pub disabled_reported: Option<Timestamp>,
    /// Since when the webhook failed, for the latest announcement that it will be disabled which was
    /// published as an operational event.
    pub disabling_reported: Option<Timestamp>,
    /// Deliveries that were parked up to this time are discarded instead of sent.
    pub discard_until: Option<Timestamp>,
    /// The pace at which `upkeep` releases what is parked, until nothing is; `None` for as fast as it can.
    pub release: Option<Paced>,
    /// What `skipped` was when the circuit opened; `None` if it never did, or in an older version.
    pub skipped_before: Option<u64>,
    /// The number of deliveries that were skipped because too many were parked. It is counted without a
    /// new revision.
    pub skipped: u64,
    /// Counts the writes; 0 where it has no item yet.
    pub revision: u64,
}

/// The mean response time of about the last twenty attempts. Stored as is: renaming a field needs a
/// migration.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeanResponseTime {
    pub mean_ms: u32,
    /// The number of attempts in the mean, at most [`MEAN_WINDOW_ATTEMPTS`].
    pub attempts: u32,
}

/// The number of attempts after which older ones fade from the mean.
pub const MEAN_WINDOW_ATTEMPTS: u32 = 20;
/// A mean of fewer attempts does not count.
pub const MEAN_LEAST_ATTEMPTS: u32 = 5;

/// A change of the circuit that is published as an operational event. `since` is when it opened.
///
/// Stored as is: renaming a field or a variant needs a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Report {
    Failing {
        since: Timestamp,
        failures: u32,
    },
    Recovered {
        since: Timestamp,
        at: Timestamp,
        /// `None` where a version that did not note it wrote the report.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outage: Option<Outage>,
    },
}

/// What is known of the time in which a webhook failed. Stored as is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outage {
    /// The first failure.
    pub first_failure: Timestamp,
    /// The number of deliveries that were skipped since the circuit opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<u64>,
}

/// A health to write, and what is written with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub health: Health,
    /// The new lane of the webhook's deliveries, where it changes.
    pub lane: Option<Lane>,
    /// Since when the webhook is on the watch list, where it is to be added.
    pub watch: Option<Timestamp>,
}

/// The most reports that are kept for publishing. Beyond it the oldest are dropped, since an old report
/// is of no use after several further changes.
const MAX_OWED: usize = 8;

/// The attempts of a webhook that one instance made since it last wrote the health.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// The time of the last success; `failures` counts only those after it.
    pub succeeded_at: Option<Timestamp>,
    pub failures: Option<Streak>,
    pub attempts: u32,
    pub total_ms: u64,
}

impl Tally {
    /// Adds an attempt that ended at `at`.
    pub fn add(&mut self, success: bool, at: Timestamp, took_ms: u32) {
        self.attempts = self.attempts.saturating_add(1);
        self.total_ms = self.total_ms.saturating_add(u64::from(took_ms));
        if success {
            self.succeeded_at = Some(at);
            self.failures = None;
        } else {
            let one = Streak { failures: 1, since: at, last: at };
            self.failures = Some(self.failures.map_or(one, |streak| joined(streak, one)));
        }
    }

    /// This tally followed by a later one.
    #[must_use]
    pub fn then(self, later: Self) -> Self {
        let failures = match (self.failures, later.failures) {
            _ if later.succeeded_at.is_some() => later.failures,
            (Some(earlier), Some(more)) => Some(joined(earlier, more)),
            (earlier, more) => earlier.or(more),
        };
        Self {
            succeeded_at: later.succeeded_at.or(self.succeeded_at),
            failures,
            attempts: self.attempts.saturating_add(later.attempts),
            total_ms: self.total_ms.saturating_add(later.total_ms),
        }
    }

    fn pace(self) -> MeanResponseTime {
        MeanResponseTime::default().with(self)
    }
}

impl MeanResponseTime {
    fn with(self, tally: Tally) -> Self {
        let attempts = u64::from(self.attempts) + u64::from(tally.attempts);
        let total = u64::from(self.mean_ms) * u64::from(self.attempts) + tally.total_ms;
        Self {
            mean_ms: u32::try_from(total.checked_div(attempts).unwrap_or(0)).unwrap_or(u32::MAX),
            attempts: u32::try_from(attempts).unwrap_or(u32::MAX).min(MEAN_WINDOW_ATTEMPTS),
        }
    }

    fn is_over(self, limit: Duration) -> bool {
        self.attempts >= MEAN_LEAST_ATTEMPTS && u128::from(self.mean_ms) > limit.as_millis()
    }
}

impl Health {
    /// The lane of its deliveries. A receiver that fails or is slow is served in the slow lane, so that
    /// it does not occupy the instances of the fast one.
    #[must_use]
    pub fn lane(&self) -> Lane {
        if self.circuit.is_closed() && !self.slow { Lane::Fast } else { Lane::Slow }
    }

    /// Whether there is nothing for upkeep to do.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.circuit.is_closed()
            && self.streak.is_none()
            && !self.slow
            && self.owed.is_empty()
            && self.release.is_none()
    }

    /// The health after the attempts of a tally. `reports` says whether changes are reported, which
    /// they are not for deliveries of operational events.
    #[must_use]
    pub fn observed(mut self, tally: Tally, thresholds: &Thresholds, reports: bool) -> Self {
        if let Some(at) = tally.succeeded_at {
            self = self.succeeded(at, reports);
        }
        if let Some(failures) = tally.failures {
            let streak = self.streak.map_or(failures, |streak| joined(streak, failures));
            let circuit = self.circuit.after_failure(streak, thresholds);
            if self.circuit.is_closed()
                && let Some(since) = circuit.open_since()
            {
                self.skipped_before = Some(self.skipped);
                if reports {
                    self.owe(Report::Failing { since, failures: streak.failures });
                }
            }
            self.streak = Some(streak);
            self.circuit = circuit;
        }
        self.pace = self.pace.with(tally);
        self.slow = if self.slow {
            self.pace.is_over(thresholds.slow_response / 2)
        } else {
            self.pace.is_over(thresholds.slow_response)
        };
        self
    }

    /// What to write to get from this health to the next.
    #[must_use]
    pub fn change_to(&self, next: Self, now: Timestamp) -> Change {
        let moved = self.circuit.is_closed() != next.circuit.is_closed();
        let watched = moved || self.owed != next.owed || (self.is_clean() && !next.is_clean());
        Change {
            lane: (self.lane() != next.lane()).then(|| next.lane()),
            watch: watched.then_some(now),
            health: next,
        }
    }

    /// The health after a success: the circuit is closed.
    fn succeeded(mut self, at: Timestamp, reports: bool) -> Self {
        if let (Some(since), true) = (self.circuit.open_since(), reports) {
            let outage = Outage {
                first_failure: self.streak.map_or(since, |streak| streak.since.min(since)),
                skipped: self.skipped_before.map(|before| self.skipped.saturating_sub(before)),
            };
            self.owe(Report::Recovered { since, at, outage: Some(outage) });
        }
        self.circuit = Circuit::Closed;
        self.streak = None;
        self
    }

    fn owe(&mut self, report: Report) {
        self.owed.push(report);
        let over = self.owed.len().saturating_sub(MAX_OWED);
        self.owed.drain(..over);
    }

    /// Whether a tally must be written now. A success is written only where it ends failures, and a
    /// failed probe always. Other failures, and the response times of a slow receiver, are written only
    /// where `rested` says that the last write was long enough ago.
    #[must_use]
    pub fn asks_for_write(&self, tally: &Tally, thresholds: &Thresholds, rested: bool) -> bool {
        let ends_a_streak =
            tally.succeeded_at.is_some() && (self.streak.is_some() || !self.circuit.is_closed());
        let probe_failed =
            tally.failures.is_some() && matches!(self.circuit, Circuit::HalfOpen { .. });
        let too_slow = !self.slow && tally.pace().is_over(thresholds.slow_response);
        ends_a_streak
            || probe_failed
            || (rested && (tally.failures.is_some() || too_slow || self.slow))
    }

    /// Whether a delivery that was parked then is discarded.
    #[must_use]
    pub fn discards(&self, parked_since: Timestamp) -> bool {
        self.discard_until.is_some_and(|until| parked_since <= until)
    }
}

/// Two streaks as one.
fn joined(earlier: Streak, more: Streak) -> Streak {
    Streak {
        failures: earlier.failures.saturating_add(more.failures),
        since: earlier.since.min(more.since),
        last: earlier.last.max(more.last),
    }
}

#[cfg(test)]
mod tests;
