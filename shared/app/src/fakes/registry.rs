use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use hooklane_catalog::{OwnType, Owner};
use hooklane_domain::Timestamp;
use hooklane_domain::access::tenant::{Tenant, TenantSettings};
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::ids::{EventType, TenantId, WebhookId};
use hooklane_domain::webhook::{DisableReason, Route, Webhook, WebhookState};

use super::isolation::Isolation;
use super::{Faults, lock};
use crate::ports::{RoutePage, RouteStore, TenantPage, TenantStore, Unavailable, WebhookStore};

/// The registry in memory. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct MemoryRegistry {
    pub(super) registered: Arc<Mutex<Registered>>,
    pub(super) isolation: Arc<Mutex<Isolation>>,
    faults: Faults,
    /// The number of webhooks in a page of routes; `None` for all of them.
    page: Option<usize>,
}

#[derive(Debug, Default)]
pub(super) struct Registered {
    webhooks: BTreeMap<(TenantId, WebhookId), Webhook>,
    versions: BTreeMap<TenantId, u64>,
    tenants: BTreeMap<TenantId, Tenant>,
    pub(super) event_types: BTreeMap<(Owner, EventType), OwnType>,
    /// The tenants that are listed.
    pub(super) listed: BTreeSet<TenantId>,
}

impl Registered {
    fn changed(&mut self, tenant: &TenantId) {
        *self.versions.entry(tenant.clone()).or_default() += 1;
        self.listed.insert(tenant.clone());
    }

    fn tenant(&self, id: &TenantId) -> Tenant {
        self.tenants.get(id).cloned().unwrap_or_else(|| Tenant::unknown(id.clone()))
    }

    fn of(&self, tenant: &TenantId) -> impl DoubleEndedIterator<Item = &Webhook> {
        self.webhooks.values().filter(move |w| w.tenant == *tenant)
    }
}

impl MemoryRegistry {
    /// A registry whose calls are steps that can fail.
    #[must_use]
    pub fn with_faults(faults: Faults) -> Self {
        Self { faults, ..Self::default() }
    }

    /// The same registry, with so many webhooks in a page of routes.
    #[must_use]
    pub fn in_pages_of(self, webhooks: usize) -> Self {
        Self { page: Some(webhooks), ..self }
    }

    pub(super) fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Moves a webhook to another lane without a new revision. Returns whether there is such a webhook.
    pub(super) fn set_lane(&self, tenant: &TenantId, id: WebhookId, lane: Lane) -> bool {
        let mut registered = lock(&self.registered);
        let Some(webhook) = registered.webhooks.get_mut(&(tenant.clone(), id)) else {
            return false;
        };
        webhook.lane = lane;
        registered.changed(tenant);
        true
    }
}

impl WebhookStore for MemoryRegistry {
    async fn create(&self, webhook: &Webhook) -> Result<bool, Unavailable> {
        self.faults().step()?;
        let mut registered = lock(&self.registered);
        let key = (webhook.tenant.clone(), webhook.id);
        let Entry::Vacant(place) = registered.webhooks.entry(key) else { return Ok(false) };
        place.insert(webhook.clone());
        registered.changed(&webhook.tenant);
        Ok(true)
    }

    async fn get(&self, tenant: &TenantId, id: WebhookId) -> Result<Option<Webhook>, Unavailable> {
        self.faults().step()?;
        Ok(lock(&self.registered).webhooks.get(&(tenant.clone(), id)).cloned())
    }

    async fn list(&self, tenant: &TenantId) -> Result<Vec<Webhook>, Unavailable> {
        self.faults().step()?;
        Ok(lock(&self.registered).of(tenant).rev().cloned().collect())
    }

    async fn update(&self, webhook: &Webhook) -> Result<bool, Unavailable> {
        self.faults().step()?;
        let mut registered = lock(&self.registered);
        let key = (webhook.tenant.clone(), webhook.id);
        let same = registered
            .webhooks
            .get(&key)
            .is_some_and(|w| w.revision == webhook.revision && w.lane == webhook.lane);
        if same {
            let written = Webhook { revision: webhook.revision + 1, ..webhook.clone() };
            registered.webhooks.insert(key, written);
            registered.changed(&webhook.tenant);
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
        let mut registered = lock(&self.registered);
        let key = (tenant.clone(), id);
        let found = registered
            .webhooks
            .get(&key)
            .is_some_and(|w| revision.is_none_or(|revision| revision == w.revision));
        if found {
            registered.webhooks.remove(&key);
            registered.changed(tenant);
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
        let mut registered = lock(&self.registered);
        let key = (seen.tenant.clone(), seen.id);
        let Some(webhook) = registered.webhooks.get_mut(&key) else {
            return Ok(false);
        };
        let was_active = webhook.state.is_active() && webhook.revision == seen.revision;
        if was_active {
            webhook.state = WebhookState::Disabled { at, reason };
            webhook.updated_at = at;
            webhook.revision += 1;
            registered.changed(&seen.tenant);
        }
        Ok(was_active)
    }
}

impl TenantStore for MemoryRegistry {
    async fn tenant(&self, id: &TenantId) -> Result<Tenant, Unavailable> {
        self.faults().step()?;
        Ok(lock(&self.registered).tenant(id))
    }

    async fn is_listed(&self, id: &TenantId) -> Result<bool, Unavailable> {
        Ok(lock(&self.registered).listed.contains(id))
    }

    async fn set_settings(
        &self,
        id: &TenantId,
        settings: &TenantSettings,
        revision: Option<u64>,
    ) -> Result<Option<Tenant>, Unavailable> {
        self.faults().step()?;
        let mut registered = lock(&self.registered);
        let current = registered.tenant(id);
        if revision.is_some_and(|revision| revision != current.revision) {
            return Ok(None);
        }
        let revision = current.revision + 1;
        let changed = Tenant { settings: settings.clone(), revision, ..current };
        registered.tenants.insert(id.clone(), changed.clone());
        registered.listed.insert(id.clone());
        Ok(Some(changed))
    }

    async fn revoke_tokens(&self, id: &TenantId) -> Result<(), Unavailable> {
        self.faults().step()?;
        let mut registered = lock(&self.registered);
        let mut tenant = registered.tenant(id);
        tenant.token_generation += 1;
        registered.tenants.insert(id.clone(), tenant);
        Ok(())
    }

    async fn tenants(
        &self,
        after: Option<&TenantId>,
        limit: usize,
    ) -> Result<TenantPage, Unavailable> {
        self.faults().step()?;
        let registered = lock(&self.registered);
        let mut ids = registered.listed.iter().filter(|id| after.is_none_or(|after| *id > after));
        let tenants: Vec<_> = ids.by_ref().take(limit).map(|id| registered.tenant(id)).collect();
        let next = ids.next().and(tenants.last()).map(|tenant| tenant.id.clone());
        Ok(TenantPage { tenants, next })
    }

    async fn remove(&self, id: &TenantId) -> Result<bool, Unavailable> {
        self.faults().step()?;
        let mut registered = lock(&self.registered);
        let current = registered.tenant(id);
        let was_listed = registered.listed.remove(id);
        registered.webhooks.retain(|(tenant, _), _| tenant != id);
        registered.event_types.retain(|(owner, _), _| *owner != Owner::Tenant(id.clone()));
        *registered.versions.entry(id.clone()).or_default() += 1;
        let token_generation = current.token_generation + 1;
        registered
            .tenants
            .insert(id.clone(), Tenant { token_generation, ..Tenant::unknown(id.clone()) });
        Ok(was_listed)
    }
}

impl RouteStore for MemoryRegistry {
    async fn version(&self, tenant: &TenantId) -> Result<u64, Unavailable> {
        self.faults().step()?;
        Ok(lock(&self.registered).versions.get(tenant).copied().unwrap_or(0))
    }

    async fn routes(
        &self,
        tenant: &TenantId,
        after: Option<&str>,
    ) -> Result<RoutePage, Unavailable> {
        self.faults().step()?;
        let registered = lock(&self.registered);
        let rest = registered.of(tenant).filter(|w| after.is_none_or(|at| *w.id.to_string() > *at));
        let page: Vec<_> = rest.take(self.page.unwrap_or(usize::MAX)).collect();
        let next = page.last().filter(|_| Some(page.len()) == self.page);
        let next = next.map(|w| w.id.to_string());
        let subscribed = page.into_iter().filter(|w| w.state.is_subscribed());
        let routes = subscribed.map(|w| Route {
            webhook: w.id,
            events: w.events.clone(),
            filter: w.filter.clone(),
            test_mode: w.test_mode,
            lane: w.lane,
            created_at: w.created_at,
        });
        Ok(RoutePage { routes: routes.collect(), unreadable: Vec::new(), next })
    }
}
