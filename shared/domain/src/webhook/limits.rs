//! The time limit of an attempt and the rate limit of a webhook.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::json::fields::{FieldErrors, Fields};

/// The time limit of an attempt in whole seconds, 1 to 30. Stored as is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct TimeLimit(u8);

/// At most `requests` attempts in `per_seconds` seconds. Stored as is: renaming a field needs a
/// migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StoredRateLimit", into = "StoredRateLimit")]
pub struct RateLimit {
    requests: u32,
    per_seconds: u32,
}

/// The time limits of an attempt that a webhook or a contract may set, in seconds.
pub const TIME_LIMIT_SECONDS: RangeInclusive<u64> = 1..=30;
/// The most requests of a rate limit.
pub const MAX_REQUESTS: u32 = 100_000;
/// The longest period of a rate limit, in seconds.
pub const MAX_PERIOD_SECONDS: u32 = 3_600;

/// A number is out of its bounds; the message may be shown to the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLimit {
    #[error("must be a whole number of seconds from 1 to 30")]
    Timeout,
    #[error("must be a whole number from 1 to {MAX_REQUESTS}")]
    Requests,
    #[error("must be a whole number of seconds from 1 to {MAX_PERIOD_SECONDS}")]
    PerSeconds,
}

impl TimeLimit {
    #[must_use]
    pub fn duration(self) -> Duration {
        Duration::from_secs(self.0.into())
    }

    #[must_use]
    pub fn seconds(self) -> u64 {
        self.0.into()
    }
}

impl TryFrom<u64> for TimeLimit {
    type Error = InvalidLimit;
    fn try_from(seconds: u64) -> Result<Self, InvalidLimit> {
        let seconds = Some(seconds).filter(|seconds| TIME_LIMIT_SECONDS.contains(seconds));
        seconds.and_then(|s| u8::try_from(s).ok()).map(Self).ok_or(InvalidLimit::Timeout)
    }
}

impl From<TimeLimit> for u64 {
    fn from(limit: TimeLimit) -> u64 {
        limit.seconds()
    }
}

impl RateLimit {
    /// `requests` is from 1 to 100,000, `per_seconds` from 1 to 3,600.
    pub fn new(requests: u64, per_seconds: u64) -> Result<Self, InvalidLimit> {
        let within = |n: u64, most: u32| u32::try_from(n).ok().filter(|n| (1..=most).contains(n));
        Ok(Self {
            requests: within(requests, MAX_REQUESTS).ok_or(InvalidLimit::Requests)?,
            per_seconds: within(per_seconds, MAX_PERIOD_SECONDS).ok_or(InvalidLimit::PerSeconds)?,
        })
    }

    /// The names of the field that holds one.
    pub const NAMES: [&str; 2] = ["rateLimit", "rate_limit"];

    /// Reads the field, if it is there; `null` is the same as omitting it.
    pub fn read(fields: &mut Fields) -> Option<Self> {
        if fields.take_null(&Self::NAMES) {
            return None;
        }
        let field = fields.take(&Self::NAMES)?;
        Self::of_json(&field.path, field.raw.get()).map_err(|errors| fields.merge(errors)).ok()
    }

    /// Reads `{requests, perSeconds}`.
    pub fn of_json(path: &str, json: &str) -> Result<Self, FieldErrors> {
        let mut fields = Fields::of(path, json)?;
        let mut whole = |names: &[&str]| {
            if !fields.has(names) {
                fields.error(names[0], "is required");
            }
            fields.read_whole(names, "a whole number")
        };
        let requests = whole(&["requests"]);
        let per_seconds = whole(&["perSeconds", "per_seconds"]);
        let limit = requests.zip(per_seconds).map(|(requests, s)| Self::new(requests, s));
        match limit {
            Some(Ok(limit)) => return fields.finish().map(|()| limit),
            Some(Err(e @ InvalidLimit::PerSeconds)) => fields.error("perSeconds", e.to_string()),
            Some(Err(e)) => fields.error("requests", e.to_string()),
            None => {}
        }
        Err(fields.finish().err().unwrap_or_default())
    }

    #[must_use]
    pub fn requests(self) -> u32 {
        self.requests
    }

    #[must_use]
    pub fn per_seconds(self) -> u32 {
        self.per_seconds
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StoredRateLimit {
    requests: u64,
    per_seconds: u64,
}

impl TryFrom<StoredRateLimit> for RateLimit {
    type Error = InvalidLimit;
    fn try_from(stored: StoredRateLimit) -> Result<Self, InvalidLimit> {
        Self::new(stored.requests, stored.per_seconds)
    }
}

impl From<RateLimit> for StoredRateLimit {
    fn from(limit: RateLimit) -> Self {
        Self { requests: limit.requests.into(), per_seconds: limit.per_seconds.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_checked() {
        for (seconds, good) in [(0, false), (1, true), (30, true), (31, false), (257, false)] {
            assert_eq!(TimeLimit::try_from(seconds).is_ok(), good, "{seconds}");
        }
        assert_eq!(RateLimit::new(0, 1), Err(InvalidLimit::Requests));
        assert_eq!(RateLimit::new(100_001, 1), Err(InvalidLimit::Requests));
        assert_eq!(RateLimit::new(1, 0), Err(InvalidLimit::PerSeconds));
        assert_eq!(RateLimit::new(1, 3_601), Err(InvalidLimit::PerSeconds));
        assert!(RateLimit::new(60, 60).is_ok());
    }

    #[test]
    fn a_rate_limit_reads_back_as_it_was_written() {
        let limit = RateLimit::new(60, 30).unwrap();
        let json = serde_json::to_string(&limit).unwrap();
        assert_eq!(json, r#"{"requests":60,"perSeconds":30}"#);
        assert_eq!(serde_json::from_str::<RateLimit>(&json).unwrap(), limit);
        assert!(serde_json::from_str::<RateLimit>(r#"{"requests":0,"perSeconds":1}"#).is_err());
    }
}
