//! The registry behind calls that fail.

use hooklane_app::ports::{
    Brakes, EventTypes, Healths, Look, Recoveries, RouteTable, Routes, TenantPage, Tenants,
    Unavailable, Watch, Watches, Webhooks,
};
use hooklane_domain::Timestamp;
use hooklane_domain::brake::Brake;
use hooklane_domain::catalog::{Definition, OwnType, OwnTypes, Owner};
use hooklane_domain::health::{Change, Health};
use hooklane_domain::ids::{EventType, TenantId, WebhookId};
use hooklane_domain::recovery::Recovery;
use hooklane_domain::tenant::{Tenant, TenantSettings};
use hooklane_domain::webhook::{DisableReason, Webhook};

use super::port::Port;

/// Each method of a port, handed on to the registry by way of a call that may fail.
macro_rules! behind_calls {
    ($($port:ident { $($operation:literal $method:ident($($name:ident: $kind:ty),*) -> $answer:ty;)+ })+) => { $(
        impl $port for Port {
            $(
                async fn $method(&self, $($name: $kind),*) -> Result<$answer, Unavailable> {
                    self.call($operation, $port::$method(&self.outside.registry, $($name),*)).await
                }
            )+
        }
    )+ };
}

behind_calls! {
    Webhooks {
        "webhooks.create" create(webhook: &Webhook) -> ();
        "webhooks.get" get(tenant: &TenantId, id: WebhookId) -> Option<Webhook>;
        "webhooks.list" list(tenant: &TenantId) -> Vec<Webhook>;
        "webhooks.update" update(webhook: &Webhook) -> bool;
        "webhooks.delete" delete(tenant: &TenantId, id: WebhookId, revision: Option<u64>) -> bool;
        "webhooks.disable" disable(seen: &Webhook, reason: DisableReason, at: Timestamp) -> bool;
    }
    Routes {
        "routes.version" version(tenant: &TenantId) -> u64;
        "routes.table" table(tenant: &TenantId) -> RouteTable;
    }
    Tenants {
        "tenants.get" tenant(id: &TenantId) -> Tenant;
        "tenants.is_listed" is_listed(id: &TenantId) -> bool;
        "tenants.set" set_settings(id: &TenantId, settings: &TenantSettings, revision: Option<u64>) -> Option<Tenant>;
        "tenants.revoke" revoke_tokens(id: &TenantId) -> ();
        "tenants.list" tenants(after: Option<&TenantId>, limit: usize) -> TenantPage;
        "tenants.remove" remove(id: &TenantId) -> bool;
    }
    EventTypes {
        "types.all" event_types(owner: &Owner) -> OwnTypes;
        "types.get" event_type(owner: &Owner, name: &EventType) -> Option<OwnType>;
        "types.put" put_event_type(owner: &Owner, name: &EventType, definition: &Definition, revision: Option<u64>) -> Option<u64>;
        "types.delete" delete_event_type(owner: &Owner, name: &EventType, revision: Option<u64>) -> bool;
    }
    Watches {
        "watches.watch" watch(tenant: &TenantId, webhook: WebhookId, parked: u32, now: Timestamp) -> u64;
        "watches.list" watched(after: Option<WebhookId>, limit: usize) -> Vec<Watch>;
        "watches.looked" looked(seen: &Watch, next: Look, released: u64) -> ();
        "watches.unwatch" unwatch(seen: &Watch) -> bool;
    }
    Brakes {
        "brake.get" brake() -> Option<Brake>;
        "brake.set" set_brake(brake: Brake) -> ();
    }
    Recoveries {
        "recoveries.get" recovery(webhook: WebhookId) -> Option<Recovery>;
        "recoveries.save" save_recovery(recovery: &Recovery) -> bool;
    }
}

impl Healths for Port {
    async fn health(&self, webhook: WebhookId) -> Result<Health, Unavailable> {
        self.call("health.get", self.outside.registry.health(webhook)).await
    }

    /// With a look at what it does to the circuit.
    async fn save_health(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        change: &Change,
    ) -> Result<bool, Unavailable> {
        let registry = &self.outside.registry;
        self.call("health.save", async {
            let before = registry.health(webhook).await?.circuit;
            let saved = registry.save_health(tenant, webhook, change).await?;
            if saved {
                self.outside.journal.circuit_moved(webhook, before, change.health.circuit);
            }
            Ok(saved)
        })
        .await
    }

    async fn skip(&self, webhook: WebhookId) -> Result<(), Unavailable> {
        self.call("health.skip", self.outside.registry.skip(webhook)).await
    }
}
