use hooklane_catalog::{OwnTypes, Owner};
use hooklane_domain::access::tenant::TenantSettings;
use hooklane_domain::ids::TenantId;

use super::{EventTypeStore, TenantStore, Unavailable};

/// What events of a tenant are checked against. This port only reads, so that a function that accepts
/// events needs no right to change it.
pub trait Expectations: Send + Sync {
    /// The settings that [`TenantStore::tenant`] returns.
    fn settings(
        &self,
        tenant: &TenantId,
    ) -> impl Future<Output = Result<TenantSettings, Unavailable>> + Send;

    /// The types that [`EventTypeStore::event_types`] returns.
    fn types_of(&self, owner: &Owner)
    -> impl Future<Output = Result<OwnTypes, Unavailable>> + Send;
}

impl<T: TenantStore + EventTypeStore> Expectations for T {
    async fn settings(&self, tenant: &TenantId) -> Result<TenantSettings, Unavailable> {
        self.tenant(tenant).await.map(|tenant| tenant.settings)
    }

    async fn types_of(&self, owner: &Owner) -> Result<OwnTypes, Unavailable> {
        self.event_types(owner).await
    }
}
