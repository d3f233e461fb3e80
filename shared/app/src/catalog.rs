//! Which event types a tenant has, and whether it accepts an event. Settings and added types are cached, so
//! that most events cost no read, but nothing is refused because of a cached value.

use std::sync::Arc;

use hooklane_catalog::{
    Catalog, Catalogs, Definition, FALLBACK, OwnType, OwnTypes, Owner, Schema, TenantTypes,
};
use hooklane_domain::Timestamp;
use hooklane_domain::access::tenant::{Tenant, TenantDefaults, TenantSettings, Tombstone};
use hooklane_domain::event::NewEvent;
use hooklane_domain::event::SearchKey;
use hooklane_domain::ids::{EventType, TenantId};
use hooklane_domain::json::RawJson;
use hooklane_domain::json::fields::FieldErrors;
use hooklane_domain::webhook::subscription::Subscription;

use crate::cache::Recent;
use crate::ports::{Expectations, Unavailable};

mod schemas;

use schemas::Schemas;

/// The added types of all owners together take about this much memory, without what schemas compile to.
const MAX_BYTES: usize = 32 << 20;

/// The catalogs of this build, with a cache of tenants' settings and of added event types.
#[derive(Debug)]
pub struct EventCatalog {
    files: Catalogs,
    defaults: TenantDefaults,
    tenants: Recent<TenantId, Arc<Tenant>>,
    added: Recent<Owner, Arc<OwnTypes>>,
    schemas: Schemas,
}

/// Whether a cached value may answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// A value younger than [`MAX_AGE`](crate::cache::MAX_AGE) may.
    Cached,
    /// No: the store is read.
    Current,
}

impl EventCatalog {
    /// With the defaults of `template.yaml`.
    #[must_use]
    pub fn new(files: Catalogs) -> Self {
        Self::with_defaults(files, TenantDefaults::default())
    }

    /// With what the deployment gives to tenants whose settings do not say otherwise.
    #[must_use]
    pub fn with_defaults(files: Catalogs, defaults: TenantDefaults) -> Self {
        Self {
            files,
            defaults,
            tenants: Recent::default(),
            added: Recent::of_bytes(MAX_BYTES),
            schemas: Schemas::default(),
        }
    }

    /// The catalogs of this build.
    #[must_use]
    pub fn files(&self) -> &Catalogs {
        &self.files
    }

    /// What tenants have whose settings do not say otherwise.
    #[must_use]
    pub fn defaults(&self) -> &TenantDefaults {
        &self.defaults
    }

    /// All event types of a tenant.
    pub async fn types_of(
        &self,
        store: &impl Expectations,
        tenant: &TenantId,
        now: Timestamp,
        freshness: Freshness,
    ) -> Result<TenantTypes<'_>, Unavailable> {
        let settings = &self.publisher(store, tenant, now, freshness).await?.settings;
        let catalog = self.catalog_of(settings)?;
        let platform = self.added(store, Owner::Platform, now, freshness).await?;
        let tenant = self.added(store, Owner::Tenant(tenant.clone()), now, freshness).await?;
        Ok(TenantTypes { catalog, platform, tenant })
    }

    /// The sample of an event type, or `None` if the tenant has no such type.
    pub async fn sample_of(
        &self,
        store: &impl Expectations,
        tenant: &TenantId,
        name: &EventType,
        now: Timestamp,
    ) -> Result<Option<RawJson>, Unavailable> {
        let types = self.types_of(store, tenant, now, Freshness::Current).await?;
        Ok(types.get(name).map(|(_, definition)| definition.sample.clone()))
    }

    /// The types to check these subscriptions against. Added types are read only if the catalog's file
    /// lacks one that a subscription names.
    pub async fn types_for(
        &self,
        store: &impl Expectations,
        tenant: &TenantId,
        subscriptions: &[Subscription],
        now: Timestamp,
    ) -> Result<TenantTypes<'_>, Unavailable> {
        let settings = &self.publisher(store, tenant, now, Freshness::Cached).await?.settings;
        if let Ok(catalog) = self.catalog_of(settings)
            && subscriptions.iter().all(|one| catalog.covers(one))
        {
            return Ok(TenantTypes { catalog, platform: Arc::default(), tenant: Arc::default() });
        }
        self.types_of(store, tenant, now, Freshness::Current).await
    }

    /// Whether an event may be accepted. A strict tenant accepts only events of a type it has, with data
    /// that fits the type's schema; any other tenant accepts all.
    pub async fn check(
        &self,
        store: &impl Expectations,
        event: &NewEvent,
        now: Timestamp,
    ) -> Result<Result<(), FieldErrors>, Unavailable> {
        let data = &event.content.data;
        let cached = match self.schema_for(store, event, now, Freshness::Cached).await? {
            None => return Ok(Ok(())),
            Some(Err(_)) => None,
            Some(Ok(schema)) => match self.schemas.judge(&schema, data).await {
                Ok(()) => return Ok(Ok(())),
                Err(errors) => Some((schema, errors)),
            },
        };
        match (self.schema_for(store, event, now, Freshness::Current).await?, cached) {
            (None, _) => Ok(Ok(())),
            (Some(Err(errors)), _) => Ok(Err(errors)),
            // It is still the same schema: the data is not judged again.
            (Some(Ok(schema)), Some((same, errors))) if schema == same => Ok(Err(errors)),
            (Some(Ok(schema)), _) => Ok(self.schemas.judge(&schema, data).await),
        }
    }

    /// The schema that an event must fit: none if its tenant is not strict, an error if it has no such type.
    async fn schema_for(
        &self,
        store: &impl Expectations,
        event: &NewEvent,
        now: Timestamp,
        freshness: Freshness,
    ) -> Result<Option<Result<Schema, FieldErrors>>, Unavailable> {
        if !self.publisher(store, &event.tenant, now, freshness).await?.settings.strict {
            return Ok(None);
        }
        let types = self.types_of(store, &event.tenant, now, freshness).await?;
        Ok(Some(types.schema(&event.content.event_type).cloned()))
    }

    /// The tombstone of a tenant that was removed and whose id cannot be used yet.
    pub async fn tombstone(
        &self,
        store: &impl Expectations,
        tenant: &TenantId,
        now: Timestamp,
    ) -> Result<Option<Tombstone>, Unavailable> {
        let cached = self.publisher(store, tenant, now, Freshness::Cached).await?;
        if cached.blocked_at(now).is_none() {
            return Ok(None);
        }
        let current = self.publisher(store, tenant, now, Freshness::Current).await?;
        Ok(current.blocked_at(now))
    }

    /// The key of its events' metadata that the tenant can search by.
    pub async fn search_key(
        &self,
        store: &impl Expectations,
        tenant: &TenantId,
        now: Timestamp,
    ) -> Result<Option<SearchKey>, Unavailable> {
        let publisher = self.publisher(store, tenant, now, Freshness::Cached).await?;
        Ok(publisher.settings.search_key.clone())
    }

    /// The tenant, with its settings.
    async fn publisher(
        &self,
        store: &impl Expectations,
        tenant: &TenantId,
        now: Timestamp,
        freshness: Freshness,
    ) -> Result<Arc<Tenant>, Unavailable> {
        if freshness == Freshness::Cached
            && let Some(known) = self.tenants.get(tenant, now)
        {
            return Ok(known);
        }
        let read = Arc::new(store.publisher(tenant).await?);
        self.tenants.put(tenant.clone(), Arc::clone(&read), now);
        Ok(read)
    }

    /// The types that an owner added.
    async fn added(
        &self,
        store: &impl Expectations,
        owner: Owner,
        now: Timestamp,
        freshness: Freshness,
    ) -> Result<Arc<OwnTypes>, Unavailable> {
        if freshness == Freshness::Cached
            && let Some(types) = self.added.get(&owner, now)
        {
            return Ok(types);
        }
        let types = Arc::new(store.types_of(&owner).await?);
        self.added.put_sized(owner, Arc::clone(&types), bytes_of(&types), now);
        Ok(types)
    }

    fn catalog_of(&self, settings: &TenantSettings) -> Result<&Catalog, Unavailable> {
        let named = settings.catalog.as_ref().or(self.defaults.catalog.as_ref());
        // If this build lacks the catalog that the tenant was given, another one would be a guess.
        self.files.of(named, self.defaults.contract_of(settings)).ok_or_else(|| {
            let name = named.map_or(FALLBACK, |name| name.as_str());
            Unavailable::new("finding a tenant's catalog", format!("there is none named {name}"))
        })
    }
}

/// About the bytes that added types take in memory.
fn bytes_of(types: &OwnTypes) -> usize {
    let of = |own: &OwnType| {
        let Definition { category, description, sample, schema } = &own.definition;
        let texts = category.len() + description.len() + sample.as_str().len();
        size_of::<OwnType>() + texts + schema.text().as_str().len()
    };
    types.iter().map(of).sum()
}

#[cfg(test)]
mod tests;
