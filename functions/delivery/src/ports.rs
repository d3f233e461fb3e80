//! What `delivery` touches.

use hooklane_app::ports::{
    BrakeStore, Clock, DeadLetters, DeferQueue, DeliveryStore, Entropy, EventStore, HealthStore,
    Post, SlotStore, TenantStore, WatchList, WebhookStore,
};

/// The kinds of things behind the ports: AWS and the network in production, fakes in a test.
pub trait Ports {
    type Ledger: DeliveryStore + EventStore + SlotStore;
    type Registry: WebhookStore + TenantStore + HealthStore + WatchList + BrakeStore;
    type Queues: DeferQueue;
    type DeadLetters: DeadLetters;
    type Sender: Post;
    type System: Clock + Entropy;
}
