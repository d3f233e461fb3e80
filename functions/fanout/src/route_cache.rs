//! Tenants' subscriptions in memory, each under the version it was read at.

use std::sync::Arc;

use hooklane_app::cache::Bounded;
use hooklane_app::ports::{RouteStore, RouteTable, Unavailable};
use hooklane_domain::ids::TenantId;

const MAX_TENANTS: usize = 1_000;

/// Subscriptions that stay valid while their version does, however old they are.
#[derive(Debug)]
pub(crate) struct RouteCache<R> {
    routes: R,
    tables: Bounded<TenantId, Arc<RouteTable>>,
}

impl<R: RouteStore> RouteCache<R> {
    pub(crate) fn new(routes: R) -> Self {
        Self { routes, tables: Bounded::new(MAX_TENANTS) }
    }

    /// The tenant's subscriptions as they are now. One small consistent read tells whether the cached
    /// ones are still valid, so a webhook that was created a moment ago misses nothing.
    pub(crate) async fn current(&self, tenant: &TenantId) -> Result<Arc<RouteTable>, Unavailable> {
        let version = self.routes.version(tenant).await?;
        if let Some(table) = self.tables.get(tenant).filter(|table| table.version == version) {
            return Ok(table);
        }
        let table = Arc::new(self.routes.table(tenant).await?);
        // Repairing an unreadable webhook by hand does not raise the version, so this table is not kept.
        if table.unreadable.is_empty() {
            self.tables.put(tenant.clone(), Arc::clone(&table));
        }
        Ok(table)
    }

    #[cfg(test)]
    pub(crate) fn registry(&self) -> &R {
        &self.routes
    }
}
