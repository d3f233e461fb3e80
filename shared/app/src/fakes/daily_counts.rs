use hooklane_domain::access::quotas::{Day, QuotaName};
use hooklane_domain::ids::TenantId;

use super::{MemoryLedger, lock};
use crate::ports::{DailyCounts, Unavailable};

impl DailyCounts for MemoryLedger {
    async fn count_one(
        &self,
        tenant: &TenantId,
        quota: QuotaName,
        day: Day,
        most: u64,
    ) -> Result<Option<u64>, Unavailable> {
        let mut counts = lock(&self.daily);
        let count = counts.entry((tenant.clone(), quota, day)).or_default();
        if *count >= most {
            return Ok(None);
        }
        *count += 1;
        Ok(Some(*count))
    }

    async fn counted(
        &self,
        tenant: &TenantId,
        quota: QuotaName,
        day: Day,
    ) -> Result<u64, Unavailable> {
        Ok(lock(&self.daily).get(&(tenant.clone(), quota, day)).copied().unwrap_or(0))
    }
}
