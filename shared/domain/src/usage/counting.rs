//! How far the counting is, and what is to be counted next.
//!
//! There are two counts. The **provisional** one follows the clock in short spans, so that a tenant sees its
//! month grow. The **final** one recounts each day once, when nothing of it can change any more, and replaces
//! what the provisional one said. Both go from tenant to tenant, and through each tenant in bounded steps:
//! sums and position are one value, written together, so that each page of the ledger counts once however often
//! a run is interrupted, and of two runs at once only one gets further.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::calendar::Day;
use super::{Figures, Span};
use crate::delivery::attempt_log::LogPosition;
use crate::event_index::Place;
use crate::ids::{DeliveryId, TenantId, WebhookId};
use crate::time::later;

/// A day is recounted this long after its end. Then the index of events has every event of it: the stream
/// hands out no record that is older than 23 hours, so this leaves two days for putting back dead letters of
/// `stats`. Every attempt of it has been written: that takes minutes. And nothing of it has expired:
/// everything is kept for 15 days at least (`RetentionDays`), attempts for [`ATTEMPTS_KEPT`].
pub const SETTLED: Duration = Duration::from_hours(72);
/// Attempts are kept at least this long, also if their event expires before, so that they are counted.
pub const ATTEMPTS_KEPT: Duration = Duration::from_hours(8 * 24);

/// Which count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Provisional,
    Final,
}

impl Kind {
    pub const ALL: [Self; 2] = [Self::Provisional, Self::Final];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Provisional => "provisional",
            Self::Final => "final",
        }
    }
}

/// When the provisional count counts.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// The length of its spans.
    pub every: Duration,
    /// How long it waits after the end of a span, so that most of the span is written.
    pub lag: Duration,
}

/// A count. Stored as is, except for the kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counting {
    pub kind: Kind,
    /// The beginning of the first day that is counted.
    pub began: Timestamp,
    /// Everything before is counted.
    pub until: Timestamp,
    /// The span that is being counted.
    pub current: Option<Current>,
    pub revision: u64,
}

/// A span that is being counted. Stored as is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Current {
    pub to: Timestamp,
    /// The tenant up to which it is done, in the order of their ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<TenantId>,
    /// The tenant that is being counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub walk: Option<Walk>,
}

/// How far a tenant is counted. Stored as is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    pub tenant: TenantId,
    pub stage: Stage,
    pub sum: Figures,
}

impl Walk {
    #[must_use]
    pub fn of(tenant: TenantId) -> Self {
        Self { tenant, stage: Stage::Events { after: None }, sum: Figures::default() }
    }
}

/// What is read next of a tenant: first its events, then webhook by webhook, newest first, what succeeded
/// promptly and the other attempts. Stored as is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Events {
        after: Option<Place>,
    },
    Deliveries {
        webhook: WebhookId,
        after: Option<DeliveryId>,
    },
    Attempts {
        webhook: WebhookId,
        after: Option<LogPosition>,
    },
    /// The webhook that follows this one.
    Webhook {
        after: Option<WebhookId>,
    },
}

impl Counting {
    /// A count that begins with the day of `now`.
    #[must_use]
    pub fn new(kind: Kind, now: Timestamp) -> Self {
        let began = Day::of(now).start();
        Self { kind, began, until: began, current: None, revision: 0 }
    }

    /// The span to count now, if one is due: the one that was begun, or else the next. Spans do not reach from
    /// one day into another. The provisional count makes up for time that it missed by longer ones.
    #[must_use]
    pub fn due(&self, now: Timestamp, pace: Pace) -> Option<Span> {
        let from = self.until;
        if let Some(current) = &self.current {
            return Some(Span { from, to: current.to });
        }
        let end = Day::of(from).end();
        let to = match self.kind {
            Kind::Final => (later(end, SETTLED) <= now).then_some(end)?,
            Kind::Provisional => {
                let ready = now.saturating_sub(pace.lag).unwrap_or(Timestamp::MIN);
                let every = i128::try_from(pace.every.as_millis()).unwrap_or(i128::MAX).max(1);
                let spans = ready.duration_since(from).as_millis() / every;
                let length = i64::try_from(spans * every).ok()?;
                let to = from.saturating_add(SignedDuration::from_millis(length)).ok()?;
                let to = if ready >= end { end } else { to.min(end) };
                (to > from).then_some(to)?
            }
        };
        Some(Span { from, to })
    }

    /// The count with this span begun, if it was not.
    #[must_use]
    pub fn begun(mut self, span: Span) -> Self {
        self.current.get_or_insert(Current { to: span.to, after: None, walk: None });
        self
    }

    /// The count once the current span was counted for every tenant.
    #[must_use]
    pub fn span_done(mut self) -> Self {
        if let Some(current) = self.current.take() {
            self.until = current.to;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace { every: Duration::from_hours(1), lag: Duration::from_secs(40) };

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn span(from: &str, to: &str) -> Option<Span> {
        Some(Span { from: at(from), to: at(to) })
    }

    #[test]
    fn the_provisional_count_follows_the_clock_and_never_leaves_a_day() {
        let first = Counting::new(Kind::Provisional, at("2026-10-30T10:20:00Z"));
        assert_eq!((first.began, first.until), (at("2026-10-30T00:00:00Z"), first.began));
        let counted = |until: &str| Counting { until: at(until), ..first.clone() };
        for (until, now, expected) in [
            ("2026-10-30T00:00:00Z", "2026-10-30T01:00:39Z", None),
            ("2026-10-30T00:00:00Z", "2026-10-30T01:00:40Z", Some("2026-10-30T01:00:00Z")),
            // It was late.
            ("2026-10-30T00:00:00Z", "2026-10-30T05:59:00Z", Some("2026-10-30T05:00:00Z")),
            ("2026-10-30T23:00:00Z", "2026-10-31T00:00:39Z", None),
            ("2026-10-30T23:00:00Z", "2026-10-31T00:00:40Z", Some("2026-10-31T00:00:00Z")),
            ("2026-10-30T22:00:00Z", "2026-11-05T00:00:00Z", Some("2026-10-31T00:00:00Z")),
            ("2026-10-31T00:00:00Z", "2026-11-05T00:00:00Z", Some("2026-11-01T00:00:00Z")),
            // The clock went back.
            ("2026-10-31T00:00:00Z", "2026-10-30T00:00:00Z", None),
        ] {
            let found = counted(until).due(at(now), PACE);
            assert_eq!(found, expected.and_then(|to| span(until, to)), "{until} at {now}");
        }
        // A pace that does not divide a day still ends with it.
        let seven = Pace { every: Duration::from_hours(7), ..PACE };
        let last = counted("2026-10-30T21:00:00Z").due(at("2026-10-31T00:10:00Z"), seven);
        assert_eq!(last, span("2026-10-30T21:00:00Z", "2026-10-31T00:00:00Z"));
    }

    #[test]
    fn a_day_is_final_three_days_after_its_end() {
        let first = Counting::new(Kind::Final, at("2026-10-30T10:20:00Z"));
        assert_eq!(first.due(at("2026-11-02T23:59:59Z"), PACE), None);
        let due = first.due(at("2026-11-03T00:00:00Z"), PACE);
        assert_eq!(due, span("2026-10-30T00:00:00Z", "2026-10-31T00:00:00Z"));
        let done = first.begun(due.unwrap()).span_done();
        assert_eq!(
            (done.until, done.began),
            (at("2026-10-31T00:00:00Z"), at("2026-10-30T00:00:00Z"))
        );
        assert_eq!(done.due(at("2026-11-03T00:00:00Z"), PACE), None);
        assert!(SETTLED + Duration::from_hours(48) < ATTEMPTS_KEPT, "upkeep may be late");
    }

    #[test]
    fn a_span_that_was_begun_is_ended_first() {
        let first = Counting::new(Kind::Provisional, at("2026-10-30T00:00:00Z"));
        let begun = first.due(at("2026-10-30T02:30:00Z"), PACE).unwrap();
        let counting = first.begun(begun);
        assert_eq!(counting.due(at("2026-10-30T09:00:00Z"), PACE), Some(begun));
        let next = counting.span_done().due(at("2026-10-30T09:00:00Z"), PACE);
        assert_eq!(next, span("2026-10-30T02:00:00Z", "2026-10-30T08:00:00Z"));
    }
}
