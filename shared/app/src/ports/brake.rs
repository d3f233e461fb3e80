use hooklane_domain::isolation::brake::Brake;

use super::Unavailable;

/// What `upkeep` measures and `delivery` heeds.
pub trait BrakeStore: Send + Sync {
    fn brake(&self) -> impl Future<Output = Result<Option<Brake>, Unavailable>> + Send;

    fn set_brake(&self, brake: Brake) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

/// How full the retry queue is.
pub trait QueueDepth: Send + Sync {
    /// About so many of its messages are in flight or held back.
    fn in_flight(&self) -> impl Future<Output = Result<u64, Unavailable>> + Send;
}
