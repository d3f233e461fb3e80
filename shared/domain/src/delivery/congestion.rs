//! A webhook whose writes are throttled.
//!
//! A table takes 1,000 write units a second for one partition key (*Amazon DynamoDB Developer Guide*,
//! "Designing partition keys to distribute your workload"), and the deliveries of a webhook share a key. A
//! POST whose result cannot be written is made again, so deliveries of such a webhook wait before their
//! POST, not after it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::time::later;

/// The first wait after a throttled write.
const FIRST: Duration = Duration::from_secs(1);
/// The waits double up to this many times: 1, 2, 4, 8, 16, 32 seconds.
const DOUBLINGS: u32 = 5;

/// What an instance knows of a webhook whose writes were throttled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Congestion {
    /// Waits in a row that ended with another throttled write.
    waits: u32,
    until: Timestamp,
}

impl Congestion {
    /// After a write of the webhook was throttled. Several during one wait are one reason to wait.
    #[must_use]
    pub fn after_throttle(before: Option<Self>, now: Timestamp) -> Self {
        match before {
            Some(known) if known.holds(now) => known,
            Some(known) => Self::waiting(known.waits.saturating_add(1).min(DOUBLINGS), now),
            None => Self::waiting(0, now),
        }
    }

    fn waiting(waits: u32, now: Timestamp) -> Self {
        Self { waits, until: later(now, FIRST * 2_u32.pow(waits)) }
    }

    /// After a write of the webhook succeeded. Those of a wait were begun before it, and prove nothing.
    #[must_use]
    pub fn after_write(self, now: Timestamp) -> Option<Self> {
        self.holds(now).then_some(self)
    }

    /// Whether no POST is made for the webhook now. A clock that was set back ends the wait.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        let left = self.until.duration_since(now);
        let longest = SignedDuration::try_from(FIRST * 2_u32.pow(DOUBLINGS));
        left > SignedDuration::ZERO && longest.is_ok_and(|longest| left <= longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn hot_webhook_waits_double_while_its_writes_are_throttled_and_end_with_a_write() {
        let mut now = 1_000;
        let mut known = None;
        for wait in [1, 2, 4, 8, 16, 32, 32] {
            let held = Congestion::after_throttle(known, at(now));
            assert!(held.holds(at(now)) && held.holds(at(now + wait - 1)), "{wait}");
            assert!(!held.holds(at(now + wait)), "{wait}");
            assert_eq!(Congestion::after_throttle(Some(held), at(now)), held, "one reason");
            assert_eq!(held.after_write(at(now)), Some(held), "begun before the wait");
            now += wait;
            known = Some(held);
        }
        assert_eq!(known.unwrap().after_write(at(now)), None);
    }

    #[test]
    fn hot_webhook_waits_end_if_the_clock_is_set_back() {
        assert!(!Congestion::after_throttle(None, at(10_000)).holds(at(0)));
    }
}
