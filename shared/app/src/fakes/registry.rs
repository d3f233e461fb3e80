use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use hooklane_catalog::{Definition, OwnType, OwnTypes, Owner};
use hooklane_domain::Timestamp;
use hooklane_domain::access::tenant::{Tenant, TenantSettings};
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::ids::{EventType, TenantId, WebhookId};
use hooklane_domain::webhook::{DisableReason, Route, Webhook, WebhookState};

use super::care::Care;
use super::{Faults, lock};
use crate::ports::{
    EventTypeStore, RouteStore, RouteTable, TenantPage, TenantStore, Unavailable, WebhookStore,
};

/// The registry in memory. Clones are the same registry.
#[derive(Debug, Clone, Default)]
pub struct MemoryRegistry(Arc<Mutex<Inner>>, pub(super) Arc<Mutex<Care>>, Faults);

#[derive(Debug, Default)]
struct Inner {
    webhooks: BTreeMap<(TenantId, WebhookId), Webhook>,
    versions: BTreeMap<TenantId, u64>,
    tenants: BTreeMap<TenantId, Tenant>,
    event_types: BTreeMap<(Owner, EventType), OwnType>,
    /// Those that are listed.
    known: BTreeSet<TenantId>,
}

impl Inner {
    fn changed(&mut self, tenant: &TenantId) {
        *self.versions.entry(tenant.clone()).or_default() += 1;
        self.known.insert(tenant.clone());
    }

    fn tenant(&self, id: &TenantId) -> Tenant {
        self.tenants.get(id).cloned().unwrap_or_else(|| Tenant::unknown(id.clone()))
    }

    fn of(&self, tenant: &TenantId) -> impl DoubleEndedIterator<Item = &Webhook> {
        self.webhooks.values().filter(move |w| w.tenant == *tenant)
    }
}

impl MemoryRegistry {
    /// One whose calls are steps of a function that dies at a chosen one.
    #[must_use]
    pub fn with_faults(faults: Faults) -> Self {
        Self(Arc::default(), Arc::default(), faults)
    }

    pub(super) fn faults(&self) -> &Faults {
        &self.2
    }

    /// Moves a webhook to another lane, outside its revision; whether there is one.
    pub(super) fn set_lane(&self, tenant: &TenantId, id: WebhookId, lane: Lane) -> bool {
        let mut inner = lock(&self.0);
        let Some(webhook) = inner.webhooks.get_mut(&(tenant.clone(), id)) else { return false };
        webhook.lane = lane;
        inner.changed(tenant);
        true
    }
}

impl WebhookStore for MemoryRegistry {
    async fn create(&self, webhook: &Webhook) -> Result<bool, Unavailable> {
        self.faults().step()?;
        let mut inner = lock(&self.0);
        let key = (webhook.tenant.clone(), webhook.id);
        let Entry::Vacant(place) = inner.webhooks.entry(key) else { return Ok(false) };
        place.insert(webhook.clone());
        inner.changed(&webhook.tenant);
        Ok(true)
    }

    async fn get(&self, tenant: &TenantId, id: WebhookId) -> Result<Option<Webhook>, Unavailable> {
        self.faults().step()?;
        Ok(lock(&self.0).webhooks.get(&(tenant.clone(), id)).cloned())
    }

    async fn list(&self, tenant: &TenantId) -> Result<Vec<Webhook>, Unavailable> {
        self.faults().step()?;
        Ok(lock(&self.0).of(tenant).rev().cloned().collect())
    }

    async fn update(&self, webhook: &Webhook) -> Result<bool, Unavailable> {
        self.faults().step()?;
        let mut inner = lock(&self.0);
        let key = (webhook.tenant.clone(), webhook.id);
        let same = inner
            .webhooks
            .get(&key)
            .is_some_and(|w| w.revision == webhook.revision && w.lane == webhook.lane);
        if same {
            let written = Webhook { revision: webhook.revision + 1, ..webhook.clone() };
            inner.webhooks.insert(key, written);
            inner.changed(&webhook.tenant);
        }
        Ok(same)
    }

    async fn delete(
        &self,
        tenant: &TenantId,
        id: WebhookId,
        revision: Option<u64>,
    ) -> Result<bool, Unavailable> {
        self.faults().step()?;
        let mut inner = lock(&self.0);
        let key = (tenant.clone(), id);
        let found = inner
            .webhooks
            .get(&key)
            .is_some_and(|w| revision.is_none_or(|revision| revision == w.revision));
        if found {
            inner.webhooks.remove(&key);
            inner.changed(tenant);
        }
        Ok(found)
    }

    async fn disable(
        &self,
        seen: &Webhook,
        reason: DisableReason,
        at: Timestamp,
    ) -> Result<bool, Unavailable> {
        self.faults().step()?;
        let mut inner = lock(&self.0);
        let key = (seen.tenant.clone(), seen.id);
        let Some(webhook) = inner.webhooks.get_mut(&key) else {
            return Ok(false);
        };
        let was_active = webhook.state.is_active() && webhook.revision == seen.revision;
        if was_active {
            webhook.state = WebhookState::Disabled { at, reason };
            webhook.updated_at = at;
            webhook.revision += 1;
            inner.changed(&seen.tenant);
        }
        Ok(was_active)
    }
}

impl TenantStore for MemoryRegistry {
    async fn tenant(&self, id: &TenantId) -> Result<Tenant, Unavailable> {
        self.faults().step()?;
        Ok(lock(&self.0).tenant(id))
    }

    async fn is_listed(&self, id: &TenantId) -> Result<bool, Unavailable> {
        Ok(lock(&self.0).known.contains(id))
    }

    async fn set_settings(
        &self,
        id: &TenantId,
        settings: &TenantSettings,
        revision: Option<u64>,
    ) -> Result<Option<Tenant>, Unavailable> {
        self.faults().step()?;
        let mut inner = lock(&self.0);
        let current = inner.tenant(id);
        if revision.is_some_and(|revision| revision != current.revision) {
            return Ok(None);
        }
        let revision = current.revision + 1;
        let changed = Tenant { settings: settings.clone(), revision, ..current };
        inner.tenants.insert(id.clone(), changed.clone());
        inner.known.insert(id.clone());
        Ok(Some(changed))
    }

    async fn revoke_tokens(&self, id: &TenantId) -> Result<(), Unavailable> {
        self.faults().step()?;
        let mut inner = lock(&self.0);
        let mut tenant = inner.tenant(id);
        tenant.token_generation += 1;
        inner.tenants.insert(id.clone(), tenant);
        Ok(())
    }

    async fn tenants(
        &self,
        after: Option<&TenantId>,
        limit: usize,
    ) -> Result<TenantPage, Unavailable> {
        self.faults().step()?;
        let inner = lock(&self.0);
        let mut ids = inner.known.iter().filter(|id| after.is_none_or(|after| *id > after));
        let tenants: Vec<_> = ids.by_ref().take(limit).map(|id| inner.tenant(id)).collect();
        let next = ids.next().and(tenants.last()).map(|tenant| tenant.id.clone());
        Ok(TenantPage { tenants, next })
    }

    async fn remove(&self, id: &TenantId) -> Result<bool, Unavailable> {
        self.faults().step()?;
        let mut inner = lock(&self.0);
        let current = inner.tenant(id);
        let was_known = inner.known.remove(id);
        inner.webhooks.retain(|(tenant, _), _| tenant != id);
        inner.event_types.retain(|(owner, _), _| *owner != Owner::Tenant(id.clone()));
        *inner.versions.entry(id.clone()).or_default() += 1;
        let token_generation = current.token_generation + 1;
        inner
            .tenants
            .insert(id.clone(), Tenant { token_generation, ..Tenant::unknown(id.clone()) });
        Ok(was_known)
    }
}

impl EventTypeStore for MemoryRegistry {
    async fn event_types(&self, owner: &Owner) -> Result<OwnTypes, Unavailable> {
        let inner = lock(&self.0);
        let theirs = inner.event_types.iter().filter(|((of, _), _)| of == owner);
        Ok(theirs.map(|(_, own)| own.clone()).collect())
    }

    async fn event_type(
        &self,
        owner: &Owner,
        name: &EventType,
    ) -> Result<Option<OwnType>, Unavailable> {
        Ok(lock(&self.0).event_types.get(&(owner.clone(), name.clone())).cloned())
    }

    async fn put_event_type(
        &self,
        owner: &Owner,
        name: &EventType,
        definition: &Definition,
        revision: Option<u64>,
    ) -> Result<Option<u64>, Unavailable> {
        let mut inner = lock(&self.0);
        let key = (owner.clone(), name.clone());
        let current = inner.event_types.get(&key).map_or(0, |own| own.revision);
        if revision.is_some_and(|revision| revision != current) {
            return Ok(None);
        }
        let revision = current + 1;
        let own = OwnType { name: name.clone(), definition: definition.clone(), revision };
        inner.event_types.insert(key, own);
        if let Owner::Tenant(tenant) = owner {
            inner.known.insert(tenant.clone());
        }
        Ok(Some(revision))
    }

    async fn delete_event_type(
        &self,
        owner: &Owner,
        name: &EventType,
        revision: Option<u64>,
    ) -> Result<bool, Unavailable> {
        let mut inner = lock(&self.0);
        let key = (owner.clone(), name.clone());
        let found = inner
            .event_types
            .get(&key)
            .is_some_and(|own| revision.is_none_or(|revision| revision == own.revision));
        if found {
            inner.event_types.remove(&key);
        }
        Ok(found)
    }
}

impl RouteStore for MemoryRegistry {
    async fn version(&self, tenant: &TenantId) -> Result<u64, Unavailable> {
        self.faults().step()?;
        Ok(lock(&self.0).versions.get(tenant).copied().unwrap_or(0))
    }

    async fn table(&self, tenant: &TenantId) -> Result<RouteTable, Unavailable> {
        self.faults().step()?;
        let inner = lock(&self.0);
        let routes = inner
            .of(tenant)
            .filter(|w| w.state.is_subscribed())
            .map(|w| Route {
                webhook: w.id,
                events: w.events.clone(),
                filter: w.filter.clone(),
                test_mode: w.test_mode,
                lane: w.lane,
                created_at: w.created_at,
            })
            .collect();
        let version = inner.versions.get(tenant).copied().unwrap_or(0);
        Ok(RouteTable { version, routes, unreadable: Vec::new() })
    }
}
