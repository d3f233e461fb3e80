use hooklane_domain::access::quota::Window;
use hooklane_domain::ids::TenantId;

use super::{MemoryLedger, lock};
use crate::ports::{QuotaStore, Unavailable};

impl QuotaStore for MemoryLedger {
    async fn lease(
        &self,
        tenant: &TenantId,
        window: Window,
        requests: u32,
    ) -> Result<u64, Unavailable> {
        let mut leased = lock(&self.leased);
        let count = leased.entry((tenant.clone(), window)).or_default();
        *count += u64::from(requests);
        Ok(*count)
    }
}
