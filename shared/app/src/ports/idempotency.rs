use hooklane_domain::Timestamp;
use hooklane_domain::access::idempotency::{IdempotencyKey, IdempotencyRecord};
use hooklane_domain::ids::TenantId;

use super::Unavailable;

/// The idempotency records of clients' keys.
pub trait IdempotencyStore: Send + Sync {
    /// The record that holds at `now`, if there is one. The read is strongly consistent.
    fn held(
        &self,
        tenant: &TenantId,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<IdempotencyRecord>, Unavailable>> + Send;

    /// Writes `record` unless its tenant has one under that key that still holds at `record.at`. Returns
    /// the one that holds. Of several concurrent calls exactly one writes its record.
    fn claim(
        &self,
        tenant: &TenantId,
        key: &IdempotencyKey,
        record: &IdempotencyRecord,
    ) -> impl Future<Output = Result<IdempotencyRecord, Unavailable>> + Send;

    /// Notes in the record that its webhook has been created.
    fn fulfil(
        &self,
        tenant: &TenantId,
        key: &IdempotencyKey,
        record: &IdempotencyRecord,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
}
