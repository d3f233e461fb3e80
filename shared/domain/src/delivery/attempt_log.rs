//! The log of a webhook's attempts, ordered by the time at which they began.
//!
//! A failed attempt has an item of its own, whose key contains that time. A successful one is part of
//! its delivery's item, which is ordered by the acceptance of the event, so a delivery that succeeds at
//! once costs one write. Reading the log merges the two orders. That is correct only for a success soon
//! after the acceptance ([`is_prompt`]); any other success gets an item of its own as well.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::delivery::Delivery;
use crate::delivery::attempt::Attempt;
use crate::ids::{DeliveryId, EventId, EventType};
use crate::time::later;

/// The log finds a success that began at most this long after the acceptance of its event in the
/// delivery.
pub const PROMPT: SignedDuration = SignedDuration::from_secs(10);
/// How far the clock of the function that made the attempt may be behind the one that accepted the
/// event.
pub const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_secs(1);

/// Whether the log finds a success that began `at` in its delivery. Otherwise it needs an item of its
/// own.
#[must_use]
pub fn is_prompt(accepted_at: Timestamp, at: Timestamp) -> bool {
    let after = at.duration_since(accepted_at);
    -CLOCKS_DIFFER <= after && after <= PROMPT
}

/// One attempt in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    pub event: EventId,
    pub event_type: Option<EventType>,
    /// Absent where the attempt tested the webhook.
    pub delivery: Option<DeliveryId>,
    pub attempt: Attempt,
}

impl LogEntry {
    /// The entry of an attempt of a delivery.
    #[must_use]
    pub fn of(delivery: &Delivery, attempt: Attempt) -> Self {
        Self {
            event: delivery.id.event().clone(),
            event_type: Some(delivery.event_type.clone()),
            delivery: Some(delivery.id.clone()),
            attempt,
        }
    }

    /// The place of the entry in the log.
    #[must_use]
    pub fn key(&self) -> LogKey {
        LogKey { at: self.attempt.at, event: self.event.clone(), number: self.attempt.number }
    }
}

/// The place of an entry: ordered by time, then by the texts of event and number, as the ledger's keys
/// are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogKey {
    pub at: Timestamp,
    pub event: EventId,
    pub number: u32,
}

impl Ord for LogKey {
    fn cmp(&self, other: &Self) -> Ordering {
        let number = || self.number.to_string().cmp(&other.number.to_string());
        (self.at, &self.event).cmp(&(other.at, &other.event)).then_with(number)
    }
}

impl PartialOrd for LogKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Where reading the log, newest first, continues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum LogPosition {
    /// After this entry.
    After(LogKey),
    /// With the attempts that began before this time.
    Before(Timestamp),
}

impl LogPosition {
    /// Whether an entry comes after this position.
    #[must_use]
    pub fn precedes(&self, key: &LogKey) -> bool {
        match self {
            Self::After(last) => key < last,
            Self::Before(end) => key.at < *end,
        }
    }

    /// A time before which all entries after this position began.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        match self {
            Self::After(last) => later(last.at, Duration::from_millis(1)),
            Self::Before(end) => *end,
        }
    }
}

impl fmt::Display for LogPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::After(LogKey { at, event, number }) => {
                write!(f, "{}#{event}#{number}", at.as_millisecond())
            }
            Self::Before(end) => write!(f, "{}", end.as_millisecond()),
        }
    }
}

/// The text is not a position in a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is not a position in a log")]
pub struct NoPosition;

impl TryFrom<String> for LogPosition {
    type Error = NoPosition;
    fn try_from(text: String) -> Result<Self, NoPosition> {
        text.parse()
    }
}

impl From<LogPosition> for String {
    fn from(position: LogPosition) -> Self {
        position.to_string()
    }
}

impl FromStr for LogPosition {
    type Err = NoPosition;
    fn from_str(text: &str) -> Result<Self, NoPosition> {
        let time = |ms: &str| {
            let ms = ms.parse().map_err(|_| NoPosition)?;
            Timestamp::from_millisecond(ms).map_err(|_| NoPosition)
        };
        let Some((ms, rest)) = text.split_once('#') else {
            return Ok(Self::Before(time(text)?));
        };
        let (event, number) = rest.split_once('#').ok_or(NoPosition)?;
        Ok(Self::After(LogKey {
            at: time(ms)?,
            event: event.parse().map_err(|_| NoPosition)?,
            number: number.parse().map_err(|_| NoPosition)?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(ms).unwrap()
    }

    fn key(ms: i64, event: &str, number: u32) -> LogKey {
        LogKey { at: at(ms), event: event.parse().unwrap(), number }
    }

    #[test]
    fn a_success_is_prompt_up_to_ten_seconds_after_the_acceptance() {
        for (after_ms, prompt) in
            [(-1_001, false), (-1_000, true), (0, true), (10_000, true), (10_001, false)]
        {
            assert_eq!(is_prompt(at(50_000), at(50_000 + after_ms)), prompt, "{after_ms}");
        }
    }

    #[test]
    fn entries_are_ordered_as_the_keys_of_the_ledger() {
        let keys = [
            key(1, "a", 1),
            key(1, "a", 10),
            key(1, "a", 2),
            key(1, "a-", 1),
            key(1, "b", 1),
            key(2, "a", 1),
        ];
        let text = |k: &LogKey| format!("{:015}#{}#{}", k.at.as_millisecond(), k.event, k.number);
        assert!(keys.is_sorted());
        assert!(keys.iter().map(text).collect::<Vec<_>>().is_sorted());
    }

    #[test]
    fn a_position_reads_back() {
        for position in [LogPosition::After(key(7, "e_1", 3)), LogPosition::Before(at(9))] {
            assert_eq!(position.to_string().parse(), Ok(position));
        }
        for text in ["", "x", "1#", "1#e", "1#e#x", "1#e e#1", "99999999999999999"] {
            assert_eq!(text.parse::<LogPosition>(), Err(NoPosition), "{text}");
        }
    }

    #[test]
    fn older_entries_come_after_a_position() {
        let after = LogPosition::After(key(7, "b", 1));
        assert!(after.precedes(&key(7, "a", 9)));
        assert!(!after.precedes(&key(7, "b", 1)));
        assert_eq!(after.end(), at(8));
        let before = LogPosition::Before(at(7));
        assert!(before.precedes(&key(6, "z", 1)));
        assert!(!before.precedes(&key(7, "a", 1)));
    }
}
