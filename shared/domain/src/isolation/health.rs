//! How a webhook fares: its circuit, its failures in a row, the pace of its receiver, and what of it
//! is still to be reported.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::delivery::waiting::Lane;
use crate::isolation::circuit::{Circuit, Streak, Thresholds};
use crate::time::later;

/// What is known of a webhook beside what its tenant set: outside its version and its `ETag`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    pub circuit: Circuit,
    /// The failures since the last success that was noted.
    pub streak: Option<Streak>,
    pub pace: MeanResponseTime,
    /// Its receiver is slow: it passed the threshold, and has not come back to half of it since.
    pub slow: bool,
    /// What is to be published about it, oldest first.
    pub owed: Vec<Report>,
    /// The disabling that was published last, by its time.
    pub disabled_reported: Option<Timestamp>,
    /// What was parked up to then is discarded instead of delivered.
    pub discard_until: Option<Timestamp>,
    /// Deliveries that were not made because too many were parked; counted outside the revision.
    pub skipped: u64,
    /// Counts the writes; 0 where there was none.
    pub revision: u64,
}

/// A mean over about the last twenty attempts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeanResponseTime {
    pub mean_ms: u32,
    /// Attempts that the mean is of, at most [`PACE_WINDOW`].
    pub attempts: u32,
}

pub const PACE_WINDOW: u32 = 20;
/// A mean of fewer attempts says nothing.
const PACE_LEAST: u32 = 5;

/// A change that subscribers of operational events are told about. `since` says which opening it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Report {
    Failing { since: Timestamp, failures: u32 },
    Recovered { since: Timestamp, at: Timestamp },
}

/// A health and what changes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub health: Health,
    /// The webhook's deliveries take another lane from now on.
    pub lane: Option<Lane>,
    /// `upkeep` is called to the webhook.
    pub watch: Option<Timestamp>,
}

/// More than this is never owed: what is reported later than the next change or two helps nobody.
const MAX_OWED: usize = 8;

/// What one instance saw of a webhook since it last wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// The last success; the failures are those after it.
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

    /// What was seen in this tally and then in another one.
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
            attempts: u32::try_from(attempts).unwrap_or(u32::MAX).min(PACE_WINDOW),
        }
    }

    fn is_over(self, limit: Duration) -> bool {
        self.attempts >= PACE_LEAST && u128::from(self.mean_ms) > limit.as_millis()
    }
}

impl Health {
    /// Where its deliveries are sent: the receiver that does not answer, or answers slowly, takes no
    /// instance from the others.
    #[must_use]
    pub fn lane(&self) -> Lane {
        if self.circuit.is_closed() && !self.slow { Lane::Fast } else { Lane::Slow }
    }

    /// Nothing that anybody has to look after.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.circuit.is_closed() && self.streak.is_none() && !self.slow && self.owed.is_empty()
    }

    /// With what an instance saw. `tells` says whether changes are reported: what the deliveries of
    /// operational events do is not.
    #[must_use]
    pub fn observed(mut self, tally: Tally, thresholds: &Thresholds, tells: bool) -> Self {
        if let Some(at) = tally.succeeded_at {
            self = self.succeeded(at, tells);
        }
        if let Some(failures) = tally.failures {
            let streak = self.streak.map_or(failures, |streak| joined(streak, failures));
            let circuit = self.circuit.after_failure(streak, thresholds);
            if self.circuit.is_closed()
                && tells
                && let Some(since) = circuit.open_since()
            {
                self.owe(Report::Failing { since, failures: streak.failures });
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

    /// What is written to go from this health to the next.
    #[must_use]
    pub fn change_to(&self, next: Self, now: Timestamp) -> Change {
        let moved = self.circuit.is_closed() != next.circuit.is_closed();
        let called = moved || self.owed != next.owed || (self.is_clean() && !next.is_clean());
        Change {
            lane: (self.lane() != next.lane()).then(|| next.lane()),
            watch: called.then_some(now),
            health: next,
        }
    }

    fn succeeded(mut self, at: Timestamp, tells: bool) -> Self {
        if let (Some(since), true) = (self.circuit.open_since(), tells) {
            self.owe(Report::Recovered { since, at });
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

    /// Whether a tally is worth a write now. A failure is, though not more often than `spared` allows
    /// (the caller's clock says whether the last write is long enough ago); a success only where it
    /// changes what was read; the pace where it crosses its threshold.
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

    /// Whether what was parked then is discarded.
    #[must_use]
    pub fn discards(&self, parked_since: Timestamp) -> bool {
        self.discard_until.is_some_and(|until| parked_since <= until)
    }

    /// Whether it did nothing but fail for so long that it is switched off. What was before its
    /// tenant last changed the webhook does not count: a webhook that was switched on again gets its
    /// time anew.
    #[must_use]
    pub fn is_hopeless(&self, changed_at: Timestamp, thresholds: &Thresholds) -> bool {
        !self.circuit.is_closed()
            && self.streak.is_some_and(|streak| {
                let since = streak.since.max(changed_at);
                streak.last >= later(since, thresholds.disable_after)
            })
    }
}

fn joined(earlier: Streak, more: Streak) -> Streak {
    Streak {
        failures: earlier.failures.saturating_add(more.failures),
        since: earlier.since.min(more.since),
        last: earlier.last.max(more.last),
    }
}

#[cfg(test)]
mod tests;
