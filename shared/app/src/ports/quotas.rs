use hooklane_domain::access::quota::Window;
use hooklane_domain::ids::TenantId;

use super::Unavailable;

/// The shared count of a tenant's API requests.
pub trait QuotaStore: Send + Sync {
    /// Leases `requests` of a tenant's minute. Returns the total leased of that minute, these included.
    fn lease(
        &self,
        tenant: &TenantId,
        window: Window,
        requests: u32,
    ) -> impl Future<Output = Result<u64, Unavailable>> + Send;
}
