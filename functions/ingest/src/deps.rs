use hooklane_app::catalog::EventCatalog;

use crate::ports::Ports;

/// Everything that `ingest` works with.
pub struct Deps<P: Ports> {
    pub events: P::Events,
    pub registry: P::Registry,
    pub catalog: EventCatalog,
    pub dead_letters: P::DeadLetters,
    /// The event queue.
    pub queue: P::Queue,
    pub system: P::System,
}
