use hooklane_domain::Timestamp;
use hooklane_domain::canary::Canary;
use hooklane_domain::ids::EventId;

use super::{MemoryLedger, lock};
use crate::ports::{CanaryStore, Unavailable};

impl CanaryStore for MemoryLedger {
    async fn canary(&self) -> Result<Option<Canary>, Unavailable> {
        self.faults.step()?;
        Ok(lock(&self.canary).clone())
    }

    async fn replace_canary(
        &self,
        newest: Option<&EventId>,
        next: &Canary,
    ) -> Result<bool, Unavailable> {
        self.faults.step()?;
        let mut canary = lock(&self.canary);
        let replaces = canary.as_ref().map(|canary| &canary.id) == newest;
        if replaces {
            *canary = Some(next.clone());
        }
        Ok(replaces)
    }

    async fn canary_arrived(&self, id: &EventId, at: Timestamp) -> Result<bool, Unavailable> {
        self.faults.step()?;
        let mut canary = lock(&self.canary);
        let expected = canary.as_mut().filter(|canary| canary.id == *id);
        let Some(canary) = expected.filter(|canary| canary.arrived_at.is_none()) else {
            return Ok(false);
        };
        canary.arrived_at = Some(at);
        Ok(true)
    }
}
