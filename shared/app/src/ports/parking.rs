use hooklane_domain::Timestamp;
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};

use super::Unavailable;

/// Pointers to parked deliveries. [`super::DeliveryStore::save`] writes them.
pub trait ParkingStore: Send + Sync {
    /// A webhook's pointers that are due by then, the earliest first, read consistently. One that
    /// cannot be read back is left out, and takes no other's place.
    fn parked(
        &self,
        webhook: WebhookId,
        due_by: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Pointer>, Unavailable>> + Send;

    /// How many pointers a webhook has, at most `most` of them, read consistently: those that are not
    /// due, too. A delivery that was sent on a moment ago may still have one.
    fn count_parked(
        &self,
        webhook: WebhookId,
        most: u16,
    ) -> impl Future<Output = Result<u64, Unavailable>> + Send;

    /// Removes a pointer, unless the delivery was parked anew under the same key. One that is gone
    /// is gone.
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
