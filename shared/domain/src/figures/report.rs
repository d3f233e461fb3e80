//! Figures of a window of time, in steps.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Bucket;
use super::settled::Minute;
use crate::delivery::period::Period;
use crate::words;

/// The length of a step of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Step {
    #[serde(rename = "1m")]
    Minute,
    #[serde(rename = "5m")]
    FiveMinutes,
    #[serde(rename = "15m")]
    QuarterHour,
    #[serde(rename = "1h")]
    Hour,
    #[serde(rename = "6h")]
    QuarterDay,
    #[serde(rename = "1d")]
    Day,
}

impl Step {
    pub const ALL: [Self; 6] = [
        Self::Minute,
        Self::FiveMinutes,
        Self::QuarterHour,
        Self::Hour,
        Self::QuarterDay,
        Self::Day,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "1m",
            Self::FiveMinutes => "5m",
            Self::QuarterHour => "15m",
            Self::Hour => "1h",
            Self::QuarterDay => "6h",
            Self::Day => "1d",
        }
    }

    #[must_use]
    pub fn minutes(self) -> i64 {
        match self {
            Self::Minute => 1,
            Self::FiveMinutes => 5,
            Self::QuarterHour => 15,
            Self::Hour => 60,
            Self::QuarterDay => 360,
            Self::Day => 1_440,
        }
    }

    /// The first minute of the step that has this one.
    #[must_use]
    pub fn first(self, minute: Minute) -> Minute {
        Minute(minute.0.div_euclid(self.minutes()) * self.minutes())
    }
}

impl FromStr for Step {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        words::parse(Self::ALL, Self::as_str, text)
    }
}

/// The steps of a period: at most sixty.
#[must_use]
pub fn step_of(period: Period) -> Step {
    match period {
        Period::Hour => Step::Minute,
        Period::Day => Step::Hour,
        Period::Week => Step::QuarterDay,
        Period::Month => Step::Day,
    }
}

/// The most points of a series.
pub const MOST_POINTS: i64 = 1_500;

/// What is asked for. Its text names a kept answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// The period that ends now.
    Period(Period),
    /// From a minute, included, to another, excluded.
    Span { from: Minute, to: Minute, step: Step },
}

impl Window {
    /// A span of whole minutes that has both times. `None` if it is empty or has too many steps.
    #[must_use]
    pub fn span(from: Timestamp, to: Timestamp, step: Step) -> Option<Self> {
        if from >= to {
            return None;
        }
        let (from, to) = (Minute::of(from), Minute::at_or_after(to));
        let points = (to.0 - from.0) / step.minutes();
        (points <= MOST_POINTS).then_some(Self::Span { from, to, step })
    }

    /// The first minute, and the first minute after it if it ends.
    #[must_use]
    pub fn minutes(self, now: Timestamp) -> (Minute, Option<Minute>) {
        match self {
            // No end: the clock of the instance that accepted an event may be ahead of this one.
            Self::Period(period) => (Minute::of(period.start(now)), None),
            Self::Span { from, to, .. } => (from, Some(to)),
        }
    }

    #[must_use]
    pub fn step(self) -> Step {
        match self {
            Self::Period(period) => step_of(period),
            Self::Span { step, .. } => step,
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Period(period) => f.write_str(period.as_str()),
            Self::Span { from, to, step } => write!(f, "{}-{}-{}", from.0, to.0, step.as_str()),
        }
    }
}

/// Figures of a window. Stored as is while it is fresh.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The beginning of what was counted.
    pub since: Timestamp,
    /// The end of what was counted.
    pub until: Timestamp,
    /// When it was read.
    pub as_of: Timestamp,
    /// Not all of the window was counted.
    pub is_cut: bool,
    pub step: Step,
    /// The steps that had deliveries, by their first minutes.
    #[serde(with = "points")]
    pub points: BTreeMap<Minute, Bucket>,
}

mod points {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{Bucket, Minute};

    pub(super) fn serialize<S: Serializer>(
        points: &BTreeMap<Minute, Bucket>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        points.iter().collect::<Vec<_>>().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<Minute, Bucket>, D::Error> {
        Ok(Vec::<(Minute, Bucket)>::deserialize(deserializer)?.into_iter().collect())
    }
}

impl Report {
    /// Nothing, read now.
    #[must_use]
    pub fn none(window: Window, now: Timestamp) -> Self {
        let (from, to) = window.minutes(now);
        let until = to.map_or(now, |to| to.start().min(now));
        Self {
            since: from.start(),
            until: until.max(from.start()),
            as_of: now,
            is_cut: false,
            step: window.step(),
            points: BTreeMap::new(),
        }
    }

    /// Adds a minute.
    pub fn add(&mut self, minute: Minute, bucket: &Bucket) {
        if !bucket.is_empty() {
            self.points.entry(self.step.first(minute)).or_default().merge(bucket);
        }
    }

    /// Adds the figures of another webhook of the same window: what both have counted. It is as old as the
    /// older one.
    pub fn merge(&mut self, other: &Self) {
        self.since = self.since.max(other.since);
        self.until = self.until.min(other.until);
        self.as_of = self.as_of.min(other.as_of);
        self.is_cut |= other.is_cut;
        for (minute, bucket) in &other.points {
            self.points.entry(*minute).or_default().merge(bucket);
        }
    }

    /// The sum of all steps.
    #[must_use]
    pub fn total(&self) -> Bucket {
        let mut total = Bucket::default();
        self.points.values().for_each(|bucket| total.merge(bucket));
        total
    }

    /// Whether it may still be used.
    #[must_use]
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.as_of);
        age >= SignedDuration::ZERO
            && SignedDuration::try_from(super::settled::ANSWER_AGE).is_ok_and(|limit| age <= limit)
    }

    /// Every step of the window, also those without deliveries, in order.
    #[must_use]
    pub fn steps(&self) -> Vec<(Minute, Bucket)> {
        let first = self.step.first(Minute::of(self.since));
        let last = self.points.last_key_value().map(|(minute, _)| *minute);
        let end =
            Minute::at_or_after(self.until).max(last.map_or(first, |last| Minute(last.0 + 1)));
        let mut steps = Vec::new();
        let mut at = first;
        while at < end {
            steps.push((at, self.points.get(&at).cloned().unwrap_or_default()));
            at = Minute(at.0 + self.step.minutes());
        }
        steps
    }
}
