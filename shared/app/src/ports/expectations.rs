use hooklane_domain::catalog::{OwnTypes, Owner};
use hooklane_domain::ids::TenantId;
use hooklane_domain::tenant::TenantSettings;

use super::{EventTypes, Tenants, Unavailable};

/// What a tenant expects of its events. Only read, so a function that accepts events may change nothing
/// of it.
pub trait Expectations: Send + Sync {
    /// As [`Tenants::tenant`] has them.
    fn settings(
        &self,
        tenant: &TenantId,
    ) -> impl Future<Output = Result<TenantSettings, Unavailable>> + Send;

    /// As [`EventTypes::event_types`] has them.
    fn types_of(&self, owner: &Owner)
    -> impl Future<Output = Result<OwnTypes, Unavailable>> + Send;
}

impl<T: Tenants + EventTypes> Expectations for T {
    async fn settings(&self, tenant: &TenantId) -> Result<TenantSettings, Unavailable> {
        self.tenant(tenant).await.map(|tenant| tenant.settings)
    }

    async fn types_of(&self, owner: &Owner) -> Result<OwnTypes, Unavailable> {
        self.event_types(owner).await
    }
}
