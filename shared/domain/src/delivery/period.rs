//! The time ranges of lists and the periods of statistics.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};

use crate::time::next_whole_millisecond;
use crate::words;

/// A range from `since`, included, to `until`, excluded; either end may be open. Both are rounded up to
/// whole milliseconds, in which all stored times count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TimeRange {
    since: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl TimeRange {
    #[must_use]
    pub fn new(since: Option<Timestamp>, until: Option<Timestamp>) -> Self {
        Self { since: since.map(next_whole_millisecond), until: until.map(next_whole_millisecond) }
    }

    #[must_use]
    pub fn since(&self) -> Option<Timestamp> {
        self.since
    }

    #[must_use]
    pub fn until(&self) -> Option<Timestamp> {
        self.until
    }

    /// The part of the range that is before `end`.
    #[must_use]
    pub fn before(self, end: Timestamp) -> Self {
        let end = next_whole_millisecond(end);
        Self { until: Some(self.until.map_or(end, |until| until.min(end))), ..self }
    }

    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        self.since.is_none_or(|since| at >= since) && self.until.is_none_or(|until| at < until)
    }
}

/// How far back statistics reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Period {
    Hour,
    #[default]
    Day,
    Week,
    Month,
}

impl Period {
    pub const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Week, Self::Month];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "1h",
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
        }
    }

    /// The start of the period that ends now.
    #[must_use]
    pub fn start(self, now: Timestamp) -> Timestamp {
        let hours = match self {
            Self::Hour => 1,
            Self::Day => 24,
            Self::Week => 7 * 24,
            Self::Month => 30 * 24,
        };
        now.saturating_sub(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MIN)
    }
}

impl FromStr for Period {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        words::parse(Self::ALL, Self::as_str, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_range_includes_its_start_and_excludes_its_end() {
        let range =
            TimeRange::new(Some(at("2024-01-15T10:30:00.0005Z")), Some(at("2024-01-15T10:31:00Z")));
        assert_eq!(
            range.since(),
            Some(at("2024-01-15T10:30:00.001Z")),
            "rounded up to a whole millisecond"
        );
        for (time, inside) in [
            ("2024-01-15T10:30:00Z", false),
            ("2024-01-15T10:30:00.001Z", true),
            ("2024-01-15T10:30:59.999Z", true),
            ("2024-01-15T10:31:00Z", false),
        ] {
            assert_eq!(range.contains(at(time)), inside, "{time}");
        }
        assert!(TimeRange::default().contains(at("1970-01-01T00:00:00Z")));
        let cut = range.before(at("2024-01-15T10:30:30Z"));
        assert_eq!((cut.since(), cut.until()), (range.since(), Some(at("2024-01-15T10:30:30Z"))));
        assert_eq!(range.before(at("2025-01-01T00:00:00Z")), range);
    }

    #[test]
    fn periods_reach_back_from_now() {
        let now = at("2024-01-31T12:00:00Z");
        for (text, since) in [
            ("1h", "2024-01-31T11:00:00Z"),
            ("24h", "2024-01-30T12:00:00Z"),
            ("7d", "2024-01-24T12:00:00Z"),
            ("30d", "2024-01-01T12:00:00Z"),
        ] {
            let period: Period = text.parse().unwrap();
            assert_eq!(period.as_str(), text);
            assert_eq!(period.start(now), at(since), "{text}");
        }
        assert_eq!("1d".parse::<Period>(), Err("must be one of 1h, 24h, 7d, 30d".to_owned()));
    }
}
