use std::sync::atomic::Ordering;

use hooklane_domain::Timestamp;
use hooklane_domain::isolation::deaths::Suspect;

use super::{MemoryLedger, lock};
use crate::ports::{Strikes, Unavailable};

impl Strikes for MemoryLedger {
    async fn strikes(&self, of: &Suspect) -> Result<u32, Unavailable> {
        self.faults.step()?;
        Ok(lock(&self.strikes).get(of).copied().unwrap_or(0))
    }

    async fn strike(&self, of: &Suspect, _: Timestamp) -> Result<u32, Unavailable> {
        self.faults.step()?;
        self.struck.fetch_add(1, Ordering::SeqCst);
        let mut strikes = lock(&self.strikes);
        let count = strikes.entry(of.clone()).or_default();
        *count += 1;
        Ok(*count)
    }

    async fn forgive(&self, of: &Suspect) -> Result<(), Unavailable> {
        self.faults.step()?;
        lock(&self.strikes).remove(of);
        Ok(())
    }
}
