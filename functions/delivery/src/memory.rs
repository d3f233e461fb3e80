//! A short memory of what was read.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hooklane_domain::Timestamp;

/// How long what was read may be used.
pub(crate) const MAX_AGE_MS: i64 = 5_000;
/// A warm function that has met more than this starts over.
const MAX_ENTRIES: usize = 10_000;

/// Values with the time they were read at.
#[derive(Debug)]
pub(crate) struct Memory<K, V>(Mutex<HashMap<K, (Timestamp, V)>>);

impl<K, V> Default for Memory<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V: Clone> Memory<K, V> {
    /// What was read less than five seconds ago. A clock that went back remembers nothing.
    pub(crate) fn get(&self, key: &K, now: Timestamp) -> Option<V> {
        let known = self.lock();
        known.get(key).filter(|(at, _)| is_fresh(*at, now)).map(|(_, value)| value.clone())
    }

    pub(crate) fn put(&self, key: K, value: V, now: Timestamp) {
        let mut known = self.lock();
        if known.len() >= MAX_ENTRIES {
            known.clear();
        }
        known.insert(key, (now, value));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, (Timestamp, V)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_fresh(read_at: Timestamp, now: Timestamp) -> bool {
    (0..MAX_AGE_MS).contains(&(now.as_millisecond() - read_at.as_millisecond()))
}
