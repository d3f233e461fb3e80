//! When an invocation has to end.

use std::time::Duration;

use hooklane_domain::Timestamp;
use hooklane_domain::time::later;

use crate::ports::Clock;

/// The time at which Lambda ends an invocation. What does not fit into the time that is left is not begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline(Timestamp);

impl Deadline {
    /// From the context of an invocation, in Unix milliseconds.
    #[must_use]
    pub fn of_invocation(unix_ms: u64) -> Self {
        let ms = i64::try_from(unix_ms).ok();
        Self(ms.and_then(|ms| Timestamp::from_millisecond(ms).ok()).unwrap_or(Timestamp::MAX))
    }

    /// So long after `now`.
    #[must_use]
    pub fn after(now: Timestamp, time: Duration) -> Self {
        Self(later(now, time))
    }

    /// For callers without a limit of their time.
    #[must_use]
    pub fn never() -> Self {
        Self(Timestamp::MAX)
    }

    /// Whether at least this much time is left.
    pub fn leaves(self, time: Duration, clock: &impl Clock) -> bool {
        later(clock.now(), time) <= self.0
    }
}
