use hooklane_domain::access::tenant::{Tenant, TenantSettings};
use hooklane_domain::ids::TenantId;

use super::Unavailable;

/// Tenants: their settings, and which of their tokens still count.
pub trait TenantStore: Send + Sync {
    /// The tenant, read consistently. One that was never heard of has the default settings.
    fn tenant(&self, id: &TenantId) -> impl Future<Output = Result<Tenant, Unavailable>> + Send;

    /// Whether the tenant is one of those that [`TenantStore::tenants`] lists.
    fn is_listed(&self, id: &TenantId) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Sets the settings of a tenant, whatever its revision or only under this one (0: where there
    /// are none yet); the tenant as it now stands, or `None` where the revision was another.
    fn set_settings(
        &self,
        id: &TenantId,
        settings: &TenantSettings,
        revision: Option<u64>,
    ) -> impl Future<Output = Result<Option<Tenant>, Unavailable>> + Send;

    /// Begins a new generation of tokens, which ends all that were given out before.
    fn revoke_tokens(&self, id: &TenantId) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// The tenants that have or had a webhook, settings or event types, in order of their ids.
    fn tenants(
        &self,
        after: Option<&TenantId>,
        limit: usize,
    ) -> impl Future<Output = Result<TenantPage, Unavailable>> + Send;

    /// Takes away a tenant's webhooks, tokens, settings and event types; whether there was anything.
    /// What is published for it afterwards finds a tenant that was never heard of, but its old
    /// tokens stay revoked.
    fn remove(&self, id: &TenantId) -> impl Future<Output = Result<bool, Unavailable>> + Send;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantPage {
    pub tenants: Vec<Tenant>,
    /// Where the next page starts, if there may be one.
    pub next: Option<TenantId>,
}
