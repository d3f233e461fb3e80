use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use hooklane_catalog::{OwnType, Owner};
use hooklane_domain::Timestamp;
use hooklane_domain::access::key::Key;
use hooklane_domain::access::quotas::{Room, Usage, expression_cost};
use hooklane_domain::access::tenant::{Tenant, TenantSettings, Tombstone};
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::ids::{EventType, ExternalId, KeyId, TenantId, WebhookId};
use hooklane_domain::inbox::Inbox;
use hooklane_domain::webhook::{DisableReason, Route, Webhook, WebhookState};

use super::isolation::Isolation;
use super::{Faults, lock};
use crate::ports::{
    Outline, OutlinePage, Refusal, RoutePage, RouteStore, TenantIds, TenantPage, TenantStore,
    Unavailable, WebhookIds, WebhookSearch, WebhookStore, Written,
};

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
    /// What each tenant has, since its first webhook.
    usage: BTreeMap<TenantId, Usage>,
    pub(super) event_types: BTreeMap<(Owner, EventType), OwnType>,
    pub(super) keys: BTreeMap<(TenantId, KeyId), Key>,
    pub(super) inboxes: BTreeMap<TenantId, Inbox>,
    /// The tenants that are listed.
    pub(super) listed: BTreeSet<TenantId>,
}

impl Registered {
    fn changed(&mut self, tenant: &TenantId) {
        *self.versions.entry(tenant.clone()).or_default() += 1;
        self.listed.insert(tenant.clone());
    }

    pub(super) fn tenant(&self, id: &TenantId) -> Tenant {
        let stored = self.tenants.get(id).cloned();
        let usage = self.usage.get(id).copied();
        let tenant = stored.unwrap_or_else(|| Tenant::unknown(id.clone()));
        let keys = match tenant.tombstone {
            Some(_) => 0,
            None => self.keys.values().filter(|key| key.tenant == *id).count() as u64,
        };
        Tenant { usage, keys, ..tenant }
    }

    /// Why the tenant may not have this much more.
    fn refusal(&self, tenant: &TenantId, room: Room, more: Usage) -> Option<Refusal> {
        let tenant = self.tenant(tenant);
        let removed = tenant.tombstone.map(Refusal::Removed);
        let used = tenant.usage.unwrap_or_default();
        removed.or_else(|| room.forbids(used, more).map(Refusal::Over))
    }

    /// The webhook that has this external id.
    fn holder(&self, tenant: &TenantId, external: &ExternalId) -> Option<WebhookId> {
        self.of(tenant).find(|w| w.external_id.as_ref() == Some(external)).map(|w| w.id)
    }

    /// Another webhook that has this one's external id.
    fn taken(&self, webhook: &Webhook) -> Option<WebhookId> {
        let holder = self.holder(&webhook.tenant, webhook.external_id.as_ref()?);
        holder.filter(|id| *id != webhook.id)
    }

    fn count(&mut self, tenant: &TenantId, less: Usage, more: Usage) {
        let usage = self.usage.entry(tenant.clone()).or_default();
        usage.webhooks = usage.webhooks - less.webhooks + more.webhooks;
        usage.expression_cost = usage.expression_cost - less.expression_cost + more.expression_cost;
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
        true
    }
}

impl WebhookIds for MemoryRegistry {
    async fn webhook_ids(
        &self,
        tenant: &TenantId,
        after: Option<WebhookId>,
        limit: usize,
    ) -> Result<Vec<WebhookId>, Unavailable> {
        self.faults().step()?;
        let registered = lock(&self.registered);
        let ids = registered.of(tenant).rev().map(|webhook| webhook.id);
        Ok(ids.filter(|id| after.is_none_or(|after| *id < after)).take(limit).collect())
    }
}

impl TenantIds for MemoryRegistry {
    async fn tenant_ids(
        &self,
        after: Option<&TenantId>,
        limit: usize,
    ) -> Result<(Vec<TenantId>, Option<TenantId>), Unavailable> {
        self.faults().step()?;
        let registered = lock(&self.registered);
        let mut rest = registered.listed.iter().filter(|id| after.is_none_or(|after| *id > after));
        let ids: Vec<_> = rest.by_ref().take(limit).cloned().collect();
        let next = rest.next().and(ids.last()).cloned();
        Ok((ids, next))
    }
}

impl WebhookSearch for MemoryRegistry {
    async fn of_any(
        &self,
        tenants: &[TenantId],
        id: WebhookId,
    ) -> Result<Option<Webhook>, Unavailable> {
        self.faults().step()?;
        let registered = lock(&self.registered);
        let found = tenants.iter().find_map(|one| registered.webhooks.get(&(one.clone(), id)));
        Ok(found.cloned())
    }
}

impl WebhookStore for MemoryRegistry {
    async fn register(&self, webhook: &Webhook, room: Room) -> Result<Written, Unavailable> {
        self.faults().step()?;
        let mut registered = lock(&self.registered);
        let key = (webhook.tenant.clone(), webhook.id);
        if registered.webhooks.contains_key(&key) {
            return Ok(Written::No);
        }
        if let Some(holder) = registered.taken(webhook) {
            return Ok(Written::Taken(holder));
        }
        let more = Usage { webhooks: 1, expression_cost: expression_cost(webhook) };
        if let Some(refusal) = registered.refusal(&webhook.tenant, room, more) {
            return Ok(Written::Refused(refusal));
        }
        registered.webhooks.insert(key, webhook.clone());
        registered.count(&webhook.tenant, Usage::default(), more);
        registered.changed(&webhook.tenant);
        Ok(Written::Yes)
    }

    async fn refusal(&self, webhook: &Webhook, room: Room) -> Result<Option<Refusal>, Unavailable> {
        self.faults().step()?;
        let more = Usage { webhooks: 1, expression_cost: expression_cost(webhook) };
        Ok(lock(&self.registered).refusal(&webhook.tenant, room, more))
    }

    async fn holder(
        &self,
        tenant: &TenantId,
        external: &ExternalId,
    ) -> Result<Option<WebhookId>, Unavailable> {
        self.faults().step()?;
        Ok(lock(&self.registered).holder(tenant, external))
    }

    async fn get(&self, tenant: &TenantId, id: WebhookId) -> Result<Option<Webhook>, Unavailable> {
        self.faults().step()?;
        Ok(lock(&self.registered).webhooks.get(&(tenant.clone(), id)).cloned())
    }

    async fn some(
        &self,
        tenant: &TenantId,
        ids: &[WebhookId],
    ) -> Result<Vec<Webhook>, Unavailable> {
        self.faults().step()?;
        let registered = lock(&self.registered);
        let found = ids.iter().filter_map(|id| registered.webhooks.get(&(tenant.clone(), *id)));
        Ok(found.cloned().collect())
    }

    async fn outlines(
        &self,
        tenant: &TenantId,
        after: Option<WebhookId>,
        limit: usize,
    ) -> Result<OutlinePage, Unavailable> {
        self.faults().step()?;
        let registered = lock(&self.registered);
        let mut rest =
            registered.of(tenant).rev().filter(|w| after.is_none_or(|after| w.id < after));
        let outlines: Vec<_> = rest.by_ref().take(limit).map(Outline::of).collect();
        let next = rest.next().and(outlines.last()).map(|last| last.id);
        Ok(OutlinePage { outlines, next })
    }

    async fn replace(
        &self,
        seen: &Webhook,
        webhook: &Webhook,
        room: Room,
    ) -> Result<Written, Unavailable> {
        self.faults().step()?;
        let mut registered = lock(&self.registered);
        let key = (webhook.tenant.clone(), webhook.id);
        let stored = registered.webhooks.get(&key);
        let same = stored.filter(|w| w.revision == seen.revision && w.lane == seen.lane);
        let Some(stored) = same else { return Ok(Written::No) };
        if let Some(holder) = registered.taken(webhook) {
            return Ok(Written::Taken(holder));
        }
        let (before, after) = (expression_cost(stored), expression_cost(webhook));
        let cost = |expression_cost| Usage { webhooks: 0, expression_cost };
        let more = cost(after.saturating_sub(before));
        if let Some(refusal) = registered.refusal(&webhook.tenant, room, more) {
            return Ok(Written::Refused(refusal));
        }
        let written = Webhook { revision: seen.revision + 1, ..webhook.clone() };
        registered.webhooks.insert(key, written);
        registered.count(&webhook.tenant, cost(before), cost(after));
        registered.changed(&webhook.tenant);
        Ok(Written::Yes)
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
        let stored = registered.webhooks.get(&key);
        let found = stored.filter(|w| revision.is_none_or(|revision| revision == w.revision));
        let Some(found) = found else { return Ok(false) };
        let less = Usage { webhooks: 1, expression_cost: expression_cost(found) };
        registered.webhooks.remove(&key);
        registered.count(tenant, less, Usage::default());
        registered.changed(tenant);
        Ok(true)
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
        let is_other = revision.is_some_and(|revision| revision != current.revision);
        if is_other || current.tombstone.is_some() {
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
        self.faults().also(tenants.len());
        Ok(TenantPage { tenants, next })
    }

    async fn bury(&self, id: &TenantId, tombstone: Tombstone) -> Result<(), Unavailable> {
        self.faults().step()?;
        let mut registered = lock(&self.registered);
        let current = registered.tenant(id);
        let tombstone = Some(current.tombstone.unwrap_or(tombstone));
        let token_generation = current.token_generation + 1;
        let buried = Tenant { token_generation, tombstone, ..Tenant::unknown(id.clone()) };
        registered.tenants.insert(id.clone(), buried);
        registered.usage.remove(id);
        *registered.versions.entry(id.clone()).or_default() += 1;
        Ok(())
    }

    async fn clear(&self, id: &TenantId) -> Result<bool, Unavailable> {
        self.faults().step()?;
        let mut registered = lock(&self.registered);
        let some: Vec<_> = registered.of(id).take(CLEARED_AT_ONCE).map(|w| w.id).collect();
        for webhook in &some {
            registered.webhooks.remove(&(id.clone(), *webhook));
        }
        if !some.is_empty() {
            return Ok(false);
        }
        registered.event_types.retain(|(owner, _), _| *owner != Owner::Tenant(id.clone()));
        registered.keys.retain(|(tenant, _), _| tenant != id);
        registered.inboxes.remove(id);
        registered.listed.remove(id);
        *registered.versions.entry(id.clone()).or_default() += 1;
        if let Some(tenant) = registered.tenants.get_mut(id)
            && let Some(tombstone) = &mut tenant.tombstone
        {
            tombstone.emptied = true;
        }
        Ok(true)
    }

    async fn revive(&self, id: &TenantId, seen: Tombstone) -> Result<(), Unavailable> {
        self.faults().step()?;
        if let Some(tenant) = lock(&self.registered).tenants.get_mut(id)
            && tenant.tombstone == Some(seen)
        {
            tenant.tombstone = None;
        }
        Ok(())
    }
}

/// The webhooks that one call clears.
const CLEARED_AT_ONCE: usize = 100;

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
        if registered.tenant(tenant).tombstone.is_some() {
            return Ok(RoutePage::default());
        }
        let rest = registered.of(tenant).filter(|w| after.is_none_or(|at| *w.id.to_string() > *at));
        let page: Vec<_> = rest.take(self.page.unwrap_or(usize::MAX)).collect();
        let next = page.last().filter(|_| Some(page.len()) == self.page);
        let next = next.map(|w| w.id.to_string());
        let subscribed = page.into_iter().filter(|w| w.state.is_subscribed());
        let routes = subscribed.map(|w| Route {
            webhook: w.id,
            events: w.events.clone(),
            filter: w.filter.clone(),
            transforms: w.transform.is_some(),
            test_mode: w.test_mode,
            lane: w.lane,
            created_at: w.created_at,
        });
        Ok(RoutePage { routes: routes.collect(), unreadable: Vec::new(), next })
    }
}
