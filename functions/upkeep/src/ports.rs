//! What `upkeep` touches.

use hooklane_app::ports::{
    BrakeStore, CanaryStore, Clock, DeadLetters, DeferQueue, DeliveryStore, DispatchQueue, Entropy,
    EventIndex, EventScan, EventStore, HealthStore, ParkingStore, QueueDepth, RecoveryStore,
    SendEvent, Strikes, TenantStore, WatchList, WebhookIds, WebhookStore,
};
use hooklane_app::usage::UsageLedger;

/// The ports of `upkeep`: AWS in production, fakes in tests.
pub trait Ports {
    type Ledger: DeliveryStore
        + ParkingStore
        + EventStore
        + EventScan
        + EventIndex
        + Strikes
        + CanaryStore;
    /// The ledger once more, for what counts as usage.
    type Usage: UsageLedger;
    type Registry: WebhookStore
        + WebhookIds
        + TenantStore
        + HealthStore
        + WatchList
        + BrakeStore
        + RecoveryStore;
    type Queues: DeferQueue + DispatchQueue + QueueDepth;
    type EventQueue: SendEvent;
    type DeadLetters: DeadLetters;
    type System: Clock + Entropy;
}
