//! What a function has measured since its last summary.

use std::sync::{Mutex, PoisonError};

use hooklane_domain::metrics::{Figures, Metric};

/// Collects the figures of the batch or run that is under way, from wherever something is counted.
#[derive(Debug, Default)]
pub struct Measured(Mutex<Figures>);

impl Measured {
    pub fn record(&self, record: impl FnOnce(&mut Figures)) {
        record(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Counts a message that was put into a dead-letter queue.
    pub fn dead_letter(&self) {
        self.record(|figures| figures.add(Metric::DeadLetters, 1));
    }

    /// Takes what was collected.
    #[must_use]
    pub fn take(&self) -> Figures {
        let mut taken = Figures::default();
        self.record(|figures| taken = std::mem::take(figures));
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_not_taken_again() {
        let measured = Measured::default();
        measured.dead_letter();
        measured.dead_letter();
        assert_eq!(measured.take().of(Metric::DeadLetters), [2]);
        assert_eq!(measured.take(), Figures::default());
    }
}
