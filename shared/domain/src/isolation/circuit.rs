//! The circuit of a webhook: whether attempts are made, or only a probe from time to time.
//!
//! | state | what happens | then |
//! |---|---|---|
//! | closed | enough failures in a row, over a long enough time | open |
//! | open | the probe is due, and a delivery becomes the probe | half-open |
//! | open, half-open | any success | closed |
//! | half-open | a failure | open, the next probe later |
//! | half-open | no result in the time that a probe may take | like open, with the probe due |

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::time::later;

/// When a webhook counts as failing or slow, and how long it may fail. Every value is a parameter of
/// `template.yaml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// The number of failed attempts in a row that opens the circuit.
    pub failures: u32,
    /// The least time from the first to the last of these failures, since a burst is not an outage.
    pub failing_for: Duration,
    /// The time from the opening of the circuit to the first probe. It doubles with each probe that
    /// fails.
    pub first_probe: Duration,
    /// The longest time to the next probe.
    pub longest_probe: Duration,
    /// A receiver whose mean response time is longer is slow.
    pub slow_response: Duration,
    /// A webhook whose attempts all fail for this long is disabled.
    pub disable_after: Duration,
}

impl Thresholds {
    /// How long before it is disabled a webhook is announced to be: a day, or half of the time for which it may
    /// fail where that is under two days.
    #[must_use]
    pub fn notice(&self) -> Duration {
        (self.disable_after / 2).min(Duration::from_secs(24 * 3600))
    }

    /// The defaults of `template.yaml`, for tests and the simulation. Production reads its environment.
    pub const FOR_TESTS: Self = Self {
        failures: 10,
        failing_for: Duration::from_secs(60),
        first_probe: Duration::from_secs(60),
        longest_probe: Duration::from_secs(15 * 60),
        slow_response: Duration::from_secs(5),
        disable_after: Duration::from_secs(5 * 24 * 3600),
    };
}

/// A probe without a result after this time is lost. It is longer than `delivery` may run.
pub const PROBE_TIME: Duration = Duration::from_secs(90);

/// The circuit of a webhook. Stored as is: renaming a field or a variant needs a migration.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Circuit {
    /// Attempts are made.
    #[default]
    Closed,
    /// No attempt is made until the probe is due.
    Open {
        since: Timestamp,
        probe_at: Timestamp,
        /// The number of probes that failed.
        probes: u32,
    },
    /// One delivery is making the probe.
    HalfOpen { since: Timestamp, probes: u32, until: Timestamp },
}

/// Failed attempts in a row. Stored as is: renaming a field needs a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Streak {
    pub failures: u32,
    pub since: Timestamp,
    pub last: Timestamp,
}

/// What a circuit permits a delivery to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    Attempt,
    /// Make the attempt as the probe, if the circuit can be moved to half-open first.
    Probe,
    /// Make no attempt before this time, and then only as the probe.
    NotBefore(Timestamp),
}

impl Circuit {
    #[must_use]
    pub fn is_closed(self) -> bool {
        self == Self::Closed
    }

    /// When it opened.
    #[must_use]
    pub fn open_since(self) -> Option<Timestamp> {
        match self {
            Self::Closed => None,
            Self::Open { since, .. } | Self::HalfOpen { since, .. } => Some(since),
        }
    }

    /// What the circuit permits now.
    #[must_use]
    pub fn permission(self, now: Timestamp) -> Permission {
        let next = match self {
            Self::Closed => return Permission::Attempt,
            Self::Open { probe_at, .. } => probe_at,
            Self::HalfOpen { until, .. } => until,
        };
        if next <= now { Permission::Probe } else { Permission::NotBefore(next) }
    }

    /// The circuit half-open, with a probe that begins now; `None` where no probe is due.
    #[must_use]
    pub fn probed(self, now: Timestamp) -> Option<Self> {
        let (Self::Open { since, probes, .. } | Self::HalfOpen { since, probes, .. }) = self else {
            return None;
        };
        let until = later(now, PROBE_TIME);
        (self.permission(now) == Permission::Probe).then_some(Self::HalfOpen {
            since,
            probes,
            until,
        })
    }

    /// The circuit after a failed attempt, which `streak` includes.
    #[must_use]
    pub fn after_failure(self, streak: Streak, thresholds: &Thresholds) -> Self {
        match self {
            Self::Closed if streak.opens(thresholds) => Self::Open {
                since: streak.last,
                probe_at: later(streak.last, thresholds.probe_delay(0)),
                probes: 0,
            },
            Self::HalfOpen { since, probes, .. } => {
                let probes = probes.saturating_add(1);
                let probe_at = later(streak.last, thresholds.probe_delay(probes));
                Self::Open { since, probe_at, probes }
            }
            other => other,
        }
    }

    /// The circuit with its probe due now, because somebody switched the webhook on again.
    #[must_use]
    pub fn with_probe_due(self, now: Timestamp) -> Self {
        match self {
            Self::Closed => Self::Closed,
            Self::Open { since, probes, .. } | Self::HalfOpen { since, probes, .. } => {
                Self::Open { since, probes, probe_at: now }
            }
        }
    }
}

impl Streak {
    fn opens(self, thresholds: &Thresholds) -> bool {
        self.failures >= thresholds.failures && self.lasts(thresholds.failing_for)
    }

    /// Whether its first and its last failure are at least `time` apart.
    #[must_use]
    pub fn lasts(self, time: Duration) -> bool {
        self.last >= later(self.since, time)
    }
}

impl Thresholds {
    /// The time to the next probe after this many have failed.
    #[must_use]
    pub fn probe_delay(&self, probes: u32) -> Duration {
        let factor = 2u32.saturating_pow(probes.min(30));
        self.first_probe.saturating_mul(factor).min(self.longest_probe.max(self.first_probe))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn streak(failures: u32, since: i64, last: i64) -> Streak {
        Streak { failures, since: at(since), last: at(last) }
    }

    fn open(since: i64, probe_at: i64, probes: u32) -> Circuit {
        Circuit::Open { since: at(since), probe_at: at(probe_at), probes }
    }

    fn half_open(since: i64, until: i64, probes: u32) -> Circuit {
        Circuit::HalfOpen { since: at(since), until: at(until), probes }
    }

    #[test]
    fn failures_open_it_and_delay_its_probes() {
        let closed = Circuit::Closed;
        for (name, circuit, streak, expected) in [
            ("too few", closed, streak(9, 0, 100), closed),
            ("too short", closed, streak(50, 0, 59), closed),
            ("enough", closed, streak(10, 0, 60), open(60, 120, 0)),
            ("open already", open(60, 120, 0), streak(11, 0, 70), open(60, 120, 0)),
            ("the first probe fails", half_open(60, 210, 0), streak(11, 0, 121), open(60, 241, 1)),
            ("the second", half_open(60, 400, 1), streak(12, 0, 250), open(60, 490, 2)),
            ("the tenth", half_open(60, 9_000, 9), streak(20, 0, 8_000), open(60, 8_900, 10)),
        ] {
            assert_eq!(circuit.after_failure(streak, &Thresholds::FOR_TESTS), expected, "{name}");
        }
    }

    #[test]
    fn an_open_circuit_permits_one_probe_when_it_is_due() {
        for (circuit, now, expected) in [
            (Circuit::Closed, 0, Permission::Attempt),
            (open(60, 120, 0), 119, Permission::NotBefore(at(120))),
            (open(60, 120, 0), 120, Permission::Probe),
            (half_open(60, 210, 0), 209, Permission::NotBefore(at(210))),
            (half_open(60, 210, 0), 210, Permission::Probe),
        ] {
            assert_eq!(circuit.permission(at(now)), expected, "{circuit:?} {now}");
            let probed = circuit.probed(at(now));
            assert_eq!(probed.is_some(), expected == Permission::Probe, "{circuit:?} {now}");
        }
        assert_eq!(open(60, 120, 3).probed(at(130)), Some(half_open(60, 220, 3)));
        assert_eq!(half_open(60, 220, 3).with_probe_due(at(100)), open(60, 100, 3));
        assert_eq!(Circuit::Closed.with_probe_due(at(100)), Circuit::Closed);
    }

    proptest! {
        #[test]
        fn probes_back_off_within_their_bounds(first in 1..1_000u64, longest in 1..10_000u64, probes: u32) {
            let thresholds = Thresholds {
                first_probe: Duration::from_secs(first),
                longest_probe: Duration::from_secs(longest),
                ..Thresholds::FOR_TESTS
            };
            let delay = thresholds.probe_delay(probes);
            prop_assert!(delay >= thresholds.first_probe);
            prop_assert!(delay <= thresholds.longest_probe.max(thresholds.first_probe));
            prop_assert!(delay <= thresholds.probe_delay(probes.saturating_add(1)));
        }
    }
}
