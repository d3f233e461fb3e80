use hooklane_domain::Timestamp;
use hooklane_domain::canary::Canary;
use hooklane_domain::ids::EventId;

use super::Unavailable;

/// The newest canary: `upkeep` replaces it, `delivery` notes its arrival.
pub trait CanaryStore: Send + Sync {
    /// The newest canary, `None` if there never was one. The read is strongly consistent.
    fn canary(&self) -> impl Future<Output = Result<Option<Canary>, Unavailable>> + Send;

    /// Puts the next canary in the place of the one with the id `newest`; with `None`, where there is none.
    /// Returns `false` if there is another by now, so that of two runs one sends a canary.
    fn replace_canary(
        &self,
        newest: Option<&EventId>,
        next: &Canary,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Notes when the newest canary arrived. Returns `false`, and notes nothing, if the id is not the newest
    /// canary's, or if its arrival is noted already.
    fn canary_arrived(
        &self,
        id: &EventId,
        at: Timestamp,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;
}
