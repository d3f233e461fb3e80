//! Memory of an instance between invocations: a bounded map, and a bounded cache whose values are used for a
//! few seconds. What a tenant can make large is bounded by bytes, everything else by a number of entries.

use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hooklane_domain::Timestamp;
use quick_cache::Weighter;
use quick_cache::unsync::Cache;

/// How long a value that was read from a store may be used before it must be read again.
pub const MAX_AGE: Duration = Duration::from_secs(5);
/// The default capacity of a map.
const DEFAULT_CAPACITY: usize = 10_000;

/// What an entry of a map bounded by bytes takes beside its value: its key and its place.
const ENTRY_BYTES: usize = 128;

/// A map that is bounded by its number of entries or by their bytes. A full one evicts the entries that were
/// used least.
pub struct Bounded<K, V>(Mutex<Cache<K, V, Weight<V>>>);

/// How much of the capacity a value takes.
struct Weight<V>(fn(&V) -> usize);

impl<V> Clone for Weight<V> {
    fn clone(&self) -> Self {
        Self(self.0)
    }
}

impl<K, V> Weighter<K, V> for Weight<V> {
    fn weight(&self, _: &K, value: &V) -> u64 {
        (self.0)(value) as u64
    }
}

impl<K: Eq + Hash, V: Clone> Bounded<K, V> {
    /// A map of at most this many entries.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self(Mutex::new(Cache::with_weighter(capacity, capacity as u64, Weight(|_| 1))))
    }

    /// A map whose values have at most this many bytes together, as `bytes_of` estimates them. It must be
    /// cheap, and must always be the same for a value. A value that is larger than the whole map is not kept.
    #[must_use]
    pub fn of_bytes(capacity: usize, bytes_of: fn(&V) -> usize) -> Self {
        let entries = capacity / (8 * ENTRY_BYTES);
        Self(Mutex::new(Cache::with_weighter(entries, capacity as u64, Weight(bytes_of))))
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

    fn lock(&self) -> MutexGuard<'_, Cache<K, V, Weight<V>>> {
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
pub struct Recent<K, V>(Bounded<K, Read<V>>);

/// A value, when it was read, and how many bytes it counts as.
#[derive(Clone)]
struct Read<V> {
    at: Timestamp,
    value: V,
    bytes: usize,
}

impl<K: Eq + Hash, V: Clone> Default for Recent<K, V> {
    fn default() -> Self {
        Self(Bounded::default())
    }
}

impl<K: Eq + Hash, V: Clone> Recent<K, V> {
    /// A cache whose values have at most this many bytes together, as they are given to
    /// [`put_sized`](Self::put_sized).
    #[must_use]
    pub fn of_bytes(capacity: usize) -> Self {
        Self(Bounded::of_bytes(capacity, |read| read.bytes.saturating_add(ENTRY_BYTES)))
    }

    /// The value, if it was read less than [`MAX_AGE`] before `now`. `None` also if the clock went back.
    pub fn get(&self, key: &K, now: Timestamp) -> Option<V> {
        self.0.get(key).filter(|read| is_fresh(read.at, now)).map(|read| read.value)
    }

    /// The value that was read last, whatever its age.
    pub fn last(&self, key: &K) -> Option<V> {
        self.0.get(key).map(|read| read.value)
    }

    /// Keeps the result of a read that began at `read_at`.
    pub fn put(&self, key: K, value: V, read_at: Timestamp) {
        self.put_sized(key, value, 0, read_at);
    }

    /// Keeps the result of a read that began at `read_at`, which has about this many bytes.
    pub fn put_sized(&self, key: K, value: V, bytes: usize, read_at: Timestamp) {
        self.0.put(key, Read { at: read_at, value, bytes });
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
    fn finding_04_a_map_bounded_by_bytes_holds_no_more_and_nothing_that_is_larger() {
        let bounded = Bounded::of_bytes(10_000, Vec::<u8>::len);
        for key in 0..1_000 {
            bounded.put(key, vec![0; 1_000]);
        }
        let kept: usize = (0..1_000).filter_map(|key| bounded.get(&key)).map(|v| v.len()).sum();
        assert!((1_000..=10_000).contains(&kept), "{kept}");
        assert!(bounded.get(&999).is_some(), "the newest entry is kept");
        bounded.put(1_000, vec![0; 10_001]);
        assert!(bounded.get(&1_000).is_none(), "it is used, and not kept");
        let recent = Recent::of_bytes(10_000);
        for key in 0..100 {
            recent.put_sized(key, (), 2_000, at(0));
        }
        let kept = (0..100).filter(|key| recent.get(key, at(0)).is_some()).count();
        assert!((1..=5).contains(&kept), "{kept}");
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
