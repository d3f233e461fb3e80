use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::ports::Unavailable;

/// The death of a function: from a chosen step on, every port that shares these faults fails. A step is
/// one call of a port. By default nothing fails.
#[derive(Debug, Clone)]
pub struct Faults(Arc<AtomicI64>);

/// No step comes after so many.
const NEVER: i64 = i64::MAX;

impl Default for Faults {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(NEVER)))
    }
}

impl Faults {
    /// Lets so many steps through, and none after them.
    pub fn die_after(&self, steps: u32) {
        self.0.store(i64::from(steps), Ordering::SeqCst);
    }

    /// Another instance takes over.
    pub fn revive(&self) {
        self.0.store(NEVER, Ordering::SeqCst);
    }

    /// Whether a step was refused since the last `die_after`.
    #[must_use]
    pub fn died(&self) -> bool {
        self.0.load(Ordering::SeqCst) < 0
    }

    /// Called by a fake before it does anything.
    pub fn step(&self) -> Result<(), Unavailable> {
        if self.0.load(Ordering::SeqCst) == NEVER {
            return Ok(());
        }
        if self.0.fetch_sub(1, Ordering::SeqCst) > 0 {
            return Ok(());
        }
        Err(Unavailable::new("a port", "the function has died"))
    }
}
