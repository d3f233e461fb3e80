//! What `ingest` touches.

use hooklane_app::ports::{
    Clock, DeadLetters, Entropy, EventStore, Expectations, Gathering, HideMessage, Strikes,
};

/// The ports of `ingest`: AWS in production, fakes in tests.
pub trait Ports {
    type Events: EventStore + Gathering + Strikes;
    type Registry: Expectations;
    type DeadLetters: DeadLetters;
    type Queue: HideMessage;
    type System: Clock + Entropy;
}
