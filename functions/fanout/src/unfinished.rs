//! What was sent of batches that failed. Lambda delivers such a batch again, in halves, mostly to the same
//! instance: it goes on where it stopped, and does not send everything again. Another instance begins anew,
//! which costs messages that `delivery` discards.

use std::sync::atomic::{AtomicBool, Ordering};

use hooklane_app::cache::Bounded;
use hooklane_aws::stream::name;
use serde_json::value::RawValue;

/// The number of records that are remembered: those of many batches of 100.
const MOST: usize = 10_000;

/// The records of which every message was sent, by their names.
#[derive(Debug)]
pub(crate) struct Unfinished {
    sent: Bounded<String, ()>,
    /// Whether a batch has failed at all. Otherwise no record is looked up.
    any: AtomicBool,
}

impl Default for Unfinished {
    fn default() -> Self {
        Self { sent: Bounded::new(MOST), any: AtomicBool::new(false) }
    }
}

impl Unfinished {
    /// Notes records of a batch that fails.
    pub(crate) fn note<'a>(&self, records: impl Iterator<Item = &'a RawValue>) {
        for name in records.filter_map(name) {
            self.any.store(true, Ordering::Relaxed);
            self.sent.put(name, ());
        }
    }

    pub(crate) fn has(&self, raw: &RawValue) -> bool {
        self.any.load(Ordering::Relaxed)
            && name(raw).is_some_and(|name| self.sent.get(&name).is_some())
    }

    /// Forgets records of a batch that is done. If one is replayed later, it is fanned out again.
    pub(crate) fn forget<'a>(&self, records: impl Iterator<Item = &'a RawValue>) {
        if self.any.load(Ordering::Relaxed) {
            for name in records.filter_map(name) {
                self.sent.remove(&name);
            }
        }
    }
}
