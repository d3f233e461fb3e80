//! How a delivery waits in a queue: the visibility timeout hides its message.
//!
//! Source: *Amazon SQS Developer Guide*, "Amazon SQS visibility timeout". SQS refuses a timeout that
//! ends more than 12 hours after the receipt, and does not say when the receipt was. A message that
//! returns before the next attempt is due is hidden again, so a longer wait takes several steps.

use std::time::Duration;

use jiff::Timestamp;

/// SQS's limit on the visibility of one receipt, in seconds.
pub const MAX_VISIBILITY_SECONDS: u32 = 43_200;
/// SQS's limit on the delay of a new message, in seconds.
pub const MAX_DELAY_SECONDS: u32 = 900;
/// The longest wait in the fast lane. Longer waits would fill it.
pub const MAX_FAST_WAIT: Duration = Duration::from_secs(60);
/// A message that is older is replaced by a new one, well before its queue deletes it after 14 days.
pub const MAX_MESSAGE_AGE: Duration = Duration::from_secs(10 * 24 * 3600);
/// A delivery that is overdue by this much has lost its owner, and a twin sends a new message.
pub const OVERDUE: Duration = Duration::from_secs(15 * 60);
/// The message of a delivery that is overdue by this much counts as lost, and upkeep sends another. It is
/// far more than queues lag.
pub const LOST_AFTER: Duration = Duration::from_secs(3_600);

/// The two lanes of deliveries, each with its queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// The delivery queue: first attempts and short waits.
    Fast,
    /// The retry queue: long waits, the deliveries of slow webhooks, and what goes on after it shared a message.
    Slow,
}

impl Lane {
    /// The word in logs and views.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fast => "fast",
            Self::Slow => "slow",
        }
    }
}

/// How a message waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Hide this message in its queue.
    Hide { seconds: u32 },
    /// Send a new message to the retry queue with this delay.
    Move { delay_seconds: u32 },
}

/// Plans the waits of deliveries in queues of this visibility timeout.
#[derive(Debug, Clone, Copy)]
pub struct Waiting {
    /// The visibility timeout of the queues themselves, in seconds.
    pub queue_visibility_seconds: u32,
}

impl Waiting {
    /// How a message in `lane` waits until `until`.
    #[must_use]
    pub fn plan(self, lane: Lane, now: Timestamp, until: Timestamp) -> Wait {
        let seconds = seconds_until(now, until);
        if lane == Lane::Fast && u64::from(seconds) > MAX_FAST_WAIT.as_secs() {
            return Wait::Move { delay_seconds: seconds.min(MAX_DELAY_SECONDS) };
        }
        Wait::Hide { seconds: self.hide_for(now, until) }
    }

    /// How a delivery that shares its message waits: in a message of its own.
    #[must_use]
    pub fn apart(now: Timestamp, until: Timestamp) -> Wait {
        Wait::Move { delay_seconds: seconds_until(now, until).min(MAX_DELAY_SECONDS) }
    }

    /// The visibility timeout to ask for: whole seconds, rounded up, and at most 12 hours minus the
    /// time that may have passed since the receipt.
    #[must_use]
    pub fn hide_for(self, now: Timestamp, until: Timestamp) -> u32 {
        let most = MAX_VISIBILITY_SECONDS.saturating_sub(self.queue_visibility_seconds);
        seconds_until(now, until).min(most)
    }
}

fn seconds_until(now: Timestamp, until: Timestamp) -> u32 {
    let ms = until.duration_since(now).as_millis().max(0);
    u32::try_from((ms + 999) / 1000).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WAITING: Waiting = Waiting { queue_visibility_seconds: 360 };

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(ms).unwrap()
    }

    #[test]
    fn a_long_wait_leaves_the_fast_lane() {
        for (lane, ms, expected) in [
            (Lane::Fast, 0, Wait::Hide { seconds: 0 }),
            (Lane::Fast, -5_000, Wait::Hide { seconds: 0 }),
            (Lane::Fast, 1, Wait::Hide { seconds: 1 }),
            (Lane::Fast, 1_000, Wait::Hide { seconds: 1 }),
            (Lane::Fast, 1_001, Wait::Hide { seconds: 2 }),
            (Lane::Fast, 60_000, Wait::Hide { seconds: 60 }),
            (Lane::Fast, 60_001, Wait::Move { delay_seconds: 61 }),
            (Lane::Fast, 7_200_000, Wait::Move { delay_seconds: 900 }),
            (Lane::Slow, 60_001, Wait::Hide { seconds: 61 }),
            (Lane::Slow, 42_840_000, Wait::Hide { seconds: 42_840 }),
            (Lane::Slow, 86_400_000, Wait::Hide { seconds: 42_840 }),
        ] {
            assert_eq!(WAITING.plan(lane, at(0), at(ms)), expected, "{lane:?} {ms}");
        }
    }

    #[test]
    fn what_shares_a_message_waits_in_one_of_its_own() {
        for (ms, delay_seconds) in [(-5_000, 0), (0, 0), (1, 1), (5_000, 5), (900_001, 900)] {
            assert_eq!(Waiting::apart(at(0), at(ms)), Wait::Move { delay_seconds }, "{ms}");
        }
    }

    proptest! {
        #[test]
        fn sqs_accepts_every_timeout(
            now in 0..4_102_444_800_000i64, ms in -1_000_000..200_000_000i64, visibility in 0..=43_200u32
        ) {
            let waiting = Waiting { queue_visibility_seconds: visibility };
            let seconds = waiting.hide_for(at(now), at(now + ms));
            prop_assert!(seconds + visibility <= MAX_VISIBILITY_SECONDS);
            match waiting.plan(Lane::Fast, at(now), at(now + ms)) {
                Wait::Hide { seconds } => prop_assert!(seconds <= 60),
                Wait::Move { delay_seconds } => prop_assert!(delay_seconds <= MAX_DELAY_SECONDS),
            }
        }

        #[test]
        fn repeated_hiding_reaches_any_time_within_a_second(ms in 0..700_000_000i64) {
            let (mut now, mut steps) = (0i64, 0);
            while now < ms {
                now += i64::from(WAITING.hide_for(at(now), at(ms))) * 1000;
                steps += 1;
                prop_assert!(steps < 20);
            }
            prop_assert!(now - ms < 1000);
        }
    }
}
