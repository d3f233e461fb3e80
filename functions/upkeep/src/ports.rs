//! What `upkeep` touches.

use hooklane_app::ports::{
    BrakeStore, Clock, DeferQueue, DeliveryStore, DispatchQueue, Entropy, EventIndex, EventScan,
    EventStore, HealthStore, ParkingStore, QueueDepth, RecoveryStore, Strikes, TenantStore,
    WatchList, WebhookStore,
};

/// The ports of `upkeep`: AWS in production, fakes in tests.
pub trait Ports {
    type Ledger: DeliveryStore + ParkingStore + EventStore + EventScan + EventIndex + Strikes;
    type Registry: WebhookStore + TenantStore + HealthStore + WatchList + BrakeStore + RecoveryStore;
    type Queues: DeferQueue + DispatchQueue + QueueDepth;
    type System: Clock + Entropy;
}
