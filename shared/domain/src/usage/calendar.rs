//! Days and months of UTC.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// A day of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

impl Day {
    /// The day in which a time is.
    #[must_use]
    pub fn of(time: Timestamp) -> Self {
        Self(TimeZone::UTC.to_datetime(time).date())
    }

    /// Its first moment.
    #[must_use]
    pub fn start(self) -> Timestamp {
        start(self.0)
    }

    /// The first moment of the next day.
    #[must_use]
    pub fn end(self) -> Timestamp {
        self.0.tomorrow().map_or(Timestamp::MAX, start)
    }

    #[must_use]
    pub fn month(self) -> Month {
        Month(self.0.first_of_month())
    }

    /// Its number in its month, from 1.
    #[must_use]
    pub fn number(self) -> u8 {
        self.0.day().unsigned_abs()
    }
}

/// A month of UTC, as text `2026-10`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(Date);

impl Month {
    /// The month in which a time is.
    #[must_use]
    pub fn of(time: Timestamp) -> Self {
        Day::of(time).month()
    }

    /// Its first moment.
    #[must_use]
    pub fn start(self) -> Timestamp {
        start(self.0)
    }

    /// The first moment of the next month.
    #[must_use]
    pub fn end(self) -> Timestamp {
        self.next().map_or(Timestamp::MAX, Self::start)
    }

    /// The month after it, `None` after the last one that can be written.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        self.0.last_of_month().tomorrow().ok().map(Self)
    }

    /// The months from this one to `last`, both included, at most so many.
    #[must_use]
    pub fn through(self, last: Self, most: usize) -> Vec<Self> {
        let months = std::iter::successors(Some(self), |month| month.next());
        months.take_while(|month| *month <= last).take(most).collect()
    }
}

fn start(date: Date) -> Timestamp {
    let midnight = date.to_datetime(jiff::civil::Time::midnight());
    TimeZone::UTC.to_timestamp(midnight).unwrap_or(Timestamp::MAX)
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.year(), self.0.month())
    }
}

/// A text that is no month.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be a month like 2026-10")]
pub struct NoMonth;

impl FromStr for Month {
    type Err = NoMonth;

    fn from_str(text: &str) -> Result<Self, NoMonth> {
        let (year, month) = text.split_once('-').ok_or(NoMonth)?;
        let digits = |text: &str, count| {
            let is_number = text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
            is_number.then(|| text.parse::<i16>().ok()).flatten()
        };
        let (year, month) = (digits(year, 4).ok_or(NoMonth)?, digits(month, 2).ok_or(NoMonth)?);
        // The time has no place for months before 1970.
        let year = Some(year).filter(|year| *year >= 1970).ok_or(NoMonth)?;
        let month = i8::try_from(month).map_err(|_| NoMonth)?;
        Date::new(year, month, 1).map(Self).map_err(|_| NoMonth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_time_is_in_one_day_and_one_month_of_utc() {
        for (time, month, day) in [
            ("2026-10-31T23:59:59.999Z", "2026-10", 31),
            ("2026-11-01T00:00:00Z", "2026-11", 1),
            ("2026-11-01T00:30:00+01:00", "2026-10", 31),
            ("2024-02-29T12:00:00Z", "2024-02", 29),
        ] {
            let found = Day::of(at(time));
            assert_eq!((found.month().to_string().as_str(), found.number()), (month, day));
            assert!(found.start() <= at(time) && at(time) < found.end());
            assert_eq!(Day::of(found.end()).start(), found.end(), "no time is between two days");
        }
        let december: Month = "2026-12".parse().unwrap();
        assert_eq!(december.end(), at("2027-01-01T00:00:00Z"));
        assert_eq!(december.next().unwrap().to_string(), "2027-01");
    }

    #[test]
    fn months_are_read_strictly_and_listed() {
        for text in
            ["2026-13", "2026-00", "2026-1", "26-10", "2026-10-01", "+026-10", "", "1969-12"]
        {
            assert_eq!(text.parse::<Month>(), Err(NoMonth), "{text}");
        }
        let month = |text: &str| text.parse::<Month>().unwrap();
        let some: Vec<_> = month("2026-11").through(month("2027-01"), 13);
        assert_eq!(some, [month("2026-11"), month("2026-12"), month("2027-01")]);
        assert!(month("2026-11").through(month("2026-10"), 13).is_empty());
        assert_eq!(month("2026-01").through(month("9999-12"), 14).len(), 14);
        assert_eq!(month("9999-12").next(), None);
    }
}
