//! Everything that is left to chance, from one seed: the same seed makes the same run.

use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) struct Chance(Mutex<fastrand::Rng>);

impl Chance {
    pub(crate) fn of(seed: u64) -> Self {
        Self(Mutex::new(fastrand::Rng::with_seed(seed)))
    }

    pub(crate) fn happens(&self, probability: f64) -> bool {
        probability > 0.0 && self.lock().f64() < probability
    }

    /// A number from 0 to below `end`, which is at least 1.
    pub(crate) fn below(&self, end: usize) -> usize {
        self.lock().usize(0..end)
    }

    /// A number from `least` to `most`, both included.
    pub(crate) fn between(&self, least: i64, most: i64) -> i64 {
        self.lock().i64(least..=most)
    }

    pub(crate) fn bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.lock().fill(&mut bytes);
        bytes
    }

    pub(crate) fn shuffle<T>(&self, things: &mut [T]) {
        self.lock().shuffle(things);
    }

    fn lock(&self) -> MutexGuard<'_, fastrand::Rng> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
