//! The use cases over fakes: repeated, concurrent and interrupted requests.

mod changing;
mod listing;
mod registering;
mod trying;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures::FutureExt as _;
use hooklane_catalog::{Catalogs, Definition, OwnType, OwnTypes, Owner};
use hooklane_contract::WireRequest;
use hooklane_domain::Timestamp;
use hooklane_domain::access::idempotency::IdempotencyKey;
use hooklane_domain::access::quotas::{Exceeded, QuotaName, Quotas, Room};
use hooklane_domain::access::tenant::{Tenant, Tombstone};
use hooklane_domain::ids::{EventType, ExternalId, TenantId, WebhookId};
use hooklane_domain::isolation::health::{Change, Health};
use hooklane_domain::webhook::network::NetworkRules;
use hooklane_domain::webhook::{DisableReason, Webhook, WebhookState};
use jiff::SignedDuration;

use super::*;
use crate::catalog::EventCatalog;
use crate::evaluation;
use crate::fakes::{FakeSystem, MemoryLedger, MemoryRegistry};
use crate::pausing::{pause, resume};
use crate::ports::{
    Added, Destination, EventTypeStore, Expectations, Look, OutlinePage, Post, Refusal, Sent,
    TenantStore as _, Watch, Written,
};

const BODY: &str = r#"{"url":"https://example.com/","events":["*"]}"#;

const CATALOG: &str = r#"
description = "All"
source = "Us"
[types."a"]
category = "all"
description = "One"
sample = '{}'
schema = '{}'
"#;

struct World {
    registry: Slow,
    ledger: MemoryLedger,
    system: FakeSystem,
    contracts: Contracts,
    network: NetworkRules,
    catalog: EventCatalog,
    quotas: Quotas,
    tenant: TenantId,
}

impl World {
    fn new() -> Self {
        let standard = include_str!("../../../../contracts/standard.toml");
        Self {
            registry: Slow::default(),
            ledger: MemoryLedger::default(),
            system: FakeSystem::at("2024-01-15T10:30:00Z".parse().unwrap()),
            contracts: Contracts::load([("standard.toml", standard)]).unwrap(),
            network: NetworkRules::default(),
            catalog: EventCatalog::new(Catalogs::load([("hooklane.toml", CATALOG)]).unwrap()),
            quotas: Quotas::default(),
            tenant: "acme".parse().unwrap(),
        }
    }

    fn checked(&self) -> (Rules<'_>, &Quotas) {
        (self.rules(), &self.quotas)
    }

    fn rules(&self) -> Rules<'_> {
        Rules {
            contracts: &self.contracts,
            network: &self.network,
            catalog: &self.catalog,
            tenant_contract: None,
        }
    }

    async fn webhook(&self) -> Webhook {
        let tenant = self.tenant.clone();
        register(&self.registry, &self.system, self.checked(), tenant, BODY).await.unwrap()
    }

    async fn once(&self, key: &str, body: &str) -> Result<Webhook, RegisterError> {
        let key: IdempotencyKey = key.parse().unwrap();
        let (system, tenant) = (&self.system, self.tenant.clone());
        register_once(&self.registry, &self.ledger, system, self.checked(), (tenant, &key), body)
            .await
    }

    async fn change(
        &self,
        id: WebhookId,
        precondition: Precondition,
        body: &str,
    ) -> Result<Webhook, ChangeError> {
        let key = (&self.tenant, id);
        let body = (body, |_: &Webhook| Map::new());
        change(&self.registry, &self.system, self.checked(), key, &precondition, body).await
    }

    async fn count(&self) -> usize {
        self.registry.list(&self.tenant).await.unwrap().len()
    }
}

/// A registry that yields as a network call would, so that another request runs between a read and a write.
/// It can fail at the next creation, or store the webhook and lose the answer, so that the call is made again.
#[derive(Default)]
struct Slow {
    inner: MemoryRegistry,
    out_of_reach: AtomicBool,
    loses_answer: AtomicBool,
    /// The webhooks that were opened, and the largest page of outlines.
    opened: AtomicUsize,
    largest_page: AtomicUsize,
}

impl WebhookStore for Slow {
    async fn register(&self, webhook: &Webhook, room: Room) -> Result<Written, Unavailable> {
        tokio::task::yield_now().await;
        if self.out_of_reach.swap(false, Ordering::SeqCst) {
            return Err(Unavailable::new("creating", "out of reach"));
        }
        if self.loses_answer.swap(false, Ordering::SeqCst) {
            self.inner.register(webhook, room).await?;
        }
        self.inner.register(webhook, room).await
    }
    async fn refusal(&self, webhook: &Webhook, room: Room) -> Result<Option<Refusal>, Unavailable> {
        let refusal = self.inner.refusal(webhook, room).await;
        tokio::task::yield_now().await;
        refusal
    }
    async fn holder(
        &self,
        tenant: &TenantId,
        external: &ExternalId,
    ) -> Result<Option<WebhookId>, Unavailable> {
        let holder = self.inner.holder(tenant, external).await;
        tokio::task::yield_now().await;
        holder
    }
    async fn get(&self, tenant: &TenantId, id: WebhookId) -> Result<Option<Webhook>, Unavailable> {
        let read = self.inner.get(tenant, id).await;
        tokio::task::yield_now().await;
        read
    }
    async fn some(
        &self,
        tenant: &TenantId,
        ids: &[WebhookId],
    ) -> Result<Vec<Webhook>, Unavailable> {
        self.opened.fetch_add(ids.len(), Ordering::SeqCst);
        self.inner.some(tenant, ids).await
    }
    async fn outlines(
        &self,
        tenant: &TenantId,
        after: Option<WebhookId>,
        limit: usize,
    ) -> Result<OutlinePage, Unavailable> {
        let page = self.inner.outlines(tenant, after, limit).await?;
        self.largest_page.fetch_max(page.outlines.len(), Ordering::SeqCst);
        Ok(page)
    }
    async fn replace(
        &self,
        seen: &Webhook,
        webhook: &Webhook,
        room: Room,
    ) -> Result<Written, Unavailable> {
        self.inner.replace(seen, webhook, room).await
    }
    async fn delete(
        &self,
        tenant: &TenantId,
        id: WebhookId,
        revision: Option<u64>,
    ) -> Result<bool, Unavailable> {
        self.inner.delete(tenant, id, revision).await
    }
    async fn disable(
        &self,
        seen: &Webhook,
        reason: DisableReason,
        at: Timestamp,
    ) -> Result<bool, Unavailable> {
        self.inner.disable(seen, reason, at).await
    }
}

impl HealthStore for Slow {
    async fn health(&self, webhook: WebhookId) -> Result<Health, Unavailable> {
        self.inner.health(webhook).await
    }
    async fn healths(&self, webhooks: &[WebhookId]) -> Result<Vec<Health>, Unavailable> {
        self.inner.healths(webhooks).await
    }
    async fn save_health(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        change: &Change,
    ) -> Result<bool, Unavailable> {
        self.inner.save_health(tenant, webhook, change).await
    }
    async fn skip(&self, webhook: WebhookId) -> Result<(), Unavailable> {
        self.inner.skip(webhook).await
    }
}

impl WatchList for Slow {
    async fn watch(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        parked: u32,
        now: Timestamp,
    ) -> Result<u64, Unavailable> {
        self.inner.watch(tenant, webhook, parked, now).await
    }
    async fn watched(
        &self,
        after: Option<WebhookId>,
        limit: usize,
    ) -> Result<Vec<Watch>, Unavailable> {
        self.inner.watched(after, limit).await
    }
    async fn looked(&self, seen: &Watch, next: Look, released: u64) -> Result<(), Unavailable> {
        self.inner.looked(seen, next, released).await
    }
    async fn unwatch(&self, seen: &Watch) -> Result<bool, Unavailable> {
        self.inner.unwatch(seen).await
    }
}

impl EventTypeStore for Slow {
    async fn event_types(&self, owner: &Owner) -> Result<OwnTypes, Unavailable> {
        self.inner.event_types(owner).await
    }
    async fn count_event_types(&self, owner: &Owner) -> Result<u64, Unavailable> {
        self.inner.count_event_types(owner).await
    }
    async fn event_type(
        &self,
        owner: &Owner,
        name: &EventType,
    ) -> Result<Option<OwnType>, Unavailable> {
        self.inner.event_type(owner, name).await
    }
    async fn add_event_type(
        &self,
        owner: &Owner,
        name: &EventType,
        definition: &Definition,
        most: u64,
    ) -> Result<Added, Unavailable> {
        self.inner.add_event_type(owner, name, definition, most).await
    }
    async fn put_event_type(
        &self,
        owner: &Owner,
        name: &EventType,
        definition: &Definition,
        revision: Option<u64>,
    ) -> Result<Option<u64>, Unavailable> {
        self.inner.put_event_type(owner, name, definition, revision).await
    }
    async fn delete_event_type(
        &self,
        owner: &Owner,
        name: &EventType,
        revision: Option<u64>,
    ) -> Result<bool, Unavailable> {
        self.inner.delete_event_type(owner, name, revision).await
    }
}

impl Expectations for Slow {
    async fn publisher(&self, tenant: &TenantId) -> Result<Tenant, Unavailable> {
        self.inner.publisher(tenant).await
    }
    async fn types_of(&self, owner: &Owner) -> Result<OwnTypes, Unavailable> {
        self.inner.types_of(owner).await
    }
}
