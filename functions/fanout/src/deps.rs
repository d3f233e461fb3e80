use crate::ports::Ports;

/// Everything that `fanout` works with.
pub struct Deps<P: Ports> {
    pub routes: P::Routes,
    pub queues: P::Queues,
    pub dead_letters: P::DeadLetters,
    /// The platform's bus, if it has one.
    pub bus: Option<P::Bus>,
    pub strikes: P::Ledger,
    pub system: P::System,
}
