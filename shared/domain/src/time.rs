//! Arithmetic with times that are compared and stored.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// The time without its fraction of a millisecond. Whatever is stored or compared counts in whole
/// milliseconds, so that what was written and what is read back are the same.
#[must_use]
pub fn whole_millisecond(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}

/// The time in the form of the API's answers: RFC 3339 in UTC, with milliseconds.
#[must_use]
pub fn with_milliseconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// The first whole millisecond that is not before the time.
#[must_use]
pub fn next_whole_millisecond(time: Timestamp) -> Timestamp {
    let floor = whole_millisecond(time);
    if floor >= time {
        return floor;
    }
    floor.saturating_add(SignedDuration::from_millis(1)).unwrap_or(floor)
}

/// The time `by` later, or the last time that can be represented.
#[must_use]
pub fn later(at: Timestamp, by: Duration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}
