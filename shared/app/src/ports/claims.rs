use hooklane_domain::idempotency::{Claim, IdempotencyKey};
use hooklane_domain::ids::TenantId;

use super::Unavailable;

/// What was begun under clients' idempotency keys.
pub trait Claims: Send + Sync {
    /// Writes a claim unless its tenant has one under that key which still holds at `claim.at`, and
    /// returns the one that holds then. Of several at once exactly one is written.
    fn claim(
        &self,
        tenant: &TenantId,
        key: &IdempotencyKey,
        claim: &Claim,
    ) -> impl Future<Output = Result<Claim, Unavailable>> + Send;

    /// Notes that what a claim was made for is there.
    fn fulfil(
        &self,
        tenant: &TenantId,
        key: &IdempotencyKey,
        claim: &Claim,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
}
