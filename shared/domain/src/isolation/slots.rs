//! The rate limit of a webhook, kept by evenly spaced slots.
//!
//! A slot permits one attempt. Slots are `perSeconds / requests` apart, so any window of `perSeconds`
//! has at most `requests` of them. There are no bursts: unused slots are not saved. Slots are given out
//! in the order of the requests for them, each once, so no delivery starves.
//!
//! An attempt may start later than its slot, since waits are whole seconds and queues have latency. So
//! a receiver may see small deviations.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::time::later;
use crate::webhook::limits::RateLimit;

/// A delivery whose slot is further away than this is parked instead of waiting in a queue.
pub const MAX_QUEUED_WAIT: Duration = Duration::from_secs(15 * 60);

/// The time from one slot to the next, in whole microseconds, rounded up.
#[must_use]
pub fn spacing(limit: RateLimit) -> Duration {
    let micros = (u64::from(limit.per_seconds()) * 1_000_000).div_ceil(limit.requests().into());
    Duration::from_micros(micros)
}

/// A slot, and when the one after it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Granted {
    pub slot: Timestamp,
    pub next: Timestamp,
}

/// Gives out a slot at `now`, where `next` is the earliest one that is still free.
#[must_use]
pub fn grant(next: Option<Timestamp>, now: Timestamp, limit: RateLimit) -> Granted {
    let slot = next.map_or(now, |next| next.max(now));
    Granted { slot, next: later(slot, spacing(limit)) }
}

/// The number of slots in a minute, at least one. Releasing more parked deliveries at once is of no
/// use.
#[must_use]
pub fn per_minute(limit: RateLimit) -> usize {
    let most = u64::from(limit.requests()) * 60 / u64::from(limit.per_seconds());
    usize::try_from(most.max(1)).unwrap_or(usize::MAX)
}

/// The pace of a recovery or of a release: a limit, and the next free slot under it. Whoever sends takes its
/// slots and writes the pace before, so that no restart sends faster. Stored as is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paced {
    pub limit: RateLimit,
    /// When the next slot begins; `None` before the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Timestamp>,
}

impl Paced {
    #[must_use]
    pub fn new(limit: RateLimit) -> Self {
        Self { limit, next: None }
    }

    /// The slots that begin before `horizon`, at most this many, and the pace once they are taken.
    #[must_use]
    pub fn take(
        mut self,
        most: usize,
        now: Timestamp,
        horizon: Timestamp,
    ) -> (Vec<Timestamp>, Self) {
        let mut slots = Vec::new();
        while slots.len() < most {
            let granted = grant(self.next, now, self.limit);
            if granted.slot >= horizon {
                break;
            }
            slots.push(granted.slot);
            self.next = Some(granted.next);
        }
        (slots, self)
    }
}

/// The whole seconds from now to a slot, rounded up, since a queue delays by whole seconds.
#[must_use]
pub fn seconds_until(slot: Timestamp, now: Timestamp) -> u32 {
    let ms = slot.duration_since(now).as_millis();
    u32::try_from((ms.max(0) + 999) / 1_000).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_microsecond(micros).unwrap()
    }

    #[test]
    fn a_slot_is_now_or_the_next_free_one() {
        let limit = RateLimit::new(2, 1).unwrap();
        for (next, now, slot, after) in [
            (None, 1_000_000, 1_000_000, 1_500_000),
            (Some(500_000), 1_000_000, 1_000_000, 1_500_000),
            (Some(1_000_000), 1_000_000, 1_000_000, 1_500_000),
            (Some(9_000_000), 1_000_000, 9_000_000, 9_500_000),
        ] {
            let granted = grant(next.map(at), at(now), limit);
            assert_eq!(granted, Granted { slot: at(slot), next: at(after) }, "{next:?} {now}");
        }
        assert_eq!(per_minute(RateLimit::new(60, 30).unwrap()), 120);
        assert_eq!(per_minute(RateLimit::new(1, 3_600).unwrap()), 1);
    }

    #[test]
    fn paced_recovery_takes_the_slots_of_each_minute_once_and_no_more() {
        let second = |s: i64| at(s * 1_000_000);
        for (requests, per, shares) in [
            (60, 60, [60, 60, 60]),
            (90, 60, [90, 90, 90]),
            (1, 90, [1, 1, 0]),
            (1, 3_600, [1, 0, 0]),
        ] {
            let mut paced = Paced::new(RateLimit::new(requests, per).unwrap());
            let mut all = Vec::new();
            for (minute, share) in (0..).zip(shares) {
                let (now, horizon) = (second(60 * minute), second(60 * (minute + 1)));
                let mut taken = 0;
                // In several steps, as pages come.
                loop {
                    let (slots, after) = paced.take(25, now, horizon);
                    assert!(slots.iter().all(|slot| *slot >= now && *slot < horizon));
                    paced = after;
                    taken += slots.len();
                    all.extend(slots.iter().copied());
                    if slots.is_empty() {
                        break;
                    }
                }
                assert_eq!(taken, share, "{requests} in {per} s, minute {minute}");
            }
            assert!(all.windows(2).all(|two| two[1] >= later(two[0], spacing(paced.limit))));
        }
        assert_eq!(seconds_until(at(5_000_001), at(3_000_000)), 2);
        assert_eq!(seconds_until(at(5_001_000), at(3_000_000)), 3);
        assert_eq!(seconds_until(at(3_000_000), at(5_000_000)), 0);
    }

    proptest! {
        #[test]
        fn no_window_holds_more_than_the_limit_and_nobody_starves(
            requests in 1..50u64,
            per in 1..120u64,
            asks in proptest::collection::vec(0..3_000_000i64, 1..200),
        ) {
            let limit = RateLimit::new(requests, per).unwrap();
            let (mut now, mut next, mut slots) = (0i64, None, Vec::new());
            for (asked, pause) in asks.iter().enumerate() {
                now += pause;
                let granted = grant(next, at(now), limit);
                next = Some(granted.next);
                prop_assert!(granted.slot >= at(now));
                // No later than if all before it had asked at the same time.
                let worst = spacing(limit) * u32::try_from(asked).unwrap();
                prop_assert!(granted.slot <= later(at(now), worst));
                slots.push(granted.slot);
            }
            let window = Duration::from_secs(per);
            for (i, first) in slots.iter().enumerate() {
                let inside = slots[i..].iter().filter(|slot| **slot < later(*first, window)).count();
                prop_assert!(inside as u64 <= requests);
            }
        }
    }
}
