use hooklane_domain::Timestamp;
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};

use super::Unavailable;

/// Pointers to parked deliveries. [`super::DeliveryStore::save`] writes them.
pub trait ParkingStore: Send + Sync {
    /// The first `limit` of a webhook's pointers that are due by `due_by`, earliest first. The read is
    /// strongly consistent. Pointers that cannot be read back are left out, and others take their place.
    fn parked(
        &self,
        webhook: WebhookId,
        due_by: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Pointer>, Unavailable>> + Send;

    /// The number of a webhook's pointers, due or not, counted up to `most`. The read is strongly
    /// consistent. A delivery that was just released may still have its pointer.
    fn count_parked(
        &self,
        webhook: WebhookId,
        most: u16,
    ) -> impl Future<Output = Result<u64, Unavailable>> + Send;

    /// Removes a pointer, unless its delivery was parked again under the same key. Idempotent.
    fn unpark(&self, pointer: &Pointer) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    pub delivery: DeliveryId,
    pub tenant: TenantId,
    pub due: Timestamp,
    /// The generation that the delivery was parked under.
    pub generation: u32,
}
