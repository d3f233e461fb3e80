use hooklane_domain::Timestamp;
use hooklane_domain::access::portal::{Logo, LogoHash};

use super::{MemoryLedger, lock};
use crate::ports::{LogoStore, Unavailable};

impl LogoStore for MemoryLedger {
    async fn keep_logo(&self, logo: &Logo, until: Timestamp) -> Result<(), Unavailable> {
        self.faults.step()?;
        lock(&self.logos).insert(logo.mark().hash.clone(), (logo.clone(), until));
        Ok(())
    }

    async fn logo(&self, hash: &LogoHash) -> Result<Option<(Logo, Timestamp)>, Unavailable> {
        self.faults.step()?;
        Ok(lock(&self.logos).get(hash).cloned())
    }
}
