use hooklane_catalog::{OwnTypes, Owner};
use hooklane_domain::access::tenant::Tenant;
use hooklane_domain::ids::TenantId;

use super::{EventTypeStore, TenantStore, Unavailable};

/// What events of a tenant are checked against. This port only reads, so that a function that accepts
/// events needs no right to change it.
pub trait Expectations: Send + Sync {
    /// What [`TenantStore::tenant`] returns: its settings, and whether it was removed.
    fn publisher(
        &self,
        tenant: &TenantId,
    ) -> impl Future<Output = Result<Tenant, Unavailable>> + Send;

    /// The types that [`EventTypeStore::event_types`] returns.
    fn types_of(&self, owner: &Owner)
    -> impl Future<Output = Result<OwnTypes, Unavailable>> + Send;
}

impl<T: TenantStore + EventTypeStore> Expectations for T {
    async fn publisher(&self, tenant: &TenantId) -> Result<Tenant, Unavailable> {
        self.tenant(tenant).await
    }

    async fn types_of(&self, owner: &Owner) -> Result<OwnTypes, Unavailable> {
        self.event_types(owner).await
    }
}
