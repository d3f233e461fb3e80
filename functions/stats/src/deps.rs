use jiff::SignedDuration;

use crate::ports::Ports;

/// Everything that `stats` works with.
pub struct Deps<P: Ports> {
    pub ledger: P::Ledger,
    pub dead_letters: P::DeadLetters,
    pub system: P::System,
    /// How long the ledger keeps deliveries.
    pub retention: SignedDuration,
}
