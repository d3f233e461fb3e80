use hooklane_domain::access::tenant::{Tenant, TenantSettings, Tombstone};
use hooklane_domain::ids::TenantId;

use super::Unavailable;

/// Tenants: their settings, and the generation of tokens that is valid.
pub trait TenantStore: Send + Sync {
    /// The tenant. One without an item has the default settings. The read is strongly consistent.
    fn tenant(&self, id: &TenantId) -> impl Future<Output = Result<Tenant, Unavailable>> + Send;

    /// Whether the tenant is one of those that [`TenantStore::tenants`] lists.
    fn is_listed(&self, id: &TenantId) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Writes a tenant's settings: over any revision, or only over this one (0: if there are none yet).
    /// Returns the tenant as stored, or `None` if the stored revision was another or the tenant has a
    /// tombstone.
    fn set_settings(
        &self,
        id: &TenantId,
        settings: &TenantSettings,
        revision: Option<u64>,
    ) -> impl Future<Output = Result<Option<Tenant>, Unavailable>> + Send;

    /// Begins a new generation of tokens, which revokes all earlier ones.
    fn revoke_tokens(&self, id: &TenantId) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// The tenants that have or had a webhook, settings or event types, in the order of their ids. One that
    /// was removed is listed until it is empty.
    fn tenants(
        &self,
        after: Option<&TenantId>,
        limit: usize,
    ) -> impl Future<Output = Result<TenantPage, Unavailable>> + Send;

    /// Begins a tenant's removal: writes its tombstone, if it has none, removes its settings and revokes its
    /// tokens. From then on nothing can be added to it, and it has no routes. Its own item stays, with the
    /// generation of its tokens: old tokens stay revoked if its id is used again.
    fn bury(
        &self,
        id: &TenantId,
        tombstone: Tombstone,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Deletes a bounded number of the webhooks and event types of a tenant that is buried. Returns whether
    /// none are left; then it is no longer listed, and its tombstone says so.
    fn clear(&self, id: &TenantId) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Takes away a tombstone that was `seen`, so that the id can be used again.
    fn revive(
        &self,
        id: &TenantId,
        seen: Tombstone,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Removes a tenant whose id can be used again at once, for tests. Returns whether it was listed.
    #[cfg(any(test, feature = "test-support"))]
    fn remove(&self, id: &TenantId) -> impl Future<Output = Result<bool, Unavailable>> + Send {
        async {
            let was_listed = self.is_listed(id).await?;
            let reusable_from = hooklane_domain::Timestamp::UNIX_EPOCH;
            self.bury(id, Tombstone { reusable_from, emptied: false }).await?;
            while !self.clear(id).await? {}
            if let Some(tombstone) = self.tenant(id).await?.tombstone {
                self.revive(id, tombstone).await?;
            }
            Ok(was_listed)
        }
    }
}

/// The ids of tenants.
pub trait TenantIds: Send + Sync {
    /// The ids of those that [`TenantStore::tenants`] lists, in their order, at most `limit` of them; and after which
    /// one they go on, if there may be more.
    fn tenant_ids(
        &self,
        after: Option<&TenantId>,
        limit: usize,
    ) -> impl Future<Output = Result<(Vec<TenantId>, Option<TenantId>), Unavailable>> + Send;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantPage {
    pub tenants: Vec<Tenant>,
    /// Where the next page starts, if there may be more.
    pub next: Option<TenantId>,
}
