//! Virtual time, in milliseconds from the beginning of a run.

use hooklane_domain::Timestamp;

pub type Millis = i64;

pub const SECOND: Millis = 1_000;
pub const MINUTE: Millis = 60 * SECOND;
pub const HOUR: Millis = 60 * MINUTE;

/// A run begins at the epoch.
pub(crate) fn at(millis: Millis) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
}
