//! Tenants' subscriptions in memory, each under the version it was read at.

use std::sync::Arc;

use hooklane_app::cache::Bounded;
use hooklane_app::ports::{RoutePage, RouteStore, RouteTable, Unavailable};
use hooklane_domain::ids::TenantId;

/// All tables together take about this much memory.
const MAX_BYTES: usize = 48 << 20;
/// A table that would take more is not held in one piece: its pages are read for each event.
const LARGEST_TABLE: usize = 8 << 20;
/// The number of tenants with larger tables that are remembered.
const MAX_LARGE: usize = 1_000;

/// Subscriptions that stay valid while their version does, however old they are.
#[derive(Debug)]
pub(crate) struct RouteCache<R> {
    routes: R,
    tables: Bounded<TenantId, Kept>,
    /// The tenants whose tables are too large to be held, and the version for which this holds.
    large: Bounded<TenantId, u64>,
    largest: usize,
}

#[derive(Debug, Clone)]
struct Kept {
    table: Arc<RouteTable>,
    bytes: usize,
}

/// The subscriptions of a tenant.
#[derive(Debug)]
pub(crate) enum Routes {
    Held(Arc<RouteTable>),
    /// They are too many to be held at once.
    Large,
}

impl<R: RouteStore> RouteCache<R> {
    pub(crate) fn new(routes: R) -> Self {
        Self {
            routes,
            tables: Bounded::of_bytes(MAX_BYTES, |kept: &Kept| kept.bytes),
            large: Bounded::new(MAX_LARGE),
            largest: LARGEST_TABLE,
        }
    }

    /// The tenant's subscriptions as they are now. One small consistent read tells whether the cached
    /// ones are still valid, so a webhook that was created a moment ago misses nothing.
    pub(crate) async fn of(&self, tenant: &TenantId) -> Result<Routes, Unavailable> {
        let version = self.routes.version(tenant).await?;
        if let Some(kept) = self.tables.get(tenant).filter(|kept| kept.table.version == version) {
            return Ok(Routes::Held(kept.table));
        }
        if self.large.get(tenant) == Some(version) {
            return Ok(Routes::Large);
        }
        // The version was read first: if a webhook changes now, the table counts as older than it is.
        let mut table = RouteTable { version, ..RouteTable::default() };
        let mut after = None;
        loop {
            after = table.add(self.page(tenant, after.as_deref()).await?);
            if table.bytes() > self.largest {
                self.large.put(tenant.clone(), version);
                return Ok(Routes::Large);
            }
            if after.is_none() {
                break;
            }
        }
        let bytes = table.bytes() + size_of::<RouteTable>();
        let table = Arc::new(table);
        // Repairing an unreadable webhook by hand does not raise the version, so this table is not kept.
        if table.unreadable.is_empty() {
            self.tables.put(tenant.clone(), Kept { table: Arc::clone(&table), bytes });
        }
        Ok(Routes::Held(table))
    }

    /// A part of the tenant's subscriptions as they are now.
    pub(crate) async fn page(
        &self,
        tenant: &TenantId,
        after: Option<&str>,
    ) -> Result<RoutePage, Unavailable> {
        self.routes.routes(tenant, after).await
    }

    #[cfg(test)]
    pub(crate) fn registry(&self) -> &R {
        &self.routes
    }

    #[cfg(test)]
    pub(crate) fn bytes_held(&self, tenant: &TenantId) -> usize {
        self.tables.get(tenant).map_or(0, |kept| kept.table.bytes())
    }

    #[cfg(test)]
    pub(crate) fn hold_at_most(&mut self, bytes: usize) {
        self.largest = bytes;
    }
}
