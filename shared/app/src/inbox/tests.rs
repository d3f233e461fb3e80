//! Receiving over fakes. What a signature says is tested where contracts are.

use hooklane_domain::Timestamp;
use hooklane_domain::access::tenant::TenantSettings;
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::inbox::{MOST_PER_MINUTE, Verdict};
use hooklane_domain::webhook::target::TargetUrl;
use hooklane_domain::webhook::{Essentials, Webhook};
use jiff::SignedDuration;

use super::*;
use crate::fakes::{FakeSystem, MemoryLedger, MemoryRegistry};
use crate::ports::WebhookStore as _;

struct World {
    registry: MemoryRegistry,
    ledger: MemoryLedger,
    system: FakeSystem,
    network: NetworkRules,
    contracts: Contracts,
    tenant: TenantId,
}

impl World {
    fn new() -> Self {
        let now: Timestamp = "2024-01-15T10:30:00Z".parse().unwrap();
        let network = NetworkRules::default().with_inboxes("https://hooks.example.com").unwrap();
        Self {
            registry: MemoryRegistry::default(),
            ledger: MemoryLedger::default(),
            system: FakeSystem::at(now),
            network,
            contracts: Contracts::default(),
            tenant: "acme".parse().unwrap(),
        }
    }

    async fn change(&self, body: &str) -> Result<Inbox, InboxError> {
        let tenant = self.registry.tenant(&self.tenant).await?;
        change(&self.registry, &self.system, &self.network, &tenant, body).await
    }

    async fn move_away(&self) -> Result<Inbox, InboxError> {
        let tenant = self.registry.tenant(&self.tenant).await?;
        change_url(&self.registry, &self.system, &self.network, &tenant).await
    }

    async fn send(&self, token: &InboxToken) -> Reception {
        let arrival = Arrival { method: "POST", headers: &[], body: b"{}", at: self.system.now() };
        let stores = (&self.registry, &self.ledger);
        receive(stores, (&self.contracts, &self.network), token, arrival).await.unwrap()
    }

    async fn kept(&self) -> Vec<KeptRequest> {
        let now = self.system.now();
        let page = self.ledger.kept_requests(&self.tenant, None, 100, now).await.unwrap();
        page.requests
    }
}

#[tokio::test]
async fn only_an_inbox_that_is_on_takes_requests_and_only_under_its_url() {
    let world = World::new();
    let wrong = InboxToken::new(world.tenant.clone(), [9; 32]);
    assert_eq!(world.send(&wrong).await, Reception::Missing, "there is none");
    let inbox = world.change(r#"{"enabled":true,"answer":{"status":410}}"#).await.unwrap();
    assert_eq!(world.send(&wrong).await, Reception::Missing);
    let other = InboxToken::new("beta".parse().unwrap(), [9; 32]);
    assert_eq!(world.send(&other).await, Reception::Missing);
    assert_eq!(world.send(&inbox.token).await, Reception::Kept(inbox.answer));
    assert_eq!(inbox.answer.status(), 410);

    let moved = world.move_away().await.unwrap();
    assert_eq!(world.send(&inbox.token).await, Reception::Missing, "the old URL");
    assert_eq!(world.send(&moved.token).await, Reception::Kept(inbox.answer));
    world.change(r#"{"enabled":false}"#).await.unwrap();
    assert_eq!(world.send(&moved.token).await, Reception::Missing, "it is off");
    assert_eq!(world.kept().await.len(), 2, "what was kept stays");

    let off = World { network: NetworkRules::default(), ..world };
    off.registry.save_inbox(&Inbox { on: true, revision: 4, ..moved.clone() }).await.unwrap();
    assert_eq!(off.send(&moved.token).await, Reception::Missing, "the operator turned them off");
    assert!(matches!(off.change("{}").await, Err(InboxError::Off)));
}

/// What was kept stays, and the inbox is as it was when the operator turns it on again.
#[tokio::test]
async fn the_operator_turns_one_tenants_inbox_off_and_on_again() {
    let world = World::new();
    let inbox = world.change(r#"{"enabled":true}"#).await.unwrap();
    let set = async |inbox_off: bool| {
        let settings = TenantSettings { inbox_off, ..TenantSettings::default() };
        world.registry.set_settings(&world.tenant, &settings, None).await.unwrap();
    };
    assert_eq!(world.send(&inbox.token).await, Reception::Kept(inbox.answer));
    set(true).await;
    assert_eq!(world.send(&inbox.token).await, Reception::Missing);
    assert!(matches!(world.change(r#"{"enabled":true}"#).await, Err(InboxError::Off)));
    assert!(matches!(world.move_away().await, Err(InboxError::Off)));
    assert_eq!(world.kept().await.len(), 1, "it was neither counted nor kept");
    set(false).await;
    assert_eq!(world.send(&inbox.token).await, Reception::Kept(inbox.answer));
}

#[tokio::test]
async fn a_request_over_the_limit_is_not_kept_and_says_when_to_come_back() {
    let world = World::new();
    let inbox = world.change(r#"{"enabled":true}"#).await.unwrap();
    for _ in 0..MOST_PER_MINUTE {
        assert_eq!(world.send(&inbox.token).await, Reception::Kept(inbox.answer));
    }
    world.system.pass(SignedDuration::from_secs(15));
    assert_eq!(world.send(&inbox.token).await, Reception::Full { seconds: 45 });
    assert_eq!(world.kept().await.len(), 60);
    world.system.pass(SignedDuration::from_secs(45));
    assert_eq!(world.send(&inbox.token).await, Reception::Kept(inbox.answer));
}

#[tokio::test]
async fn only_webhooks_of_the_tenant_with_the_inboxs_url_are_asked() {
    let world = World::new();
    let inbox = world.change(r#"{"enabled":true}"#).await.unwrap();
    let url = url_of(&world.network, &inbox.token).unwrap();
    let now = world.system.now();
    let webhook = |n: u128, tenant: &str, url: &str| {
        Webhook::new(Essentials {
            id: WebhookId::new(now, n),
            tenant: tenant.parse().unwrap(),
            url: TargetUrl::from_stored(url).unwrap(),
            events: vec!["*".parse().unwrap()],
            secret: "your-webhook-secret".parse().unwrap(),
            contract: "standard".parse().unwrap(),
            created_at: now,
        })
    };
    for other in [webhook(1, "acme", "https://example.com/"), webhook(2, "beta", &url)] {
        world.registry.create(&other).await.unwrap();
    }
    assert!(world.registry.webhooks_at(&world.tenant, &url, 20).await.unwrap().is_empty());
    let ours = webhook(3, "acme", &url);
    world.registry.create(&ours).await.unwrap();
    let found = world.registry.webhooks_at(&world.tenant, &url, 20).await.unwrap();
    assert_eq!(found.iter().map(|webhook| webhook.id).collect::<Vec<_>>(), [ours.id]);
    world.send(&inbox.token).await;
    assert_eq!(world.kept().await[0].verdict, Verdict::NoWebhook, "no contract is loaded here");
}

/// The loop that must not exist: something that arrives becomes an event.
#[tokio::test]
async fn what_arrives_becomes_no_event() {
    let world = World::new();
    let inbox = world.change(r#"{"enabled":true}"#).await.unwrap();
    let body = br#"{"id":"e1","type":"user.created","data":{},"tenantId":"acme"}"#;
    let headers = [("authorization".to_owned(), "Bearer the-operator-key".to_owned())];
    let arrival = Arrival { method: "POST", headers: &headers, body, at: world.system.now() };
    let stores = (&world.registry, &world.ledger);
    receive(stores, (&world.contracts, &world.network), &inbox.token, arrival).await.unwrap();
    assert!(world.ledger.all_events().is_empty() && world.ledger.all_deliveries().is_empty());
}

#[tokio::test]
async fn an_inbox_goes_with_its_tenant() {
    let world = World::new();
    let inbox = world.change(r#"{"enabled":true}"#).await.unwrap();
    assert!(world.registry.is_listed(&world.tenant).await.unwrap());
    world.registry.remove(&world.tenant).await.unwrap();
    assert_eq!(world.send(&inbox.token).await, Reception::Missing);
}
