//! Memory of an instance between invocations: a bounded map, and a bounded cache whose values are used for a
//! few seconds.

use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hooklane_domain::Timestamp;
use quick_cache::unsync::Cache;

/// How long a value that was read from a store may be used before it must be read again.
pub const MAX_AGE: Duration = Duration::from_secs(5);
/// The default capacity of a map.
const DEFAULT_CAPACITY: usize = 10_000;

/// A map with a bounded number of entries. A full one evicts the entries that were used least.
pub struct Bounded<K, V>(Mutex<Cache<K, V>>);

impl<K: Eq + Hash, V: Clone> Bounded<K, V> {
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self(Mutex::new(Cache::new(capacity)))
    }

    pub fn get(&self, key: &K) -> Option<V> {
        self.lock().get(key).cloned()
    }

    pub fn put(&self, key: K, value: V) {
        self.lock().insert(key, value);
    }

    pub fn remove(&self, key: &K) {
        self.lock().remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, Cache<K, V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Bounded<K, V> {
    /// Changes the value of a key, starting from `new()` if there is none. The change is atomic.
    pub fn update<T>(
        &self,
        key: &K,
        new: impl FnOnce() -> V,
        change: impl FnOnce(&mut V) -> T,
    ) -> T {
        let mut entries = self.lock();
        if let Some(mut value) = entries.get_mut(key) {
            return change(&mut value);
        }
        let mut value = new();
        let result = change(&mut value);
        entries.insert(key.clone(), value);
        result
    }
}

impl<K: Eq + Hash, V: Clone> Default for Bounded<K, V> {
    fn default() -> Self {
        Self::new(DEFAULT_CAPACITY)
    }
}

impl<K, V> std::fmt::Debug for Bounded<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bounded").finish_non_exhaustive()
    }
}

/// A cache of values from a store, each with the time at which it was read. A value is used for
/// [`MAX_AGE`].
#[derive(Debug)]
pub struct Recent<K, V>(Bounded<K, (Timestamp, V)>);

impl<K: Eq + Hash, V: Clone> Default for Recent<K, V> {
    fn default() -> Self {
        Self(Bounded::default())
    }
}

impl<K: Eq + Hash, V: Clone> Recent<K, V> {
    /// The value, if it was read less than [`MAX_AGE`] before `now`. `None` also if the clock went back.
    pub fn get(&self, key: &K, now: Timestamp) -> Option<V> {
        self.0.get(key).filter(|(read_at, _)| is_fresh(*read_at, now)).map(|(_, value)| value)
    }

    /// The value that was read last, whatever its age.
    pub fn last(&self, key: &K) -> Option<V> {
        self.0.get(key).map(|(_, value)| value)
    }

    /// Keeps the result of a read that began at `read_at`.
    pub fn put(&self, key: K, value: V, read_at: Timestamp) {
        self.0.put(key, (read_at, value));
    }

    pub fn remove(&self, key: &K) {
        self.0.remove(key);
    }
}

fn is_fresh(read_at: Timestamp, now: Timestamp) -> bool {
    Duration::try_from(now.duration_since(read_at)).is_ok_and(|age| age < MAX_AGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(ms).unwrap()
    }

    #[test]
    fn a_value_is_used_for_less_than_five_seconds() {
        let recent = Recent::default();
        recent.put("key", 7, at(10_000));
        for (now, found) in [(10_000, true), (14_999, true), (15_000, false), (9_999, false)] {
            assert_eq!(recent.get(&"key", at(now)).is_some(), found, "{now}");
        }
        assert_eq!(recent.last(&"key"), Some(7), "whatever its age");
        recent.remove(&"key");
        assert_eq!(recent.last(&"key"), None);
    }

    #[test]
    fn a_full_map_stays_bounded_and_keeps_the_newest() {
        let bounded = Bounded::new(100);
        for key in 0..10_000 {
            bounded.put(key, key);
        }
        let kept = (0..10_000).filter(|key| bounded.get(key).is_some()).count();
        assert!((1..=100).contains(&kept), "{kept}");
        assert_eq!(bounded.get(&9_999), Some(9_999), "the newest entry is kept");
    }

    #[test]
    fn an_update_starts_from_new_and_continues_from_the_stored_value() {
        let bounded = Bounded::new(10);
        let add = |amount: u32| {
            bounded.update(
                &"key",
                || 100,
                |value| {
                    *value += amount;
                    *value
                },
            )
        };
        assert_eq!((add(1), add(2)), (101, 103));
    }
}
