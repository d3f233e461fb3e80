use hooklane_domain::Timestamp;
use hooklane_domain::ids::WebhookId;

use super::{MemoryLedger, lock};
use crate::ports::{ParkingStore, Pointer, Unavailable};

impl ParkingStore for MemoryLedger {
    async fn parked(
        &self,
        webhook: WebhookId,
        due_by: Timestamp,
        limit: usize,
    ) -> Result<Vec<Pointer>, Unavailable> {
        self.faults.step()?;
        let pointers = lock(&self.pointers);
        let due = pointers.iter().filter(|((of, due, _), _)| *of == webhook && *due <= due_by);
        Ok(due.map(|(_, pointer)| pointer.clone()).take(limit).collect())
    }

    async fn count_parked(&self, webhook: WebhookId, most: u16) -> Result<u64, Unavailable> {
        self.faults.step()?;
        let pointers = lock(&self.pointers);
        let of_webhook = pointers.keys().filter(|(of, _, _)| *of == webhook);
        Ok(of_webhook.take(most.into()).map(|_| 1).sum())
    }

    async fn unpark(&self, pointer: &Pointer) -> Result<(), Unavailable> {
        self.faults.step()?;
        let id = &pointer.delivery;
        let key = (id.webhook(), pointer.due, id.event().clone());
        let mut pointers = lock(&self.pointers);
        if pointers.get(&key) == Some(pointer) {
            pointers.remove(&key);
        }
        Ok(())
    }
}
