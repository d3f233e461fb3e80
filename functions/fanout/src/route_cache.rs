//! Tenants' subscriptions in memory, each under the version it was read at.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::future::join_all;
use hooklane_app::cache::Bounded;
use hooklane_app::ports::{RoutePage, RouteStore, RouteTable, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::ids::TenantId;
use jiff::SignedDuration;

/// All tables together take about this much memory.
const MAX_BYTES: usize = 48 << 20;
/// A table that would take more is not held in one piece: its pages are read for each event.
const LARGEST_TABLE: usize = 8 << 20;
/// The lane of a webhook does not raise the version, because `delivery` moves a message that took the wrong
/// one. After this time a table is read again for its lanes.
const LANES_ARE_OLD: SignedDuration = SignedDuration::from_mins(5);
/// The number of tenants with larger tables that are remembered.
const MAX_LARGE: usize = 1_000;

/// Subscriptions that stay valid while their version does, however old they are. Only their lanes age.
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
    read_at: Timestamp,
}

impl Kept {
    /// Whether its lanes are as good as new. A clock that went back makes it old.
    fn has_recent_lanes(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.read_at);
        age >= SignedDuration::ZERO && age < LANES_ARE_OLD
    }
}

/// The versions that the subscriptions of a batch's tenants have, as far as they could be read.
#[derive(Debug, Default)]
pub(crate) struct Versions(BTreeMap<TenantId, Result<u64, Unavailable>>);

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

    /// The versions of these tenants' subscriptions. They are read at once, so that they share a call.
    pub(crate) async fn versions(&self, tenants: BTreeSet<TenantId>) -> Versions {
        let read = tenants.into_iter().map(async |tenant| {
            let version = self.routes.version(&tenant).await;
            (tenant, version)
        });
        Versions(join_all(read).await.into_iter().collect())
    }

    /// The version of a tenant's subscriptions. A small consistent read tells whether the cached ones are still
    /// valid. It comes after the events were accepted, so a webhook that was created before them misses
    /// nothing.
    pub(crate) async fn version(
        &self,
        tenant: &TenantId,
        versions: &mut Versions,
    ) -> Result<u64, Unavailable> {
        match versions.0.remove(tenant) {
            Some(version) => version,
            None => self.routes.version(tenant).await,
        }
    }

    /// Whether the tenant's subscriptions of this version are at hand, without a filter that it wrote. Then
    /// nothing in them can end the function.
    pub(crate) fn are_harmless(&self, tenant: &TenantId, version: u64, now: Timestamp) -> bool {
        self.tables.get(tenant).is_some_and(|kept| {
            kept.table.version == version
                && kept.has_recent_lanes(now)
                && kept.table.routes.iter().all(|route| route.filter.is_none())
        })
    }

    /// The tenant's subscriptions, which have this version.
    pub(crate) async fn of(
        &self,
        tenant: &TenantId,
        version: u64,
        now: Timestamp,
    ) -> Result<Routes, Unavailable> {
        let Some(kept) = self.tables.get(tenant).filter(|kept| kept.table.version == version)
        else {
            return self.read(tenant, version, now).await;
        };
        if kept.has_recent_lanes(now) {
            return Ok(Routes::Held(kept.table));
        }
        match self.read(tenant, version, now).await {
            Ok(routes) => Ok(routes),
            // Only its lanes may be old, and those are no reason to wait.
            Err(error) => {
                error.log("lanes.not_read");
                let table = Arc::clone(&kept.table);
                self.tables.put(tenant.clone(), Kept { read_at: now, ..kept });
                Ok(Routes::Held(table))
            }
        }
    }

    /// The tenant's subscriptions, read from the registry. `version` was read before.
    async fn read(
        &self,
        tenant: &TenantId,
        version: u64,
        now: Timestamp,
    ) -> Result<Routes, Unavailable> {
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
            let kept = Kept { table: Arc::clone(&table), bytes, read_at: now };
            self.tables.put(tenant.clone(), kept);
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
