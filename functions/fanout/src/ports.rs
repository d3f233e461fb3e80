//! What `fanout` touches.

use hooklane_app::ports::{Clock, DeadLetters, DispatchQueue, OperatorBus, RouteStore, Strikes};

/// The ports of `fanout`: AWS in production, fakes in tests.
pub trait Ports {
    type Routes: RouteStore;
    type Queues: DispatchQueue;
    type DeadLetters: DeadLetters;
    type Bus: OperatorBus;
    type Ledger: Strikes;
    type System: Clock;
}
