use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use crate::ports::Unavailable;

/// Lets a function crash: from a chosen step on, every call of a port that shares these faults fails. A step
/// is one call of a port. By default nothing fails.
#[derive(Debug, Clone)]
pub struct Faults(Arc<AtomicI64>, Arc<AtomicUsize>);

/// More steps than any test makes.
const NEVER: i64 = i64::MAX;

impl Default for Faults {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(NEVER)), Arc::default())
    }
}

impl Faults {
    /// Lets `steps` more calls succeed, and none after them.
    pub fn die_after(&self, steps: u32) {
        self.0.store(i64::from(steps), Ordering::SeqCst);
    }

    /// Lets all calls succeed again, as for another instance.
    pub fn revive(&self) {
        self.0.store(NEVER, Ordering::SeqCst);
    }

    /// Whether a call has failed since the last `die_after`.
    #[must_use]
    pub fn died(&self) -> bool {
        self.0.load(Ordering::SeqCst) < 0
    }

    /// The requests that the calls so far would have made of a table: one each, and one more for each further
    /// hundred of keys that are read together.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.1.load(Ordering::SeqCst)
    }

    /// Notes that the last call makes so many requests more.
    pub(super) fn also(&self, requests: usize) {
        self.1.fetch_add(requests, Ordering::SeqCst);
    }

    /// Notes that the last call reads these many keys by batches.
    pub(super) fn reads_keys(&self, keys: usize) {
        self.1.fetch_add(keys.saturating_sub(1) / 100, Ordering::SeqCst);
    }

    /// Every fake calls this before it does anything.
    pub fn step(&self) -> Result<(), Unavailable> {
        self.1.fetch_add(1, Ordering::SeqCst);
        if self.0.load(Ordering::SeqCst) == NEVER {
            return Ok(());
        }
        if self.0.fetch_sub(1, Ordering::SeqCst) > 0 {
            return Ok(());
        }
        Err(Unavailable::new("a port", "the function has died"))
    }
}
