//! The only source of randomness: everything random in a run comes from its seed.

use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) struct Chance(Mutex<fastrand::Rng>);

impl Chance {
    pub(crate) fn from_seed(seed: u64) -> Self {
        Self(Mutex::new(fastrand::Rng::with_seed(seed)))
    }

    pub(crate) fn happens(&self, probability: f64) -> bool {
        probability > 0.0 && self.lock().f64() < probability
    }

    /// A random number in `0..end`. `end` is at least 1.
    pub(crate) fn below(&self, end: usize) -> usize {
        self.lock().usize(0..end)
    }

    /// A random number in `min..=max`.
    pub(crate) fn between(&self, min: i64, max: i64) -> i64 {
        self.lock().i64(min..=max)
    }

    pub(crate) fn bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.lock().fill(&mut bytes);
        bytes
    }

    pub(crate) fn shuffle<T>(&self, items: &mut [T]) {
        self.lock().shuffle(items);
    }

    fn lock(&self) -> MutexGuard<'_, fastrand::Rng> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
