//! The use cases over fakes: repeated, concurrent and interrupted requests.

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

#[tokio::test]
async fn one_key_registers_one_webhook() {
    let world = World::new();
    let first = world.once("k", BODY).await.unwrap();
    let spaced = BODY.replace(':', " : ").replace("https : ", "https:");
    let again = world.once("k", &spaced).await.unwrap();
    assert_eq!((again.id, again.secret.expose()), (first.id, first.secret.expose()));
    let other = BODY.replace('*', "a");
    assert!(matches!(world.once("k", &other).await, Err(RegisterError::KeyReused)));
    assert_ne!(world.once("k2", &other).await.unwrap().id, first.id);
    assert_eq!(world.count().await, 2);
}

#[tokio::test]
async fn a_key_is_free_again_after_a_day_and_a_refused_body_uses_none() {
    let world = World::new();
    assert!(matches!(world.once("k", "{}").await, Err(RegisterError::Invalid(_))));
    let first = world.once("k", BODY).await.unwrap();
    world.system.pass(SignedDuration::from_hours(24));
    assert_ne!(world.once("k", &BODY.replace('*', "a")).await.unwrap().id, first.id);
}

#[tokio::test]
async fn a_deleted_webhook_is_not_registered_again_by_its_key() {
    let world = World::new();
    let first = world.once("k", BODY).await.unwrap();
    delete(
        (&world.registry, &world.ledger),
        &world.system,
        (&world.tenant, first.id),
        &Precondition::Any,
    )
    .await
    .unwrap();
    assert!(matches!(world.once("k", BODY).await, Err(RegisterError::Deleted)));
    assert_eq!(world.count().await, 0);
}

#[tokio::test]
async fn concurrent_requests_with_one_key_get_one_webhook() {
    let world = World::new();
    let all = futures::future::join_all((0..8).map(|_| world.once("k", BODY))).await;
    let all: Vec<_> = all.into_iter().map(Result::unwrap).collect();
    assert!(all.iter().all(|w| (w.id, w.secret.expose()) == (all[0].id, all[0].secret.expose())));
    assert_eq!(world.count().await, 1);
}

#[tokio::test]
async fn an_interrupted_registration_is_completed_under_its_key() {
    let world = World::new();
    world.registry.out_of_reach.store(true, Ordering::SeqCst);
    let interrupted = world.once("k", BODY).await;
    assert!(matches!(interrupted, Err(RegisterError::Unavailable(_))));
    assert_eq!(world.count().await, 0);
    let completed = world.once("k", BODY).await.unwrap();
    let again = world.once("k", BODY).await.unwrap();
    assert_eq!((again.id, again.secret.expose()), (completed.id, completed.secret.expose()));
    assert_eq!(world.count().await, 1);
}

#[tokio::test]
async fn a_webhook_that_a_call_stored_before_its_answer_was_lost_is_answered_as_stored() {
    let world = World::new();
    world.registry.loses_answer.store(true, Ordering::SeqCst);
    let webhook = world.webhook().await;
    let stored = world.registry.get(&world.tenant, webhook.id).await.unwrap().unwrap();
    assert_eq!((stored.id, stored.secret.expose()), (webhook.id, webhook.secret.expose()));
    assert_eq!(world.count().await, 1);
}

#[tokio::test]
async fn concurrent_changes_lose_nothing() {
    let world = World::new();
    let id = world.webhook().await.id;
    let bodies = [
        r#"{"name":"N"}"#,
        r#"{"description":"D"}"#,
        r#"{"events":["a"]}"#,
        r#"{"testMode":true}"#,
        r#"{"timeout":7}"#,
        r#"{"headers":{"X-A":"1"}}"#,
    ];
    let all = bodies.map(|body| world.change(id, Precondition::Any, body));
    for changed in futures::future::join_all(all).await {
        changed.unwrap();
    }
    let webhook = world.registry.get(&world.tenant, id).await.unwrap().unwrap();
    assert_eq!((webhook.name.as_str(), webhook.description.as_deref()), ("N", Some("D")));
    assert_eq!((webhook.events[0].to_string(), webhook.test_mode), ("a".to_owned(), true));
    assert_eq!(webhook.timeout.unwrap().seconds(), 7);
    assert_eq!((webhook.headers.iter().count(), webhook.revision), (1, 7));
}

#[tokio::test]
async fn nothing_is_changed_unless_the_precondition_holds() {
    let world = World::new();
    let id = world.webhook().await.id;
    let one_of = |revisions: &[u64]| Precondition::OneOf(revisions.to_vec());
    for wrong in [one_of(&[]), one_of(&[2]), one_of(&[0, 2, 3])] {
        let refused = world.change(id, wrong.clone(), "{}").await;
        assert!(matches!(refused, Err(ChangeError::Changed)), "{wrong:?}");
        let refused =
            delete((&world.registry, &world.ledger), &world.system, (&world.tenant, id), &wrong)
                .await;
        assert!(matches!(refused, Err(ChangeError::Changed)), "{wrong:?}");
    }
    assert_eq!(world.change(id, one_of(&[7, 1]), "{}").await.unwrap().revision, 1, "no change");
    let named = world.change(id, one_of(&[7, 1]), r#"{"name":"N"}"#).await;
    assert_eq!(named.unwrap().revision, 2);
    delete((&world.registry, &world.ledger), &world.system, (&world.tenant, id), &one_of(&[2]))
        .await
        .unwrap();
    for gone in [one_of(&[2]), Precondition::Any] {
        let refused =
            delete((&world.registry, &world.ledger), &world.system, (&world.tenant, id), &gone)
                .await;
        assert!(matches!(refused, Err(ChangeError::Missing)));
        assert!(matches!(world.change(id, gone, "{}").await, Err(ChangeError::Missing)));
    }
}

/// What the operator lists for one tenant is open to that one, when a URL is saved and when it is changed.
#[tokio::test]
async fn finding_12_a_listed_range_is_open_to_the_tenants_that_it_names() {
    let in_range = BODY.replace("example.com", "10.1.2.3");
    for (tenant, is_allowed) in [("acme", true), ("beta", false)] {
        let world = World {
            network: NetworkRules::parse("10.1.0.0/16=acme", "443").unwrap(),
            tenant: tenant.parse().unwrap(),
            ..World::new()
        };
        let owner = world.tenant.clone();
        let registered =
            register(&world.registry, &world.system, world.checked(), owner, &in_range).await;
        assert_eq!(registered.is_ok(), is_allowed, "{tenant}");
        assert_eq!(world.once("k", &in_range).await.is_ok(), is_allowed, "{tenant}");
        let id = world.webhook().await.id;
        let changed = world.change(id, Precondition::Any, r#"{"url":"https://10.1.2.3/"}"#).await;
        assert_eq!(changed.is_ok(), is_allowed, "{tenant}");
    }
}

#[tokio::test]
async fn pausing_and_resuming_are_idempotent() {
    let world = World::new();
    let webhook = world.webhook().await;
    let key = (&world.tenant, webhook.id);
    let paused = pause(&world.registry, &world.system, key).await.unwrap();
    assert!(matches!(paused.state, WebhookState::Paused { .. }));
    world.system.pass(SignedDuration::from_secs(9));
    let again = pause(&world.registry, &world.system, key).await.unwrap();
    assert_eq!((again.state, again.revision), (paused.state, 2));
    let resumed =
        resume(&world.registry, &world.system, key, crate::pausing::Resumption::default())
            .await
            .unwrap();
    assert_eq!((resumed.state, resumed.revision), (WebhookState::Active, 3));
    let again = resume(&world.registry, &world.system, key, crate::pausing::Resumption::default())
        .await
        .unwrap();
    assert_eq!(again.revision, 3);
    assert!(world.registry.disable(&again, DisableReason::Gone, again.updated_at).await.unwrap());
    let held = pause(&world.registry, &world.system, key).await.unwrap();
    assert!(
        matches!(held.state, WebhookState::Disabled { .. }),
        "it stays disabled for its reason"
    );
    let resumed =
        resume(&world.registry, &world.system, key, crate::pausing::Resumption::default())
            .await
            .unwrap();
    assert_eq!(resumed.state, WebhookState::Active);
}

/// A tenant with this many webhooks. Every third is switched off.
async fn with_webhooks(count: u128) -> (World, Tenant) {
    let world = World::new();
    let one = world.webhook().await;
    delete(
        (&world.registry, &world.ledger),
        &world.system,
        (&world.tenant, one.id),
        &Precondition::Any,
    )
    .await
    .unwrap();
    for n in 0..count {
        let state = if n % 3 == 0 { WebhookState::Inactive } else { WebhookState::Active };
        let id = WebhookId::new(one.created_at, n);
        assert!(world.registry.create(&Webhook { id, state, ..one.clone() }).await.unwrap());
    }
    let tenant = world.registry.inner.tenant(&world.tenant).await.unwrap();
    (world, tenant)
}

#[tokio::test]
async fn finding_04_a_page_opens_only_its_own_webhooks() {
    let (world, tenant) = with_webhooks(1_300).await;
    let list = async |filters: &Filters, after, place| {
        list(&world.registry, &tenant, filters, after, place).await.unwrap()
    };
    let number = |webhook: &Webhook| webhook.id.to_string();
    let id = |n: u128| WebhookId::new(world.system.now(), n).to_string();
    let inactive = Filters { active: Some(false), ..Filters::default() };
    for (filters, place, first, total) in [
        (&Filters::default(), (0, 20), Some(id(1_299)), 1_300),
        (&Filters::default(), (1_280, 100), Some(id(19)), 1_300),
        (&Filters::default(), (usize::MAX, 20), None, 1_300),
        (&inactive, (0, 20), Some(id(1_299)), 434),
        (&inactive, (430, 20), Some(id(9)), 434),
    ] {
        world.registry.opened.store(0, Ordering::SeqCst);
        let page = list(filters, None, place).await;
        assert_eq!(page.webhooks.first().map(number), first, "{place:?}");
        assert_eq!(page.total, total, "{place:?}");
        let opened = world.registry.opened.load(Ordering::SeqCst);
        assert_eq!(opened, page.webhooks.len());
        assert!(opened <= place.1);
    }
    assert!(world.registry.largest_page.load(Ordering::SeqCst) <= 500);
    let after = Some(WebhookId::new(world.system.now(), 30));
    for (filters, first, total) in [(&Filters::default(), 29, 1_300), (&inactive, 27, 434)] {
        let page = list(filters, after, (0, 5)).await;
        assert_eq!((page.webhooks.first().map(number), page.total), (Some(id(first)), total));
    }
}

#[tokio::test]
async fn suspected_removal_leaves_no_webhook_wherever_a_registration_falls() {
    for when in ["before", "between", "after"] {
        let world = World::new();
        let (registry, tenant) = (&world.registry.inner, &world.tenant);
        world.webhook().await;
        // The request is checked before the removal, and written at some time during it.
        let checked = world.registry.get(tenant, world.webhook().await.id).await.unwrap().unwrap();
        let late = Webhook { id: WebhookId::new(checked.created_at, 77), ..checked };
        let room = Room::of(&world.quotas, world.system.now());
        let register = async || world.registry.register(&late, room).await.unwrap();
        let tombstone = Tombstone { reusable_from: world.system.now(), emptied: false };
        let mut written = None;
        if when == "before" {
            written = Some(register().await);
        }
        registry.bury(tenant, tombstone).await.unwrap();
        if when == "between" {
            written = Some(register().await);
        }
        while !registry.clear(tenant).await.unwrap() {}
        if when == "after" {
            written = Some(register().await);
        }
        let refused = matches!(written, Some(Written::Refused(Refusal::Removed(_))));
        assert_eq!(refused, when != "before", "{when}");
        assert_eq!(world.count().await, 0, "{when}");
    }
}

/// A receiver that gets no request.
struct NeverAsked;

impl Post for NeverAsked {
    async fn post(&self, to: Destination<'_>, _: WireRequest, _: Duration) -> Sent {
        unreachable!("a request to {:?}", to.url)
    }
}

/// An evaluation takes the instance as the wait for the receiver does, so a test without a place begins none.
#[tokio::test]
async fn finding_14_a_test_is_evaluated_in_its_place_only() {
    let world = World::new();
    let (registry, one) = (&world.registry.inner, world.webhook().await);
    let filter = "event.data.all(x, !('zz' in event.data))".parse().unwrap();
    let id = WebhookId::new(one.created_at, 77);
    assert!(registry.create(&Webhook { id, filter: Some(filter), ..one }).await.unwrap());
    let payload = format!("[{}1]", "1,".repeat(20_000));
    let try_now = || {
        let deps = TestDeps {
            registry,
            ledger: &world.ledger,
            sender: &NeverAsked,
            system: &world.system,
            contracts: &world.contracts,
            catalog: &world.catalog,
            at_once: 1,
        };
        test(deps, (&world.tenant, id), &payload).now_or_never()
    };

    // No heavy evaluation can begin, and one that is asked for waits.
    let turn = evaluation::turn().await.unwrap();
    assert!(try_now().is_none(), "it has the place, and waits for its turn");
    let refused = try_now();
    let expected = Exceeded { quota: QuotaName::ConcurrentTests, limit: 1, used: 1 };
    let too_many =
        matches!(refused, Some(Err(TestError::TooMany(exceeded))) if exceeded == expected);
    assert!(too_many, "{refused:?}");
    drop(turn);
}
