//! Samples of a tenant's event types, from its catalog.

use hooklane_app::catalog::{self, EventCatalog};
use hooklane_app::ports::{Expectations, Samples, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::ids::{EventType, TenantId};
use hooklane_domain::json::RawJson;

/// Reads samples from the catalog at the time `now`.
#[derive(Debug)]
pub(crate) struct CatalogSamples<'a, R> {
    pub(crate) catalog: &'a EventCatalog,
    pub(crate) registry: &'a R,
    pub(crate) now: Timestamp,
}

impl<R: Expectations> Samples for CatalogSamples<'_, R> {
    async fn sample(
        &self,
        tenant: &TenantId,
        event_type: &EventType,
    ) -> Result<Option<RawJson>, Unavailable> {
        catalog::sample(self.catalog, self.registry, tenant, event_type, self.now).await
    }
}
