use hooklane_catalog::{OwnTypes, Owner};
use hooklane_domain::access::tenant::TenantSettings;
use hooklane_domain::ids::TenantId;

use super::{EventTypeStore, TenantStore, Unavailable};

/// What a tenant expects of its events. Only read, so a function that accepts events may change nothing
/// of it.
pub trait Expectations: Send + Sync {
    /// As [`TenantStore::tenant`] has them.
    fn settings(
        &self,
        tenant: &TenantId,
    ) -> impl Future<Output = Result<TenantSettings, Unavailable>> + Send;

    /// As [`EventTypeStore::event_types`] has them.
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
