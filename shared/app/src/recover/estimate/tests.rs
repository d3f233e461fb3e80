use hooklane_domain::delivery::{Delivery, FailReason};
use hooklane_domain::event::{Content, Event};
use hooklane_domain::event_index::Chunk;
use hooklane_domain::json::RawJson;
use hooklane_domain::webhook::Essentials;
use hooklane_domain::webhook::target::TargetUrl;

use super::*;
use crate::fakes::{MemoryLedger, MemoryRegistry};
use crate::ports::EventIndexWriter as _;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(1_705_314_600_000 + ms).unwrap()
}

fn acme() -> TenantId {
    "acme".parse().unwrap()
}

fn webhook_id() -> WebhookId {
    WebhookId::new(at(0), 1)
}

struct World {
    registry: MemoryRegistry,
    ledger: MemoryLedger,
}

impl World {
    async fn with_filter(filter: Option<&str>) -> Self {
        let registry = MemoryRegistry::default();
        let essentials = Essentials {
            id: webhook_id(),
            tenant: acme(),
            url: TargetUrl::from_stored("https://example.com/").unwrap(),
            events: vec!["order.*".parse().unwrap()],
            secret: "a-signing-secret".parse().unwrap(),
            contract: "standard".parse().unwrap(),
            created_at: at(0),
        };
        let filter = filter.map(|text| text.parse().unwrap());
        registry.create(&Webhook { filter, ..Webhook::new(essentials) }).await.unwrap();
        Self { registry, ledger: MemoryLedger::default() }
    }

    async fn publish(&self, n: i64, kind: &str) {
        let event = Event {
            id: format!("evt-{n}").parse().unwrap(),
            tenant: acme(),
            content: Content {
                event_type: kind.parse().unwrap(),
                data: RawJson::parse(&format!(r#"{{"n":{n}}}"#)).unwrap(),
                metadata: None,
                timestamp: None,
                version: None,
                test: false,
            },
            accepted_at: at(n),
            value: None,
        };
        EventStore::put(&self.ledger, &event).await.unwrap();
        self.ledger.index(&event, at(n));
    }

    async fn fail(&self, n: i64) {
        let id = DeliveryId::new(webhook_id(), at(n), format!("evt-{n}").parse().unwrap());
        let fresh = Delivery::unwritten(id, acme(), "order.created".parse().unwrap());
        self.ledger.save(&fresh.failed(at(n), FailReason::Exhausted)).await.unwrap();
    }

    async fn counts(&self, (since, until): (i64, i64), status: WantedStatus) -> (Count, Count) {
        let wanted = Wanted { since: at(since), until: at(until), status };
        let key = (&acme(), webhook_id());
        let estimate = estimate(&self.registry, &self.ledger, key, wanted).await.unwrap();
        (estimate.failed, estimate.skipped)
    }
}

fn exactly(count: u64) -> Count {
    Count { count, capped: false }
}

#[tokio::test]
async fn it_counts_what_a_recovery_would_send_and_sends_nothing() {
    let world = World::with_filter(None).await;
    for n in 0..20 {
        world.publish(n, if n % 2 == 0 { "order.created" } else { "user.created" }).await;
    }
    // Before the webhook was registered.
    world.publish(-5, "order.created").await;
    for n in [0, 2, 4] {
        world.fail(n).await;
    }
    let all = (-10, 100);
    for (span, status, failed, skipped) in [
        (all, WantedStatus::Any, 3, 7),
        (all, WantedStatus::Failed, 3, 0),
        (all, WantedStatus::Skipped, 0, 7),
        ((2, 6), WantedStatus::Any, 2, 1),
        ((4, 4), WantedStatus::Any, 1, 0),
        ((50, 60), WantedStatus::Any, 0, 0),
    ] {
        let counted = world.counts(span, status).await;
        assert_eq!(counted, (exactly(failed), exactly(skipped)), "{span:?} {status:?}");
    }
    let wanted = Wanted { since: at(5), until: at(4), status: WantedStatus::Any };
    let key = (&acme(), webhook_id());
    let backwards = estimate(&world.registry, &world.ledger, key, wanted).await;
    assert!(matches!(backwards, Err(RecoverError::Backwards)), "{backwards:?}");
    let wanted = Wanted { since: at(4), ..wanted };
    let key = (&"other".parse().unwrap(), webhook_id());
    let theirs = estimate(&world.registry, &world.ledger, key, wanted).await;
    assert!(matches!(theirs, Err(RecoverError::Missing)), "{theirs:?}");
}

#[tokio::test]
async fn a_filter_is_asked_about_each_event_up_to_a_limit() {
    let world = World::with_filter(Some("event.data.n < 5")).await;
    for n in 0..200 {
        world.publish(n, "order.created").await;
    }
    let counted = world.counts((0, 199), WantedStatus::Skipped).await.1;
    assert_eq!(counted, exactly(5));
    world.publish(200, "order.created").await;
    let counted = world.counts((0, 200), WantedStatus::Skipped).await.1;
    // The oldest of them was not read any more.
    assert_eq!(counted, Count { count: 4, capped: true });
}

#[tokio::test]
async fn counting_ends_whatever_is_stored() {
    let world = World::with_filter(None).await;
    let entry = |n: i64| Entry {
        accepted_at: at(n),
        id: format!("evt-{n}").parse().unwrap(),
        event_type: "order.created".parse().unwrap(),
        test: false,
        bytes: None,
        value: None,
    };
    for chunk in Chunk::of_events((0..4_001).map(entry).collect()) {
        world.ledger.keep(&acme(), &chunk, at(0)).await.unwrap();
    }
    let before = world.ledger.requests();
    let counted = world.counts((0, 10_000), WantedStatus::Any).await;
    assert_eq!(counted, (exactly(0), Count { count: 4_000, capped: true }));
    // Of each page: the chunks of its events and of ten seconds before, and the deliveries by hundreds.
    let requests = world.ledger.requests() - before;
    assert!(requests <= 1 + INDEX_PAGES * (2 + 4), "{requests}");
    for n in 0..3_000 {
        world.fail(n).await;
    }
    let counted = world.counts((0, 10_000), WantedStatus::Failed).await.0;
    assert_eq!(counted, exactly(3_000));
}
