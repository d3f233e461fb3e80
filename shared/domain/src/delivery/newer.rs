//! Messages that only a newer version can read, and messages of deliveries that it wrote.
//!
//! During an upgrade, and after a rollback, a function meets what a later release has sent or stored.
//! That function may not make a dead letter of it: a few minutes later, an instance of the later release
//! handles it. So such a message is hidden for longer and longer. If its own text is what cannot be
//! read, it becomes a dead letter at last, since nothing else says that it waits. A delivery that cannot
//! be read is never given up: it is in the ledger, and its message waits for whoever can read it.

use std::time::Duration;

/// The first wait.
const FIRST_WAIT: Duration = Duration::from_secs(10);
/// Waits do not become longer, so that an upgrade that ends is noticed soon.
const LONGEST_WAIT: Duration = Duration::from_secs(600);
/// A message is tried for at least this long before it is given up.
pub const TRIED_FOR: Duration = Duration::from_secs(3_600);

/// What happens to a message that only a newer version can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Hide it for this long.
    Wait(Duration),
    /// Make a dead letter of it.
    GiveUp,
}

/// The wait after a message was met `times`, this time included: 10 seconds, twice as long each time, and
/// at most 10 minutes.
#[must_use]
pub fn wait(times: u32) -> Duration {
    let doublings = times.saturating_sub(1).min(16);
    (FIRST_WAIT * (1 << doublings)).min(LONGEST_WAIT)
}

/// What happens to a message that this version has met `times`, this time included, without being able
/// to read it. It is given up once its waits add up to [`TRIED_FOR`].
///
/// SQS's own count of receipts does not serve here: a newer version may have received the message many
/// times before it was rolled back.
#[must_use]
pub fn next(times: u32) -> Next {
    let mut waited = Duration::ZERO;
    for time in 1..times {
        waited += wait(time);
        if waited >= TRIED_FOR {
            return Next::GiveUp;
        }
    }
    Next::Wait(wait(times))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_from_ten_seconds_to_ten_minutes() {
        for (times, seconds) in
            [(0, 10), (1, 10), (2, 20), (3, 40), (6, 320), (7, 600), (8, 600), (u32::MAX, 600)]
        {
            assert_eq!(wait(times), Duration::from_secs(seconds), "{times}");
        }
    }

    #[test]
    fn finding_rolling_upgrade_a_newer_message_is_given_up_only_after_an_hour() {
        let mut waited = Duration::ZERO;
        for times in 1..=11 {
            let Next::Wait(wait) = next(times) else { panic!("given up after {waited:?}") };
            waited += wait;
        }
        assert!((TRIED_FOR..TRIED_FOR + LONGEST_WAIT).contains(&waited), "{waited:?}");
        for times in [12, 13, 1_000, u32::MAX] {
            assert_eq!(next(times), Next::GiveUp, "{times}");
        }
    }
}
