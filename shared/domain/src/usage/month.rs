//! What is stored of a tenant and a month.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::calendar::{Day, Month};
use super::{Figures, Span};
use crate::ids::TenantId;

/// What was counted of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayUsage {
    pub figures: Figures,
    /// Up to when. What happened in the day after that is not in the figures.
    pub counted_to: Timestamp,
    /// Whether the whole day was recounted once nothing of it could change.
    pub is_final: bool,
}

impl DayUsage {
    /// The day once a span of it was counted: `None` if nothing is to be written, because the span was counted
    /// before, the day is final, or there is nothing to count. Spans are counted in order, so a span that ends
    /// where the day was counted to is a repetition.
    #[must_use]
    pub fn with(seen: Option<&Self>, span: Span, counted: Figures) -> Option<Self> {
        let is_new = seen.is_none_or(|seen| !seen.is_final && seen.counted_to <= span.from);
        if !is_new || counted.is_zero() {
            return None;
        }
        let mut figures = seen.map_or_else(Figures::default, |seen| seen.figures);
        figures += counted;
        Some(Self { figures, counted_to: span.to, is_final: false })
    }

    /// The day once all of it was recounted, in place of whatever was counted before. `None` if nothing is to
    /// be written.
    #[must_use]
    pub fn finished(seen: Option<&Self>, day: Day, recounted: Figures) -> Option<Self> {
        let finished = Self { figures: recounted, counted_to: day.end(), is_final: true };
        let is_nothing = seen.is_none() && recounted.is_zero();
        (!is_nothing && seen != Some(&finished)).then_some(finished)
    }
}

/// What a tenant used in a month. Days without anything are absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthUsage {
    pub tenant: TenantId,
    pub month: Month,
    pub days: BTreeMap<u8, DayUsage>,
}

impl MonthUsage {
    #[must_use]
    pub fn none(tenant: TenantId, month: Month) -> Self {
        Self { tenant, month, days: BTreeMap::new() }
    }

    #[must_use]
    pub fn total(&self) -> Figures {
        let mut total = Figures::default();
        for day in self.days.values() {
            total += day.figures;
        }
        total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(hour * 3_600).unwrap()
    }

    fn events(events: u64) -> Figures {
        Figures { events, ..Figures::default() }
    }

    #[test]
    fn a_span_counts_once_and_a_final_day_stays() {
        let span = |from, to| Span { from: at(from), to: at(to) };
        let first = DayUsage::with(None, span(0, 1), events(3)).unwrap();
        assert_eq!((first.figures, first.counted_to, first.is_final), (events(3), at(1), false));
        assert_eq!(DayUsage::with(Some(&first), span(0, 1), events(3)), None, "again");
        assert_eq!(DayUsage::with(Some(&first), span(0, 2), events(3)), None, "it overlaps");
        assert_eq!(DayUsage::with(Some(&first), span(1, 2), events(0)), None, "nothing");
        // The hours in which there was nothing were not written.
        let later = DayUsage::with(Some(&first), span(5, 6), events(4)).unwrap();
        assert_eq!((later.figures, later.counted_to), (events(7), at(6)));
        let day = Day::of(at(0));
        let done = DayUsage::finished(Some(&later), day, events(8)).unwrap();
        assert_eq!((done.figures, done.counted_to, done.is_final), (events(8), at(24), true));
        assert_eq!(DayUsage::with(Some(&done), span(23, 24), events(1)), None);
        assert_eq!(DayUsage::finished(Some(&done), day, events(8)), None, "the same again");
        assert_eq!(DayUsage::finished(None, day, events(0)), None);
        let none = DayUsage::finished(Some(&later), day, events(0)).unwrap();
        assert!(none.figures.is_zero() && none.is_final, "what was counted too much is taken back");
    }
}
