//! What is going to happen, in order of time; what is planned for the same time, in order of planning.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::time::Millis;

pub(crate) struct Calendar<T> {
    entries: BinaryHeap<Entry<T>>,
    planned: u64,
}

impl<T> Default for Calendar<T> {
    fn default() -> Self {
        Self { entries: BinaryHeap::new(), planned: 0 }
    }
}

impl<T> Calendar<T> {
    pub(crate) fn plan(&mut self, at: Millis, happening: T) {
        self.planned += 1;
        self.entries.push(Entry { at, order: self.planned, happening });
    }

    pub(crate) fn next(&mut self) -> Option<(Millis, T)> {
        self.entries.pop().map(|entry| (entry.at, entry.happening))
    }
}

struct Entry<T> {
    at: Millis,
    order: u64,
    happening: T,
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T> Eq for Entry<T> {}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The heap hands out the greatest first: that is the earliest.
impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.order).cmp(&(self.at, self.order))
    }
}
