//! What `fanout` touches.

use hooklane_app::ports::{DeadLetters, DispatchQueue, RouteStore};

/// The ports of `fanout`: AWS in production, fakes in tests.
pub trait Ports {
    type Routes: RouteStore;
    type Queues: DispatchQueue;
    type DeadLetters: DeadLetters;
}
