use hooklane_domain::Timestamp;
use hooklane_domain::access::idempotency::{IdempotencyKey, IdempotencyRecord};
use hooklane_domain::ids::TenantId;

use super::{MemoryLedger, lock};
use crate::ports::{IdempotencyStore, Unavailable};

impl IdempotencyStore for MemoryLedger {
    async fn held(
        &self,
        tenant: &TenantId,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Result<Option<IdempotencyRecord>, Unavailable> {
        let records = lock(&self.records);
        let held = records.get(&(tenant.clone(), key.clone()));
        Ok(held.filter(|record| record.holds_at(now)).cloned())
    }

    async fn claim(
        &self,
        tenant: &TenantId,
        key: &IdempotencyKey,
        record: &IdempotencyRecord,
    ) -> Result<IdempotencyRecord, Unavailable> {
        let mut records = lock(&self.records);
        let held = records.entry((tenant.clone(), key.clone())).or_insert_with(|| record.clone());
        if !held.holds_at(record.at) {
            *held = record.clone();
        }
        Ok(held.clone())
    }

    async fn fulfil(
        &self,
        tenant: &TenantId,
        key: &IdempotencyKey,
        record: &IdempotencyRecord,
    ) -> Result<(), Unavailable> {
        let fulfilled = IdempotencyRecord { fulfilled: true, ..record.clone() };
        lock(&self.records).insert((tenant.clone(), key.clone()), fulfilled);
        Ok(())
    }
}
