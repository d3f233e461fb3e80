//! The registry's fake with a few hooks: it notes the looks, lets time pass, and goes wrong where a test
//! asks for it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use hooklane_app::fakes::{FakeSystem, MemoryRegistry};
use hooklane_app::ports::{
    BrakeStore, Clock as _, Corrupt, HealthStore, Look, OutlinePage, RecoveryStore, Refusal,
    TenantPage, TenantStore, Unavailable, Watch, WatchList, WebhookIds, WebhookStore, Written,
};
use hooklane_domain::Timestamp;
use hooklane_domain::access::quotas::Room;
use hooklane_domain::access::tenant::{Tenant, TenantSettings, Tombstone};
use hooklane_domain::ids::{ExternalId, TenantId, WebhookId};
use hooklane_domain::isolation::brake::Brake;
use hooklane_domain::isolation::health::{Change, Health};
use hooklane_domain::isolation::recovery::Recovery;
use hooklane_domain::webhook::{DisableReason, Webhook};
use jiff::SignedDuration;

#[derive(Clone)]
pub(super) struct Registry {
    pub(super) stored: MemoryRegistry,
    pub(super) hooks: Arc<Hooks>,
}

pub(super) struct Hooks {
    clock: Arc<FakeSystem>,
    /// The webhooks that were looked at, in order.
    pub(super) looks: Mutex<Vec<WebhookId>>,
    /// Webhooks that cannot be read.
    pub(super) unreadable: Mutex<BTreeSet<WebhookId>>,
    /// The time that passes whenever a webhook is looked at.
    pub(super) time_per_look: Mutex<SignedDuration>,
    /// The time that passes whenever the progress of a recovery is written.
    pub(super) time_per_step: Mutex<SignedDuration>,
    /// The clock ticks by this from the moment a recovery is read.
    pub(super) tick_of_recoveries: Mutex<SignedDuration>,
    /// An instance marks the webhook during the next look at it.
    pub(super) marks_at_look: Mutex<bool>,
    /// Another writer is faster than the next write of a health …
    pub(super) health_conflict: Mutex<bool>,
    /// … or of a recovery.
    pub(super) recovery_conflict: Mutex<bool>,
    /// The webhook whose look ends the function: it never ends, and the test drops the run.
    pub(super) deadly: Mutex<Option<WebhookId>>,
    pub(super) died: AtomicBool,
    /// The brake cannot be read.
    pub(super) brake_is_down: Mutex<bool>,
}

impl Registry {
    pub(super) fn new(stored: MemoryRegistry, clock: Arc<FakeSystem>) -> Self {
        let hooks = Hooks {
            clock,
            looks: Mutex::default(),
            unreadable: Mutex::default(),
            time_per_look: Mutex::new(SignedDuration::ZERO),
            time_per_step: Mutex::new(SignedDuration::ZERO),
            tick_of_recoveries: Mutex::new(SignedDuration::ZERO),
            marks_at_look: Mutex::default(),
            health_conflict: Mutex::default(),
            recovery_conflict: Mutex::default(),
            deadly: Mutex::default(),
            died: AtomicBool::default(),
            brake_is_down: Mutex::default(),
        };
        Self { stored, hooks: Arc::new(hooks) }
    }
}

/// Each method of a port, handed on to the fake.
macro_rules! handed_on {
    ($($port:ident { $($method:ident($($name:ident: $kind:ty),*) -> $answer:ty;)+ })+) => { $(
        impl $port for Registry {
            $(
                async fn $method(&self, $($name: $kind),*) -> Result<$answer, Unavailable> {
                    $port::$method(&self.stored, $($name),*).await
                }
            )+
        }
    )+ };
}

handed_on! {
    TenantStore {
        tenant(id: &TenantId) -> Tenant;
        is_listed(id: &TenantId) -> bool;
        set_settings(id: &TenantId, settings: &TenantSettings, revision: Option<u64>) -> Option<Tenant>;
        revoke_tokens(id: &TenantId) -> ();
        tenants(after: Option<&TenantId>, limit: usize) -> TenantPage;
        bury(id: &TenantId, tombstone: Tombstone) -> ();
        clear(id: &TenantId) -> bool;
        revive(id: &TenantId, seen: Tombstone) -> ();
    }
    WebhookIds {
        webhook_ids(tenant: &TenantId, after: Option<WebhookId>, limit: usize) -> Vec<WebhookId>;
    }
    WatchList {
        watch(tenant: &TenantId, webhook: WebhookId, parked: u32, now: Timestamp) -> u64;
        watched(after: Option<WebhookId>, limit: usize) -> Vec<Watch>;
        looked(seen: &Watch, next: Look, released: u64) -> ();
        unwatch(seen: &Watch) -> bool;
    }
}

impl WebhookStore for Registry {
    async fn register(&self, webhook: &Webhook, room: Room) -> Result<Written, Unavailable> {
        self.stored.register(webhook, room).await
    }

    async fn refusal(&self, webhook: &Webhook, room: Room) -> Result<Option<Refusal>, Unavailable> {
        self.stored.refusal(webhook, room).await
    }

    async fn holder(
        &self,
        tenant: &TenantId,
        external: &ExternalId,
    ) -> Result<Option<WebhookId>, Unavailable> {
        self.stored.holder(tenant, external).await
    }

    async fn some(
        &self,
        tenant: &TenantId,
        ids: &[WebhookId],
    ) -> Result<Vec<Webhook>, Unavailable> {
        self.stored.some(tenant, ids).await
    }

    async fn outlines(
        &self,
        tenant: &TenantId,
        after: Option<WebhookId>,
        limit: usize,
    ) -> Result<OutlinePage, Unavailable> {
        self.stored.outlines(tenant, after, limit).await
    }

    /// The first thing that a look reads.
    async fn get(&self, tenant: &TenantId, id: WebhookId) -> Result<Option<Webhook>, Unavailable> {
        let hooks = &self.hooks;
        hooks.looks.lock().unwrap().push(id);
        if *hooks.deadly.lock().unwrap() == Some(id) {
            hooks.died.store(true, Ordering::SeqCst);
            std::future::pending::<()>().await;
        }
        hooks.clock.pass(*hooks.time_per_look.lock().unwrap());
        if std::mem::take(&mut *hooks.marks_at_look.lock().unwrap()) {
            self.stored.watch(tenant, id, 1, hooks.clock.now()).await?;
        }
        if hooks.unreadable.lock().unwrap().contains(&id) {
            let cause = Corrupt { what: id.to_string(), why: "a test has it so".to_owned() };
            return Err(Unavailable::new("reading a webhook", cause));
        }
        self.stored.get(tenant, id).await
    }

    async fn replace(
        &self,
        seen: &Webhook,
        webhook: &Webhook,
        room: Room,
    ) -> Result<Written, Unavailable> {
        self.stored.replace(seen, webhook, room).await
    }

    async fn delete(
        &self,
        tenant: &TenantId,
        id: WebhookId,
        revision: Option<u64>,
    ) -> Result<bool, Unavailable> {
        self.stored.delete(tenant, id, revision).await
    }

    async fn disable(
        &self,
        seen: &Webhook,
        reason: DisableReason,
        at: Timestamp,
    ) -> Result<bool, Unavailable> {
        self.stored.disable(seen, reason, at).await
    }
}

impl HealthStore for Registry {
    async fn health(&self, webhook: WebhookId) -> Result<Health, Unavailable> {
        self.stored.health(webhook).await
    }

    async fn healths(&self, webhooks: &[WebhookId]) -> Result<Vec<Health>, Unavailable> {
        self.stored.healths(webhooks).await
    }

    async fn save_health(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        change: &Change,
    ) -> Result<bool, Unavailable> {
        if std::mem::take(&mut *self.hooks.health_conflict.lock().unwrap()) {
            return Ok(false);
        }
        self.stored.save_health(tenant, webhook, change).await
    }

    async fn skip(&self, webhook: WebhookId) -> Result<(), Unavailable> {
        self.stored.skip(webhook).await
    }
}

impl BrakeStore for Registry {
    async fn brake(&self) -> Result<Option<Brake>, Unavailable> {
        if *self.hooks.brake_is_down.lock().unwrap() {
            return Err(Unavailable::new("reading the brake", "throttled"));
        }
        self.stored.brake().await
    }

    async fn set_brake(&self, brake: Brake) -> Result<(), Unavailable> {
        self.stored.set_brake(brake).await
    }
}

impl RecoveryStore for Registry {
    async fn recovery(&self, webhook: WebhookId) -> Result<Option<Recovery>, Unavailable> {
        self.hooks.clock.tick(*self.hooks.tick_of_recoveries.lock().unwrap());
        self.stored.recovery(webhook).await
    }

    async fn save_recovery(&self, recovery: &Recovery) -> Result<bool, Unavailable> {
        self.hooks.clock.pass(*self.hooks.time_per_step.lock().unwrap());
        if std::mem::take(&mut *self.hooks.recovery_conflict.lock().unwrap()) {
            return Ok(false);
        }
        self.stored.save_recovery(recovery).await
    }

    async fn take_turn(
        &self,
        recovery: &Recovery,
        times: (Timestamp, Timestamp),
        most: u64,
    ) -> Result<bool, Unavailable> {
        self.stored.take_turn(recovery, times, most).await
    }

    async fn end_turn(&self, recovery: &Recovery) -> Result<(), Unavailable> {
        self.stored.end_turn(recovery).await
    }
}
