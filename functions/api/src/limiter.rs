//! What this instance has leased of each tenant's minute.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hooklane_app::ports::QuotaStore;
use hooklane_domain::Timestamp;
use hooklane_domain::access::quota::{Lease, Quota, RequestDecision, Window};
use hooklane_domain::ids::TenantId;

/// A warm function that has met more tenants than this starts over.
const MAX_TENANTS: usize = 10_000;

#[derive(Debug, Default)]
pub struct Limiter(Mutex<HashMap<TenantId, Lease>>);

/// Where a tenant stands with its limit, after this request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    /// Unix seconds.
    pub(crate) resets_at: i64,
    pub(crate) refused: bool,
}

impl Limiter {
    /// Takes one request out of the tenant's minute. Where the shared count is out of reach the request
    /// passes: the limit protects Hooklane, and is no reason to refuse what it could do.
    pub(crate) async fn admit(
        &self,
        quotas: &impl QuotaStore,
        tenant: &TenantId,
        quota: Quota,
        now: Timestamp,
    ) -> Standing {
        let window = Window::at(now);
        let mut decision = self.with(tenant, window, quota, Lease::admit);
        if decision == RequestDecision::Lease {
            match quotas.lease(tenant, window, quota.block()).await {
                Ok(leased) => {
                    decision = self.with(tenant, window, quota, |lease| {
                        lease.add(leased);
                        lease.admit()
                    });
                }
                Err(error) => {
                    tracing::error!(error = error.chain(), %tenant, "rate_limit.unknown");
                    decision = RequestDecision::Granted;
                }
            }
        }
        let refused = decision != RequestDecision::Granted;
        Standing { refused, ..self.look(tenant, quota, now) }
    }

    /// Where the tenant stands as far as this instance knows, without taking anything.
    pub(crate) fn look(&self, tenant: &TenantId, quota: Quota, now: Timestamp) -> Standing {
        let window = Window::at(now);
        let remaining = self.with(tenant, window, quota, |lease| lease.remaining());
        Standing { limit: quota.limit(), remaining, resets_at: window.ends_at(), refused: false }
    }

    fn with<T>(
        &self,
        tenant: &TenantId,
        window: Window,
        quota: Quota,
        act: impl FnOnce(&mut Lease) -> T,
    ) -> T {
        let mut leases = self.lock();
        if leases.len() >= MAX_TENANTS && !leases.contains_key(tenant) {
            leases.clear();
        }
        let lease = leases.entry(tenant.clone()).or_insert_with(|| Lease::new(window, quota));
        if !lease.is_of(window, quota) {
            *lease = Lease::new(window, quota);
        }
        act(lease)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TenantId, Lease>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
