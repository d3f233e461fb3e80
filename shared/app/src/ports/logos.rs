use hooklane_domain::Timestamp;
use hooklane_domain::access::portal::{Logo, LogoHash};

use super::Unavailable;

/// The logos of platforms, by the hash of what they are: one that many tenants' links name is kept once.
pub trait LogoStore: Send + Sync {
    /// Keeps a logo until this time, which takes the place of the one that was said before.
    fn keep_logo(
        &self,
        logo: &Logo,
        until: Timestamp,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// The logo with this hash, and until when it is kept, in whole seconds. Afterwards it may still be there. The
    /// read is strongly consistent.
    fn logo(
        &self,
        hash: &LogoHash,
    ) -> impl Future<Output = Result<Option<(Logo, Timestamp)>, Unavailable>> + Send;
}
