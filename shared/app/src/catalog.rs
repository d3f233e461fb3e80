//! Which event types a tenant has, and whether an event is one it expects. What is read for it is
//! remembered for five seconds, so that an event costs no read; but nothing is refused from memory.

use std::sync::Arc;

use hooklane_catalog::{Catalog, Catalogs, DEFAULT, OwnTypes, Owner, TenantTypes};
use hooklane_domain::Timestamp;
use hooklane_domain::access::tenant::TenantSettings;
use hooklane_domain::event::NewEvent;
use hooklane_domain::ids::{EventType, TenantId};
use hooklane_domain::json::RawJson;
use hooklane_domain::json::fields::FieldErrors;
use hooklane_domain::webhook::subscription::Subscription;

use crate::ports::{Expectations, Unavailable};

mod recent;

use recent::Recent;

/// The catalogs of this build, and what was read lately of tenants' settings and own types.
#[derive(Debug)]
pub struct EventCatalog {
    files: Catalogs,
    settings: Recent<TenantId, TenantSettings>,
    own: Recent<Owner, OwnTypes>,
}

/// How old what is known may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    FiveSeconds,
    Now,
}

/// The sample of an event type, as the tenant knows the type; `None` where it knows none by the name.
pub async fn sample(
    catalog: &EventCatalog,
    store: &impl Expectations,
    tenant: &TenantId,
    name: &EventType,
    now: Timestamp,
) -> Result<Option<RawJson>, Unavailable> {
    let known = catalog.known(store, tenant, now, Age::Now).await?;
    Ok(known.get(name).map(|(_, definition)| definition.sample.clone()))
}

impl EventCatalog {
    #[must_use]
    pub fn new(files: Catalogs) -> Self {
        Self { files, settings: Recent::default(), own: Recent::default() }
    }

    #[must_use]
    pub fn files(&self) -> &Catalogs {
        &self.files
    }

    /// All the types of a tenant.
    pub async fn known(
        &self,
        store: &impl Expectations,
        tenant: &TenantId,
        now: Timestamp,
        age: Age,
    ) -> Result<TenantTypes<'_>, Unavailable> {
        let settings = self.settings(store, tenant, now, age).await?;
        let catalog = self.catalog_of(&settings)?;
        let platform = self.own(store, Owner::Platform, now, age).await?;
        let tenant = self.own(store, Owner::Tenant(tenant.clone()), now, age).await?;
        Ok(TenantTypes { catalog, platform, tenant })
    }

    /// The types that these subscriptions are judged by. Types that were added are only read where the
    /// catalog's file does not have all that is wanted.
    pub async fn known_for(
        &self,
        store: &impl Expectations,
        tenant: &TenantId,
        wanted: &[Subscription],
        now: Timestamp,
    ) -> Result<TenantTypes<'_>, Unavailable> {
        let settings = self.settings(store, tenant, now, Age::FiveSeconds).await?;
        if let Ok(catalog) = self.catalog_of(&settings)
            && wanted.iter().all(|one| catalog.covers(one))
        {
            return Ok(TenantTypes { catalog, platform: Arc::default(), tenant: Arc::default() });
        }
        self.known(store, tenant, now, Age::Now).await
    }

    /// Whether an event may be accepted: any, unless its tenant is strict.
    pub async fn judge(
        &self,
        store: &impl Expectations,
        event: &NewEvent,
        now: Timestamp,
    ) -> Result<Result<(), FieldErrors>, Unavailable> {
        if self.judge_at(store, event, now, Age::FiveSeconds).await?.is_ok() {
            return Ok(Ok(()));
        }
        self.judge_at(store, event, now, Age::Now).await
    }

    async fn judge_at(
        &self,
        store: &impl Expectations,
        event: &NewEvent,
        now: Timestamp,
        age: Age,
    ) -> Result<Result<(), FieldErrors>, Unavailable> {
        if !self.settings(store, &event.tenant, now, age).await?.strict {
            return Ok(Ok(()));
        }
        let known = self.known(store, &event.tenant, now, age).await?;
        Ok(known.judge(&event.content.event_type, &event.content.data))
    }

    /// The tenant's settings.
    pub async fn settings(
        &self,
        store: &impl Expectations,
        tenant: &TenantId,
        now: Timestamp,
        age: Age,
    ) -> Result<Arc<TenantSettings>, Unavailable> {
        if age == Age::FiveSeconds
            && let Some(known) = self.settings.get(tenant, now)
        {
            return Ok(known);
        }
        let read = store.settings(tenant).await?;
        Ok(self.settings.keep(tenant.clone(), read, now))
    }

    async fn own(
        &self,
        store: &impl Expectations,
        owner: Owner,
        now: Timestamp,
        age: Age,
    ) -> Result<Arc<OwnTypes>, Unavailable> {
        if age == Age::FiveSeconds
            && let Some(known) = self.own.get(&owner, now)
        {
            return Ok(known);
        }
        let read = store.types_of(&owner).await?;
        let read = match self.own.last(&owner) {
            Some(older) => read.after(&older),
            None => read,
        };
        Ok(self.own.keep(owner, read, now))
    }

    fn catalog_of(&self, settings: &TenantSettings) -> Result<&Catalog, Unavailable> {
        let name = settings.catalog.as_ref().map_or(DEFAULT, |name| name.as_str());
        let found = self.files.iter().find(|catalog| catalog.name().as_str() == name);
        // A build without a catalog that a tenant was given: nobody may guess another.
        found.ok_or_else(|| {
            Unavailable::new("finding a tenant's catalog", format!("there is none named {name}"))
        })
    }
}

#[cfg(test)]
mod tests;
