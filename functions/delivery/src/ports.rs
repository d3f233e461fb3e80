//! The ports that `delivery` uses.

use hooklane_app::ports::{
    BrakeStore, CanaryStore, Clock, DeadLetters, DeferQueue, DeliveryStore, Entropy, EventStore,
    FigureMarks, Gathering, HealthStore, Pause, Post, SlotStore, Strikes, TenantStore, WatchList,
    WebhookStore,
};

/// The types behind the ports: AWS and the network in production, fakes in tests.
pub trait Ports {
    type Ledger: DeliveryStore
        + EventStore
        + Gathering
        + SlotStore
        + Strikes
        + CanaryStore
        + FigureMarks;
    type Registry: WebhookStore + TenantStore + HealthStore + WatchList + BrakeStore;
    type Queues: DeferQueue;
    type DeadLetters: DeadLetters;
    type Sender: Post;
    type System: Clock + Entropy + Pause;
}
