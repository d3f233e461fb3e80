//! Counts what one evaluation takes, and stops it at its limits.

use std::cell::Cell;

use super::Failure;
use super::budget::{Budget, MAX_BYTES, MAX_EVENT_STEPS, MAX_STEPS};
use super::error::Error;
use super::price;

/// What one evaluation may still take. Memory is never given back, so what is held at any time is less
/// than what was charged.
#[derive(Debug)]
pub(super) struct Meter {
    allowed: u64,
    steps: Cell<u64>,
    bytes: Cell<u64>,
    over: Cell<Option<Over>>,
}

/// The limit that was reached.
#[derive(Debug, Clone, Copy)]
enum Over {
    Steps,
    Bytes,
}

impl Meter {
    pub(super) fn new(budget: &Budget) -> Self {
        let allowed = budget.left().min(MAX_STEPS);
        Self {
            allowed,
            steps: Cell::new(allowed),
            bytes: Cell::new(MAX_BYTES),
            over: Cell::new((allowed == 0).then_some(Over::Steps)),
        }
    }

    /// Takes steps, before what they pay for is done.
    pub(super) fn steps<'a>(&self, steps: u64) -> Result<(), Error<'a>> {
        match self.steps.get().checked_sub(steps) {
            Some(left) if self.over.get().is_none() => {
                self.steps.set(left);
                Ok(())
            }
            _ => self.end(Over::Steps),
        }
    }

    /// Takes memory for a block of so many bytes, before it is allocated.
    pub(super) fn block<'a>(&self, bytes: u64) -> Result<(), Error<'a>> {
        self.steps(price::allocation(bytes))?;
        match self.bytes.get().checked_sub(bytes.saturating_add(price::BLOCK_BYTES)) {
            Some(left) => {
                self.bytes.set(left);
                Ok(())
            }
            None => self.end(Over::Bytes),
        }
    }

    fn end<'a>(&self, over: Over) -> Result<(), Error<'a>> {
        if self.over.get().is_none() {
            self.over.set(Some(over));
        }
        Err(Error::TooMuch)
    }

    /// Charges the budget. A failure if a limit was reached, whatever the expression made of that.
    pub(super) fn settle(&self, budget: &Budget) -> Result<(), Failure> {
        let over = self.over.get();
        let steps = match over {
            Some(Over::Steps) => self.allowed,
            Some(Over::Bytes) | None => self.allowed - self.steps.get(),
        };
        budget.spend(steps, MAX_BYTES - self.bytes.get());
        Err(Failure::TooMuch(match over {
            None => return Ok(()),
            Some(Over::Bytes) => {
                format!("takes more than {} MiB of memory on this event", MAX_BYTES >> 20)
            }
            Some(Over::Steps) if self.allowed == MAX_STEPS => {
                format!("takes more than {MAX_STEPS} steps on this event")
            }
            Some(Over::Steps) => nothing_left(),
        }))
    }
}

/// Why an evaluation ends for which other ones of the same event left too little.
pub(super) fn nothing_left() -> String {
    format!(
        "takes more steps than are left: the filters of a tenant have {MAX_EVENT_STEPS} for one event together"
    )
}
