use hooklane_catalog::Catalogs;
use hooklane_domain::event::Event;
use hooklane_domain::expression::Verdict;
use hooklane_domain::webhook::network::NetworkRules;
use jiff::SignedDuration;

use hooklane_domain::webhook::headers::MASK;

use super::*;
use crate::catalog::EventCatalog;
use crate::fakes::{FakeSystem, MemoryLedger, MemoryRegistry};
use crate::webhooks::register;

const CATALOG: &str = r#"
description = "All"
source = "Us"
[types."order.created"]
category = "orders"
description = "One"
sample = '{"orderId":"o-1","total":7}'
schema = '{}'
"#;

struct World {
    registry: MemoryRegistry,
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
        let standard = include_str!("../../../../../contracts/standard.toml");
        let github = include_str!("../../../../../contracts/github.toml");
        let contracts = [("standard.toml", standard), ("github.toml", github)];
        Self {
            registry: MemoryRegistry::default(),
            ledger: MemoryLedger::default(),
            system: FakeSystem::at("2024-01-15T10:30:00Z".parse().unwrap()),
            contracts: Contracts::load(contracts).unwrap(),
            network: NetworkRules::default(),
            catalog: EventCatalog::new(Catalogs::load([("hooklane.toml", CATALOG)]).unwrap()),
            quotas: Quotas::default(),
            tenant: "acme".parse().unwrap(),
        }
    }

    fn rules(&self) -> Rules<'_> {
        Rules {
            contracts: &self.contracts,
            network: &self.network,
            catalog: &self.catalog,
            tenant_contract: None,
        }
    }

    async fn register(&self, body: &str) -> Webhook {
        let checked = (self.rules(), &self.quotas);
        register(&self.registry, &self.system, checked, self.tenant.clone(), body).await.unwrap()
    }

    async fn saved(&self, id: WebhookId, body: &str) -> Result<PreviewedRequest, PreviewError> {
        let order = PreviewOrder::read(body).map_err(PreviewError::Invalid)?;
        let stores = (&self.registry, &self.ledger);
        preview_saved(stores, &self.system, self.rules(), (&self.tenant, id), order).await
    }

    async fn unsaved(&self, body: &str) -> Result<PreviewedRequest, PreviewError> {
        let order = PreviewOrder::read_with_draft(body).map_err(PreviewError::Invalid)?;
        let (stores, checked) = ((&self.registry, &self.ledger), (self.rules(), &self.quotas));
        preview_unsaved(stores, &self.system, checked, &self.tenant, order).await
    }
}

fn header<'a>(shown: &'a ShownRequest, name: &str) -> Option<&'a str> {
    let mut found = shown.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
    found.next().map(|(_, value)| value.as_str())
}

const BODY: &str = r#"{"url":"https://example.com:8443/hook?token=s3cret","events":["*"],
    "secret":"the-own-secret","headers":{"Authorization":"Bearer s3cret"},
    "transform":"{'id': event.data.orderId}","filter":"event.data.total > 100"}"#;

/// A receiver with the example's secret accepts the preview, one with the webhook's own does not.
#[tokio::test]
async fn a_preview_is_signed_with_the_example_unless_the_own_secret_is_asked_for() {
    let world = World::new();
    let webhook = world.register(BODY).await;
    let order = r#"{"event":"order.created"}"#;
    let example = world.saved(webhook.id, order).await.unwrap();
    let own = world.saved(webhook.id, r#"{"event":"order.created","secret":"own"}"#).await.unwrap();
    assert_eq!(example.host, "example.com:8443");
    assert!(own.example.is_none());
    let secret: SigningSecret = example.example.unwrap().secret.parse().unwrap();
    for (shown, secret) in [(&example.request, secret), (&own.request, webhook.secret.clone())] {
        let shown = shown.as_ref().unwrap();
        assert_eq!(header(shown, "authorization"), Some(MASK));
        assert!(shown.body.contains(r#""data":{"id":"o-1"}"#), "{}", shown.body);
        // Signed anew with that secret, the same request comes out.
        let at = whole_millisecond(world.system.now());
        let event = header(shown, "webhook-id").unwrap().parse().unwrap();
        let delivery = DeliveryId::new(webhook.id, at, event);
        let data = RawJson::parse(r#"{"id":"o-1"}"#).unwrap();
        let content = content("order.created".parse().unwrap(), data);
        let with = Webhook { secret, ..webhook.clone() };
        let subject =
            Subject { content: &content, delivery: &delivery, webhook: &with, attempt: 1, at };
        let again = world.contracts.get(&webhook.contract).unwrap().request(subject);
        let signature = |headers: &[(String, String)]| {
            let found = headers.iter().find(|(name, _)| name == "webhook-signature");
            found.map(|(_, value)| value.clone()).unwrap()
        };
        assert_eq!(signature(&shown.headers), signature(&again.headers));
        assert_eq!(shown.body, again.body);
    }
    let shown = format!("{:?}", example.request);
    assert!(!shown.contains("s3cret"), "{shown}");
    let rejected = example.expressions.filter.unwrap().unwrap();
    assert_eq!(rejected, Verdict::Rejected, "it is shown whatever the filter says");
}

#[tokio::test]
async fn a_draft_needs_no_url_and_is_written_nowhere() {
    let world = World::new();
    let body = r#"{"webhook":{"contract":"github","eventTypes":[{"type":"ticket.opened","sample":{"t":1}}],
        "headers":{"X-Key":"k"}},"event":"ticket.opened"}"#;
    let shown = world.unsaved(body).await.unwrap();
    assert_eq!((shown.host.as_str(), shown.contract.as_str()), ("example.com", "github"));
    let request = shown.request.unwrap();
    assert_eq!(header(&request, "x-github-event"), Some("ticket.opened"));
    assert!(header(&request, "x-hub-signature-256").unwrap().starts_with("sha256="));
    assert_eq!(header(&request, "x-key"), Some(MASK));
    assert!(request.body.contains("\"t\":1"), "{}", request.body);
    use crate::ports::EventTypeStore as _;
    let owner = hooklane_catalog::Owner::Tenant(world.tenant.clone());
    assert_eq!(world.registry.event_types(&owner).await.unwrap().count(), 0);
    assert!(WebhookStore::list(&world.registry, &world.tenant).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_event_that_was_accepted_is_shown_under_its_own_id_and_time() {
    let world = World::new();
    let webhook = world.register(r#"{"url":"https://example.com/","events":["*"]}"#).await;
    let accepted_at = world.system.now() - SignedDuration::from_hours(5);
    let data = RawJson::parse(r#"{"n":1.50}"#).unwrap();
    let content = content("order.created".parse().unwrap(), data);
    let id: EventId = "mine-1".parse().unwrap();
    let event =
        Event { id: id.clone(), tenant: world.tenant.clone(), content, accepted_at, value: None };
    world.ledger.put(&event).await.unwrap();
    let shown = world.saved(webhook.id, r#"{"eventId":"mine-1"}"#).await.unwrap();
    assert_eq!(shown.event, id);
    let request = shown.request.unwrap();
    assert!(request.body.contains("1.50"), "number text is kept: {}", request.body);
    assert!(request.body.contains("2024-01-15T05:30:00"), "{}", request.body);
    let missing = world.saved(webhook.id, r#"{"eventId":"mine-2"}"#).await;
    assert!(matches!(missing, Err(PreviewError::MissingEvent)), "{missing:?}");
}

#[tokio::test]
async fn what_would_fail_says_why_and_what_is_wrong_is_named() {
    let world = World::new();
    let webhook = world.register(BODY).await;
    let failed = world.saved(webhook.id, r#"{"payload":{"total":1}}"#).await.unwrap();
    let error = failed.request.unwrap_err();
    assert_eq!(error.detail, "transform: there is no event.data.orderId");
    let nobody = world.saved(WebhookId::new(webhook.created_at, 9), "{}").await;
    assert!(matches!(nobody, Err(PreviewError::MissingWebhook)), "{nobody:?}");
    let paths = |result: Result<PreviewedRequest, PreviewError>| match result {
        Err(PreviewError::Invalid(errors)) => {
            errors.into_vec().into_iter().map(|error| error.path).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    for (body, expected) in [
        (r#"{"eventId":"e","event":"a","secret":"mine","x":1}"#, &["secret", "eventId", "x"][..]),
        (r#"{"event":"nobody.knows"}"#, &["event"]),
    ] {
        assert_eq!(paths(world.saved(webhook.id, body).await), expected, "{body}");
    }
    for (body, expected) in [
        ("{}", &["webhook"][..]),
        (r#"{"webhook":7}"#, &["webhook"]),
        (
            r#"{"webhook":{"url":"http://10.0.0.1/","filter":"event.","nonsense":1}}"#,
            &["webhook.url", "webhook.filter", "webhook.nonsense"],
        ),
    ] {
        assert_eq!(paths(world.unsaved(body).await), expected, "{body}");
    }
    let large = format!(r#"{{"payload":"{}"}}"#, "x".repeat(MAX_EVENT_BYTES));
    let large = world.saved(webhook.id, &large).await;
    assert!(matches!(large, Err(PreviewError::TooLarge)), "{large:?}");
}
