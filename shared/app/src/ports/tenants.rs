use hooklane_domain::access::tenant::{Tenant, TenantSettings};
use hooklane_domain::ids::TenantId;

use super::Unavailable;

/// Tenants: their settings, and the generation of tokens that is valid.
pub trait TenantStore: Send + Sync {
    /// The tenant. One without an item has the default settings. The read is strongly consistent.
    fn tenant(&self, id: &TenantId) -> impl Future<Output = Result<Tenant, Unavailable>> + Send;

    /// Whether the tenant is one of those that [`TenantStore::tenants`] lists.
    fn is_listed(&self, id: &TenantId) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Writes a tenant's settings: over any revision, or only over this one (0: if there are none yet).
    /// Returns the tenant as stored, or `None` if the stored revision was another.
    fn set_settings(
        &self,
        id: &TenantId,
        settings: &TenantSettings,
        revision: Option<u64>,
    ) -> impl Future<Output = Result<Option<Tenant>, Unavailable>> + Send;

    /// Begins a new generation of tokens, which revokes all earlier ones.
    fn revoke_tokens(&self, id: &TenantId) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// The tenants that have or had a webhook, settings or event types, in the order of their ids.
    fn tenants(
        &self,
        after: Option<&TenantId>,
        limit: usize,
    ) -> impl Future<Output = Result<TenantPage, Unavailable>> + Send;

    /// Removes a tenant's webhooks, settings and event types and revokes its tokens. Returns whether the
    /// tenant was listed. The tenant's own item stays, with the generation of its tokens: old
    /// tokens stay revoked if the tenant is used again.
    fn remove(&self, id: &TenantId) -> impl Future<Output = Result<bool, Unavailable>> + Send;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantPage {
    pub tenants: Vec<Tenant>,
    /// Where the next page starts, if there may be more.
    pub next: Option<TenantId>,
}
