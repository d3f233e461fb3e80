//! The registry behind calls that fail.

use hooklane_app::fakes::budget::read_units;
use hooklane_app::ports::{
    Added, BrakeStore, EventTypeStore, HealthStore, Look, OutlinePage, RecoveryStore, Refusal,
    RoutePage, RouteStore, TenantPage, TenantStore, Unavailable, Watch, WatchList, WebhookIds,
    WebhookStore, Written, newer,
};
use hooklane_catalog::{Definition, OwnType, OwnTypes, Owner};
use hooklane_domain::Timestamp;
use hooklane_domain::access::quotas::Room;
use hooklane_domain::access::tenant::{Tenant, TenantSettings, Tombstone};
use hooklane_domain::ids::{EventType, ExternalId, TenantId, WebhookId};
use hooklane_domain::isolation::brake::Brake;
use hooklane_domain::isolation::health::{Change, Health};
use hooklane_domain::isolation::recovery::Recovery;
use hooklane_domain::webhook::{DisableReason, Webhook};

use super::charged::{health_item, watch_item};
use super::port::Port;

/// Implements ports: each method calls the registry through `Port::call`, which may fail.
macro_rules! behind_calls {
    ($($port:ident { $($operation:literal $method:ident($($name:ident: $kind:ty),*) -> $answer:ty;)+ })+) => { $(
        impl $port for Port {
            $(
                async fn $method(&self, $($name: $kind),*) -> Result<$answer, Unavailable> {
                    self.call($operation, $port::$method(&self.environment.registry, $($name),*)).await
                }
            )+
        }
    )+ };
}

behind_calls! {
    WebhookIds {
        "webhooks.ids" webhook_ids(tenant: &TenantId, after: Option<WebhookId>, limit: usize) -> Vec<WebhookId>;
    }
    WebhookStore {
        "webhooks.register" register(webhook: &Webhook, room: Room) -> Written;
        "webhooks.refusal" refusal(webhook: &Webhook, room: Room) -> Option<Refusal>;
        "webhooks.holder" holder(tenant: &TenantId, external: &ExternalId) -> Option<WebhookId>;
        "webhooks.get" get(tenant: &TenantId, id: WebhookId) -> Option<Webhook>;
        "webhooks.some" some(tenant: &TenantId, ids: &[WebhookId]) -> Vec<Webhook>;
        "webhooks.outlines" outlines(tenant: &TenantId, after: Option<WebhookId>, limit: usize) -> OutlinePage;
        "webhooks.replace" replace(seen: &Webhook, webhook: &Webhook, room: Room) -> Written;
        "webhooks.delete" delete(tenant: &TenantId, id: WebhookId, revision: Option<u64>) -> bool;
        "webhooks.disable" disable(seen: &Webhook, reason: DisableReason, at: Timestamp) -> bool;
    }
    TenantStore {
        "tenants.get" tenant(id: &TenantId) -> Tenant;
        "tenants.is_listed" is_listed(id: &TenantId) -> bool;
        "tenants.set" set_settings(id: &TenantId, settings: &TenantSettings, revision: Option<u64>) -> Option<Tenant>;
        "tenants.revoke" revoke_tokens(id: &TenantId) -> ();
        "tenants.list" tenants(after: Option<&TenantId>, limit: usize) -> TenantPage;
        "tenants.bury" bury(id: &TenantId, tombstone: Tombstone) -> ();
        "tenants.clear" clear(id: &TenantId) -> bool;
        "tenants.revive" revive(id: &TenantId, seen: Tombstone) -> ();
    }
    EventTypeStore {
        "types.all" event_types(owner: &Owner) -> OwnTypes;
        "types.count" count_event_types(owner: &Owner) -> u64;
        "types.add" add_event_type(owner: &Owner, name: &EventType, definition: &Definition, most: u64) -> Added;
        "types.get" event_type(owner: &Owner, name: &EventType) -> Option<OwnType>;
        "types.put" put_event_type(owner: &Owner, name: &EventType, definition: &Definition, revision: Option<u64>) -> Option<u64>;
        "types.delete" delete_event_type(owner: &Owner, name: &EventType, revision: Option<u64>) -> bool;
    }
    BrakeStore {
        "brake.get" brake() -> Option<Brake>;
        "brake.set" set_brake(brake: Brake) -> ();
    }
    RecoveryStore {
        "recoveries.get" recovery(webhook: WebhookId) -> Option<Recovery>;
        "recoveries.save" save_recovery(recovery: &Recovery) -> bool;
        "recoveries.take_turn" take_turn(recovery: &Recovery, times: (Timestamp, Timestamp), most: u64) -> bool;
        "recoveries.end_turn" end_turn(recovery: &Recovery) -> ();
    }
}

impl Port {
    /// Whether this process does not know the circuit of a webhook.
    fn is_unknown_health(&self, webhook: WebhookId) -> bool {
        !self.is_next() && self.environment.versions.is_unknown_health(webhook)
    }
}

impl RouteStore for Port {
    async fn version(&self, tenant: &TenantId) -> Result<u64, Unavailable> {
        self.call("routes.version", async {
            self.take_reads(&format!("T#{tenant}"), read_units(1))?;
            RouteStore::version(&self.environment.registry, tenant).await
        })
        .await
    }

    async fn routes(
        &self,
        tenant: &TenantId,
        after: Option<&str>,
    ) -> Result<RoutePage, Unavailable> {
        self.call("routes.page", async {
            let page = self.environment.registry.routes(tenant, after).await?;
            let bytes = (page.routes.len() + page.unreadable.len()) * BYTES_OF_A_WEBHOOK;
            self.take_reads(&format!("T#{tenant}"), read_units(bytes))?;
            Ok(page)
        })
        .await
    }
}

/// A webhook's item with its secret.
const BYTES_OF_A_WEBHOOK: usize = 1_500;

impl WatchList for Port {
    async fn watch(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        parked: u32,
        now: Timestamp,
    ) -> Result<u64, Unavailable> {
        let watch = self.environment.registry.watch(tenant, webhook, parked, now);
        self.write(&watch_item(webhook), self.call("watches.watch", watch)).await
    }

    async fn watched(
        &self,
        after: Option<WebhookId>,
        limit: usize,
    ) -> Result<Vec<Watch>, Unavailable> {
        self.call("watches.list", self.environment.registry.watched(after, limit)).await
    }

    async fn looked(&self, seen: &Watch, next: Look, released: u64) -> Result<(), Unavailable> {
        let looked = self.environment.registry.looked(seen, next, released);
        self.write(&watch_item(seen.webhook), self.call("watches.looked", looked)).await
    }

    async fn unwatch(&self, seen: &Watch) -> Result<bool, Unavailable> {
        let unwatch = self.environment.registry.unwatch(seen);
        self.write(&watch_item(seen.webhook), self.call("watches.unwatch", unwatch)).await
    }
}

impl HealthStore for Port {
    async fn health(&self, webhook: WebhookId) -> Result<Health, Unavailable> {
        let health = self.call("health.get", self.environment.registry.health(webhook)).await?;
        if self.is_unknown_health(webhook) {
            self.environment.journal.count("met: health of the next version");
            return Err(newer(webhook.to_string(), "its circuit is of the next version"));
        }
        Ok(health)
    }

    async fn healths(&self, webhooks: &[WebhookId]) -> Result<Vec<Health>, Unavailable> {
        self.call("health.get", self.environment.registry.healths(webhooks)).await
    }

    /// Saves the health, and notes what that does to the circuit.
    async fn save_health(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        change: &Change,
    ) -> Result<bool, Unavailable> {
        let registry = &self.environment.registry;
        let save = self.call("health.save", async {
            let before = registry.health(webhook).await?.circuit;
            let saved = registry.save_health(tenant, webhook, change).await?;
            if saved {
                assert!(!self.is_unknown_health(webhook), "{webhook}: its health was written over");
                if self.is_next() {
                    self.environment.versions.write_health(webhook, &self.environment.chance);
                }
                self.environment.journal.circuit_changed(webhook, before, change.health.circuit);
            }
            Ok(saved)
        });
        let mut items = vec![health_item(webhook)];
        items.extend(change.watch.map(|_| watch_item(webhook)));
        items.extend(change.lane.map(|_| webhook.to_string()));
        match items.as_slice() {
            [alone] => self.write(alone, save).await,
            several => self.transaction(several, save).await,
        }
    }

    async fn skip(&self, webhook: WebhookId) -> Result<(), Unavailable> {
        self.call("health.skip", self.environment.registry.skip(webhook)).await
    }
}
