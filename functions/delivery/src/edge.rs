//! What `delivery` touches, as its worker sees it.

use hooklane_app::ports::{
    Brakes, DeadLetters, Deliveries, Events, Healths, Post, Slots, Surroundings, Tenants, Waits,
    Watches, Webhooks,
};

/// The things a worker works with: the real ones, or fakes in a test.
pub trait Edge {
    type Ledger: Deliveries + Events + Slots;
    type Registry: Webhooks + Tenants + Healths + Watches + Brakes;
    type Queues: Waits;
    type DeadLetters: DeadLetters;
    type Sender: Post;
    type Surroundings: Surroundings;
}
