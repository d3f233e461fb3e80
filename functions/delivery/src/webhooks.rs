//! Cached webhooks, and whether their tenants are paused.

use std::sync::Arc;

use hooklane_app::cache::Recent;
use hooklane_app::ports::{Clock, TenantStore, Unavailable, WatchList, WebhookStore};
use hooklane_domain::expression::{Filter, Transform};
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::webhook::{DisableReason, Webhook};

/// All cached webhooks together take about this much memory.
const MAX_BYTES: usize = 32 << 20;

/// The registry behind a cache of five seconds. An absent webhook is not cached.
pub(crate) struct Webhooks<R, C> {
    registry: Arc<R>,
    system: Arc<C>,
    webhooks: Recent<(TenantId, WebhookId), Arc<Webhook>>,
    tenants_paused: Recent<TenantId, bool>,
}

impl<R, C> Webhooks<R, C> {
    pub(crate) fn new(registry: Arc<R>, system: Arc<C>) -> Self {
        let webhooks = Recent::of_bytes(MAX_BYTES);
        Self { registry, system, webhooks, tenants_paused: Recent::default() }
    }
}

impl<R: WebhookStore, C: Clock> Webhooks<R, C> {
    /// From the cache, at most five seconds old.
    pub(crate) async fn get(
        &self,
        tenant: &TenantId,
        id: WebhookId,
    ) -> Result<Option<Arc<Webhook>>, Unavailable> {
        match self.webhooks.get(&(tenant.clone(), id), self.system.now()) {
            Some(webhook) => Ok(Some(webhook)),
            None => self.fresh(tenant, id).await,
        }
    }

    /// As it is stored now.
    pub(crate) async fn fresh(
        &self,
        tenant: &TenantId,
        id: WebhookId,
    ) -> Result<Option<Arc<Webhook>>, Unavailable> {
        let read_at = self.system.now();
        let webhook = self.registry.get(tenant, id).await?.map(Arc::new);
        let key = (tenant.clone(), id);
        match &webhook {
            Some(webhook) => {
                let bytes = bytes_of(webhook);
                self.webhooks.put_sized(key, Arc::clone(webhook), bytes, read_at);
            }
            None => self.webhooks.remove(&key),
        }
        Ok(webhook)
    }
}

impl<R: TenantStore, C: Clock> Webhooks<R, C> {
    /// From the cache, at most five seconds old.
    pub(crate) async fn tenant_is_paused(&self, tenant: &TenantId) -> Result<bool, Unavailable> {
        match self.tenants_paused.get(tenant, self.system.now()) {
            Some(paused) => Ok(paused),
            None => self.tenant_is_paused_now(tenant).await,
        }
    }

    pub(crate) async fn tenant_is_paused_now(
        &self,
        tenant: &TenantId,
    ) -> Result<bool, Unavailable> {
        let read_at = self.system.now();
        let paused = self.registry.tenant(tenant).await?.settings.paused;
        self.tenants_paused.put(tenant.clone(), paused, read_at);
        Ok(paused)
    }
}

impl<R: WebhookStore + WatchList, C: Clock> Webhooks<R, C> {
    /// Disables a webhook whose receiver answered 410. A webhook that was changed since the attempt stays
    /// active. So does one that could not be disabled; its next 410 disables it.
    pub(crate) async fn disable_gone(&self, called: &Webhook) {
        let now = self.system.now();
        // `upkeep` reports it to the tenant. The webhook is marked first, so that `upkeep` looks at it even if
        // this invocation is killed.
        if let Err(error) = self.registry.watch(&called.tenant, called.id, 0, now).await {
            error.log("webhook.not_watched");
        }
        match self.registry.disable(called, DisableReason::Gone, now).await {
            Ok(true) => tracing::warn!(webhook.id = %called.id, "webhook.disabled"),
            Ok(false) => {}
            Err(error) => error.log("webhook.disable_failed"),
        }
        self.webhooks.remove(&(called.tenant.clone(), called.id));
    }
}

/// About the bytes that a webhook takes in memory.
fn bytes_of(webhook: &Webhook) -> usize {
    let description = webhook.description.as_ref().map_or(0, String::len);
    let events: usize = webhook.events.iter().map(|e| size_of_val(e) + e.to_string().len()).sum();
    let headers: usize =
        webhook.headers.iter().map(|(name, value)| 64 + name.len() + value.len()).sum();
    let filter = webhook.filter.as_ref().map_or(0, Filter::bytes);
    let transform = webhook.transform.as_ref().map_or(0, Transform::bytes);
    let texts = webhook.name.len() + description + webhook.url.as_str().len();
    size_of::<Webhook>() + texts + events + headers + filter + transform
}
