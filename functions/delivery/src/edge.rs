//! What `delivery` touches, as its worker sees it.

use hooklane_app::ports::{DeadLetters, Deliveries, Events, Post, Surroundings, Waits, Webhooks};

/// The things a worker works with: the real ones, or fakes in a test.
pub trait Edge {
    type Ledger: Deliveries + Events;
    type Registry: Webhooks;
    type Queues: Waits;
    type DeadLetters: DeadLetters;
    type Sender: Post;
    type Surroundings: Surroundings;
}
