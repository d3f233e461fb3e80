//! How a recovery finds what was skipped by the index of its tenant's events, and when the index can be
//! trusted for its span.
//!
//! The index lags: usually by seconds, while a batch of `stats` fails by up to a day. So a span is walked
//! once, and again at growing distances until nothing can be late any more. Each further walk reads only the
//! chunks that were written since the walk before.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::event_index::Place;
use crate::time::later;

/// The index has every event that was accepted longer ago than this, except those that are dead letters of
/// `stats`: the stream hands out no record that is older than 23 hours (`MaximumRecordAgeInSeconds` in
/// `template.yaml`).
pub const SETTLED: Duration = Duration::from_hours(25);
/// The clocks of two instances differ by less than this.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);
/// From the beginning of the first walk to each further one.
const RECHECKS: [Duration; 4] =
    [Duration::from_mins(10), Duration::from_hours(1), Duration::from_hours(6), SETTLED];
/// The most spans that are kept to be walked again. Beyond it the two oldest become one.
pub const MAX_RECHECKS: usize = 50;

/// How far a walk is. Stored as is: renaming a field needs a migration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// `None` before its first step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began_at: Option<Timestamp>,
    /// The place after which it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Place>,
}

/// A part of the index to read next: of the events that were accepted from `since` to `until`, both
/// included, those after a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub since: Timestamp,
    pub until: Timestamp,
    pub after: Option<Place>,
    /// Only in chunks that were written since then.
    pub written_since: Option<Timestamp>,
}

/// A span that was walked while the index could still lack some of its events. Stored as is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recheck {
    pub since: Timestamp,
    pub until: Timestamp,
    /// When the first walk began.
    pub walked_at: Timestamp,
    /// Chunks that were written before are known.
    pub written_since: Timestamp,
    /// The number of further walks so far.
    pub times: usize,
    #[serde(default)]
    pub position: Position,
}

impl Recheck {
    /// What is to be walked again after a walk over a span that began then; `None` if the index had settled.
    #[must_use]
    pub fn of_walk((since, until): (Timestamp, Timestamp), began_at: Timestamp) -> Option<Self> {
        (later(until, SETTLED) > began_at).then(|| Self {
            since: since.max(began_at.saturating_sub(SETTLED).unwrap_or(Timestamp::MIN)),
            until,
            walked_at: began_at,
            written_since: before(began_at),
            times: 0,
            position: Position::default(),
        })
    }

    #[must_use]
    pub fn due_at(&self) -> Timestamp {
        later(self.walked_at, RECHECKS.get(self.times).copied().unwrap_or(SETTLED))
    }

    /// When nothing can be late any more.
    #[must_use]
    pub fn ends_at(&self) -> Timestamp {
        later(self.walked_at, SETTLED)
    }

    pub(super) fn part(&self) -> Part {
        Part {
            since: self.since,
            until: self.until,
            after: self.position.after.clone(),
            written_since: Some(self.written_since),
        }
    }

    /// The span after a step that began at `now`; `None` if it was the last one.
    pub(super) fn stepped(self, now: Timestamp, next: Option<Place>) -> Option<Self> {
        let began_at = self.position.began_at.unwrap_or(now);
        if next.is_some() {
            let position = Position { began_at: Some(began_at), after: next };
            return Some(Self { position, ..self });
        }
        (began_at < self.ends_at()).then(|| Self {
            written_since: before(began_at),
            // Walks whose time passed meanwhile are left out: this one was theirs.
            times: RECHECKS
                .iter()
                .take_while(|delay| later(self.walked_at, **delay) <= began_at)
                .count(),
            position: Position::default(),
            ..self
        })
    }

    /// One span that holds both.
    fn joined(self, other: Self) -> Self {
        Self {
            since: self.since.min(other.since),
            until: self.until.max(other.until),
            walked_at: self.walked_at.max(other.walked_at),
            written_since: self.written_since.min(other.written_since),
            times: self.times.min(other.times),
            position: Position::default(),
        }
    }
}

fn before(began_at: Timestamp) -> Timestamp {
    began_at.saturating_sub(CLOCK_SKEW).unwrap_or(Timestamp::MIN)
}

/// The spans to be walked again, with one more. A span within it was walked with it just now.
pub(super) fn with(mut spans: Vec<Recheck>, new: Option<Recheck>) -> Vec<Recheck> {
    let Some(new) = new else { return spans };
    spans.retain(|old| old.since < new.since || old.until > new.until);
    spans.push(new);
    if spans.len() > MAX_RECHECKS {
        let oldest = spans.remove(0);
        let next = spans.remove(0);
        spans.insert(0, oldest.joined(next));
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    const DAY: i64 = 86_400;
    const HOUR: i64 = 3_600;

    #[test]
    fn finding_13_a_span_is_walked_again_until_nothing_of_it_can_be_late() {
        let walked = 10 * DAY;
        let began = at(walked);
        for (name, since, until, expected) in [
            ("settled", 0, walked - 25 * HOUR, None),
            ("its end is not", walked - 30 * HOUR, walked - HOUR, Some(walked - 25 * HOUR)),
            ("all of it is not", walked - 5 * HOUR, walked, Some(walked - 5 * HOUR)),
        ] {
            let recheck = Recheck::of_walk((at(since), at(until)), began);
            let found = recheck.as_ref().map(|recheck| (recheck.since, recheck.until));
            assert_eq!(found, expected.map(|since| (at(since), at(until))), "{name}");
        }
        let mut left = Recheck::of_walk((at(0), began), began);
        let mut walks = Vec::new();
        while let Some(recheck) = left {
            let now = recheck.due_at();
            assert!(recheck.part().written_since.unwrap() < now);
            walks.push(now.as_second() - walked);
            let place = Place::before(at(5));
            let half = recheck.stepped(now, Some(place.clone())).unwrap();
            assert_eq!((half.part().after, half.position.began_at), (Some(place), Some(now)));
            left = half.stepped(at(now.as_second() + 100), None);
            if let Some(next) = &left {
                assert_eq!(next.written_since, at(now.as_second() - 300), "since the walk before");
                assert_eq!(next.position, Position::default());
            }
        }
        assert_eq!(walks, [600, HOUR, 6 * HOUR, 25 * HOUR]);
        // `upkeep` stood still: one walk stands for all whose time has passed.
        let first = Recheck::of_walk((at(0), began), began).unwrap();
        let late = first.clone().stepped(at(walked + 7 * HOUR), None).unwrap();
        assert_eq!(late.due_at(), at(walked + 25 * HOUR));
        assert_eq!(first.stepped(at(walked + 26 * HOUR), None), None);
    }

    #[test]
    fn spans_that_a_new_walk_holds_are_dropped_and_their_number_is_bounded() {
        let recheck = |since, until, walked| Recheck::of_walk((at(since), at(until)), at(walked));
        let mut spans = with(Vec::new(), recheck(10, 20, 30));
        spans = with(spans, recheck(30, 40, 50));
        spans = with(spans, None);
        assert_eq!(spans.len(), 2);
        spans = with(spans, recheck(5, 30, 60));
        let found: Vec<_> = spans.iter().map(|span| span.since.as_second()).collect();
        assert_eq!(found, [30, 5], "the first is within the last");
        let mut many = Vec::new();
        for n in 0..60 {
            many = with(many, recheck(100 * n, 100 * n + 50, 100 * n + 60));
        }
        assert_eq!(many.len(), MAX_RECHECKS);
        assert_eq!((many[0].since, many[0].until), (at(0), at(1_050)), "no span is lost");
        assert_eq!(many[0].written_since, at(60 - 300), "nor what was late for the oldest");
        assert_eq!(many[0].walked_at, at(1_060), "and it ends with the newest");
    }
}
