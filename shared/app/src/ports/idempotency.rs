use hooklane_domain::access::idempotency::{IdempotencyKey, IdempotencyRecord};
use hooklane_domain::ids::TenantId;

use super::Unavailable;

/// What was begun under clients' idempotency keys.
pub trait IdempotencyStore: Send + Sync {
    /// Writes a claim unless its tenant has one under that key which still holds at `claim.at`, and
    /// returns the one that holds then. Of several at once exactly one is written.
    fn claim(
        &self,
        tenant: &TenantId,
        key: &IdempotencyKey,
        claim: &IdempotencyRecord,
    ) -> impl Future<Output = Result<IdempotencyRecord, Unavailable>> + Send;

    /// Notes that what a claim was made for is there.
    fn fulfil(
        &self,
        tenant: &TenantId,
        key: &IdempotencyKey,
        claim: &IdempotencyRecord,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
}
