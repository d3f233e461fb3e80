//! Tenants' subscriptions in memory, under the version they were read at.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use hooklane_app::ports::{RouteStore, RouteTable, Unavailable};
use hooklane_domain::ids::TenantId;

/// A warm function that has met more tenants than this starts over.
const MAX_TENANTS: usize = 1_000;

#[derive(Debug)]
pub(crate) struct RouteCache<R> {
    routes: R,
    known: Mutex<HashMap<TenantId, Arc<RouteTable>>>,
}

impl<R: RouteStore> RouteCache<R> {
    pub(crate) fn new(routes: R) -> Self {
        Self { routes, known: Mutex::default() }
    }

    /// The tenant's subscriptions as they are now: one small consistent read tells whether the ones
    /// in memory hold, so a webhook that was created a moment ago misses nothing.
    pub(crate) async fn current(&self, tenant: &TenantId) -> Result<Arc<RouteTable>, Unavailable> {
        let version = self.routes.version(tenant).await?;
        if let Some(table) = self.lock().get(tenant).filter(|table| table.version == version) {
            return Ok(Arc::clone(table));
        }
        let table = Arc::new(self.routes.table(tenant).await?);
        // Whoever repairs what cannot be read does not raise the version.
        if !table.unreadable.is_empty() {
            return Ok(table);
        }
        let mut known = self.lock();
        if known.len() >= MAX_TENANTS {
            known.clear();
        }
        known.insert(tenant.clone(), Arc::clone(&table));
        Ok(table)
    }

    #[cfg(test)]
    pub(crate) fn registry(&self) -> &R {
        &self.routes
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<TenantId, Arc<RouteTable>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
