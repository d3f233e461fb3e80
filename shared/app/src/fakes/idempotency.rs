use hooklane_domain::access::idempotency::{IdempotencyKey, IdempotencyRecord};
use hooklane_domain::ids::TenantId;

use super::{MemoryLedger, lock};
use crate::ports::{IdempotencyStore, Unavailable};

impl IdempotencyStore for MemoryLedger {
    async fn claim(
        &self,
        tenant: &TenantId,
        key: &IdempotencyKey,
        claim: &IdempotencyRecord,
    ) -> Result<IdempotencyRecord, Unavailable> {
        let mut claims = lock(&self.claims);
        let held = claims.entry((tenant.clone(), key.clone())).or_insert_with(|| claim.clone());
        if !held.holds_at(claim.at) {
            *held = claim.clone();
        }
        Ok(held.clone())
    }

    async fn fulfil(
        &self,
        tenant: &TenantId,
        key: &IdempotencyKey,
        claim: &IdempotencyRecord,
    ) -> Result<(), Unavailable> {
        let fulfilled = IdempotencyRecord { fulfilled: true, ..claim.clone() };
        lock(&self.claims).insert((tenant.clone(), key.clone()), fulfilled);
        Ok(())
    }
}
