//! What `upkeep` touches.

use hooklane_app::ports::{
    BrakeStore, CanaryStore, Clock, DeadLetters, DeferQueue, DeliveryStore, DispatchQueue, Entropy,
    EventIndex, EventScan, EventStore, HealthStore, ParkingStore, QueueDepth, RecoveryStore,
    SendEvent, Strikes, TenantStore, WatchList, WebhookStore,
};

/// The ports of `upkeep`: AWS in production, fakes in tests.
pub trait Ports {
    type Ledger: DeliveryStore
        + ParkingStore
        + EventStore
        + EventScan
        + EventIndex
        + Strikes
        + CanaryStore;
    type Registry: WebhookStore + TenantStore + HealthStore + WatchList + BrakeStore + RecoveryStore;
    type Queues: DeferQueue + DispatchQueue + QueueDepth;
    type EventQueue: SendEvent;
    type DeadLetters: DeadLetters;
    type System: Clock + Entropy;
}
