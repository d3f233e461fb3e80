//! What `delivery` touches, as its worker sees it.

use hooklane_app::ports::{
    BrakeStore, Clock, DeadLetters, DeferQueue, DeliveryStore, Entropy, EventStore, HealthStore,
    Post, SlotStore, TenantStore, WatchList, WebhookStore,
};

/// The things a worker works with: the real ones, or fakes in a test.
pub trait Edge {
    type Ledger: DeliveryStore + EventStore + SlotStore;
    type Registry: WebhookStore + TenantStore + HealthStore + WatchList + BrakeStore;
    type Queues: DeferQueue;
    type DeadLetters: DeadLetters;
    type Sender: Post;
    type System: Clock + Entropy;
}
