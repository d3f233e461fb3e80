//! The function. It remembers nothing between invocations.

use crate::deps::Deps;
use crate::ports::Ports;

/// The function.
pub struct Stats<P: Ports> {
    pub(crate) ledger: P::Ledger,
    pub(crate) dead_letters: P::DeadLetters,
    pub(crate) system: P::System,
}

impl<P: Ports> Stats<P> {
    #[must_use]
    pub fn new(deps: Deps<P>) -> Self {
        let Deps { ledger, dead_letters, system } = deps;
        Self { ledger, dead_letters, system }
    }
}
