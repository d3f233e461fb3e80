use hooklane_domain::Timestamp;
use hooklane_domain::isolation::deaths::Suspect;

use super::Unavailable;

/// How often in a row the processing of a suspect has ended its function
/// (`hooklane_domain::isolation::deaths`). How often a message was met that only a newer version can read
/// is counted here too, under a name of its own.
pub trait Strikes: Send + Sync {
    /// The strikes of a suspect, 0 if it has none. The read is strongly consistent.
    fn strikes(&self, of: &Suspect) -> impl Future<Output = Result<u32, Unavailable>> + Send;

    /// Adds a strike, and returns how many there are now. Concurrent calls all count. The strikes are kept
    /// for at least a day after the last one.
    fn strike(
        &self,
        of: &Suspect,
        now: Timestamp,
    ) -> impl Future<Output = Result<u32, Unavailable>> + Send;

    /// Removes all strikes of a suspect, if there are any.
    fn forgive(&self, of: &Suspect) -> impl Future<Output = Result<(), Unavailable>> + Send;
}
