//! The list that chunks make: each event once, newest first.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Chunk, Entry, Place};
use crate::delivery::period::TimeRange;
use crate::event::ValueDigest;
use crate::webhook::subscription::Subscription;

/// Which events are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// By type, as subscriptions match it.
    pub event_type: Option<Subscription>,
    /// When they were accepted.
    pub accepted: TimeRange,
    /// Only test events, or only others.
    pub test: Option<bool>,
    /// Only those with this value.
    pub value: Option<ValueDigest>,
}

impl Wanted {
    #[must_use]
    pub fn includes(&self, entry: &Entry) -> bool {
        self.accepted.contains(entry.accepted_at)
            && self.test.is_none_or(|test| test == entry.test)
            && self.value.is_none_or(|value| entry.value == Some(value))
            && self.event_type.as_ref().is_none_or(|pattern| pattern.matches(&entry.event_type))
    }
}

/// The wanted events after a place, merged from chunks that are added in the order of their newest events,
/// newest first.
///
/// Whatever was not added yet has no event that is newer than the newest event of the last chunk: the
/// *horizon*. So what is newer than the horizon is final.
#[derive(Debug)]
pub struct Merge {
    wanted: Wanted,
    after: Option<Place>,
    limit: usize,
    /// The newest events found, one more than are listed.
    found: BTreeMap<Place, Entry>,
    horizon_ms: Option<i64>,
}

/// What a merge found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    pub entries: Vec<Entry>,
    /// Where the list goes on, if it may.
    pub next: Option<Place>,
}

impl Merge {
    #[must_use]
    pub fn new(wanted: Wanted, after: Option<Place>, limit: usize) -> Self {
        let end = wanted.accepted.until().map(Place::before);
        // The smaller place, which is further down the list.
        let after = match (after, end) {
            (Some(after), Some(end)) => Some(after.min(end)),
            (after, end) => after.or(end),
        };
        Self { wanted, after, limit, found: BTreeMap::new(), horizon_ms: None }
    }

    /// The place after which it lists.
    #[must_use]
    pub fn after(&self) -> Option<&Place> {
        self.after.as_ref()
    }

    /// Whether all that the chunk holds follows the place after which this lists.
    #[must_use]
    pub fn is_past_look_back(&self, chunk: &Chunk) -> bool {
        self.after.as_ref().is_none_or(|after| chunk.newest_ms() < after.ms)
    }

    pub fn add(&mut self, chunk: &Chunk) {
        self.horizon_ms = Some(chunk.newest_ms());
        for entry in chunk.entries() {
            let place = entry.place();
            let follows = self.after.as_ref().is_none_or(|after| place < *after);
            if follows && self.wanted.includes(entry) {
                let found = self.found.entry(place).or_insert_with(|| entry.clone());
                // A chunk of an older version does not know the size.
                found.bytes = found.bytes.or(entry.bytes);
                found.value = found.value.or(entry.value);
                if self.found.len() > self.limit + 1 {
                    self.found.pop_first();
                }
            }
        }
    }

    /// Whether more chunks would not change the page.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.found.len() > self.limit && self.final_entries(self.limit).count() == self.limit
    }

    /// Whether a page that ends here would get further than the place after which it began.
    #[must_use]
    pub fn gets_further(&self) -> bool {
        match (self.next(), &self.after) {
            (Some(next), Some(after)) => next < *after,
            (next, _) => next.is_some(),
        }
    }

    /// The page. With `ended`, all chunks were added.
    #[must_use]
    pub fn finish(self, ended: bool) -> Merged {
        if ended {
            let entries: Vec<_> = self.found.values().rev().take(self.limit).cloned().collect();
            let more = self.found.len() > self.limit;
            let next = entries.last().filter(|_| more).map(Entry::place);
            return Merged { entries, next };
        }
        let entries = self.final_entries(self.limit).cloned().collect();
        Merged { entries, next: self.next().or(self.after) }
    }

    /// The newest of those that no further chunk can precede, at most this many.
    fn final_entries(&self, most: usize) -> impl Iterator<Item = &Entry> {
        let horizon = self.horizon_ms.unwrap_or(i64::MAX);
        let newest = self.found.values().rev().take(most);
        newest.take_while(move |entry| entry.accepted_at.as_millisecond() > horizon)
    }

    /// Where a page that ends here goes on.
    fn next(&self) -> Option<Place> {
        let (mut count, mut last) = (0, None);
        for entry in self.final_entries(self.limit) {
            (count, last) = (count + 1, Some(entry));
        }
        if count == self.limit {
            return last.map(Entry::place);
        }
        let after_horizon = self.horizon_ms?.checked_add(1)?;
        Timestamp::from_millisecond(after_horizon).ok().map(Place::before)
    }
}
