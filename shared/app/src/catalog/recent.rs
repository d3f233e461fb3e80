//! What was read lately.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hooklane_domain::Timestamp;

const MAX_AGE_MS: i64 = 5_000;
/// A warm function that has met more than this starts over.
const MAX_ENTRIES: usize = 10_000;

/// A short memory. Readings that cross keep the last one that came back: it is as old as its read at
/// most, since every reading is kept under the time it was asked for.
#[derive(Debug)]
pub(super) struct Recent<K, V>(Mutex<HashMap<K, (Timestamp, Arc<V>)>>);

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Hash + Eq, V> Recent<K, V> {
    /// What was read at most five seconds ago.
    pub(super) fn get(&self, key: &K, now: Timestamp) -> Option<Arc<V>> {
        let known = self.lock();
        let (read_at, value) = known.get(key)?;
        let age = now.as_millisecond() - read_at.as_millisecond();
        (0..MAX_AGE_MS).contains(&age).then(|| Arc::clone(value))
    }

    /// What was read last, however long ago.
    pub(super) fn last(&self, key: &K) -> Option<Arc<V>> {
        self.lock().get(key).map(|(_, value)| Arc::clone(value))
    }

    pub(super) fn keep(&self, key: K, value: V, now: Timestamp) -> Arc<V> {
        let value = Arc::new(value);
        let mut known = self.lock();
        if known.len() >= MAX_ENTRIES {
            known.clear();
        }
        known.insert(key, (now, Arc::clone(&value)));
        value
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, (Timestamp, Arc<V>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
