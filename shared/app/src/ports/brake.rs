use hooklane_domain::isolation::brake::Brake;

use super::Unavailable;

/// The brake: `upkeep` sets it, `delivery` reads it.
pub trait BrakeStore: Send + Sync {
    /// The brake as last set, or `None` if it never was.
    fn brake(&self) -> impl Future<Output = Result<Option<Brake>, Unavailable>> + Send;

    fn set_brake(&self, brake: Brake) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

/// How full the retry queue is.
pub trait QueueDepth: Send + Sync {
    /// The approximate number of its messages that are in flight or delayed.
    fn in_flight(&self) -> impl Future<Output = Result<u64, Unavailable>> + Send;
}
