use hooklane_domain::delivery::FailReason;
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::ids::EventId;
use hooklane_domain::webhook::target::TargetUrl;
use hooklane_domain::webhook::{Essentials, Webhook};
use jiff::SignedDuration;

use super::*;
use crate::fakes::{FakeSystem, MemoryLedger, MemoryQueues, MemoryRegistry};

fn now() -> Timestamp {
    "2024-01-15T10:30:00Z".parse().unwrap()
}

fn acme() -> TenantId {
    "acme".parse().unwrap()
}

fn webhook_id() -> WebhookId {
    WebhookId::new(now(), 1)
}

struct World {
    registry: MemoryRegistry,
    ledger: MemoryLedger,
    queues: MemoryQueues,
    system: FakeSystem,
}

impl World {
    async fn new() -> Self {
        let registry = MemoryRegistry::default();
        let webhook = Webhook::new(Essentials {
            id: webhook_id(),
            tenant: acme(),
            url: TargetUrl::from_stored("https://example.com/").unwrap(),
            events: vec!["*".parse().unwrap()],
            secret: "a-signing-secret".parse().unwrap(),
            contract: "standard".parse().unwrap(),
            created_at: now(),
        });
        registry.create(&webhook).await.unwrap();
        let queues = MemoryQueues::at(now(), 360);
        Self { registry, ledger: MemoryLedger::default(), queues, system: FakeSystem::at(now()) }
    }

    async fn write(&self, n: i64, state: State) -> DeliveryId {
        let event: EventId = format!("evt-{n}").parse().unwrap();
        let accepted_at = now() - SignedDuration::from_secs(1_000 - n);
        let id = DeliveryId::new(webhook_id(), accepted_at, event);
        let fresh = Delivery::unwritten(id.clone(), acme(), "a".parse().unwrap());
        self.ledger.save(&Delivery { state, attempts: 1, ..fresh }).await.unwrap();
        id
    }

    async fn ask(&self, request: Request, ids: &[DeliveryId]) -> Vec<Result<Status, String>> {
        let asked = (request, ids.to_vec());
        let answers = each(&self.ledger, &self.queues, &self.system, &acme(), asked).await;
        assert!(answers.iter().map(|answer| &answer.id).eq(ids), "in their order");
        let status = |answer: Answer| match answer.result {
            Ok(delivery) => Ok(delivery.status()),
            Err(error) => Err(error.to_string()),
        };
        answers.into_iter().map(status).collect()
    }
}

fn failed() -> State {
    State::Failed { at: now(), reason: FailReason::Exhausted }
}

fn later_today() -> State {
    let next_attempt_at = now() + SignedDuration::from_hours(3);
    State::Waiting { next_attempt_at, owner: None }
}

#[tokio::test]
async fn each_delivery_has_its_own_result_and_a_second_request_does_nothing() {
    let world = World::new().await;
    let delivered = State::Delivered { at: now() };
    let ids = [
        world.write(1, failed()).await,
        world.write(2, delivered).await,
        world.write(3, later_today()).await,
        DeliveryId::new(webhook_id(), now(), "none".parse().unwrap()),
    ];
    let expected = [
        Ok(Status::Retrying),
        Err("the delivery is delivered".to_owned()),
        Ok(Status::Retrying),
        Err("the tenant has no such delivery".to_owned()),
    ];
    for round in 1..=3 {
        assert_eq!(world.ask(Request::Retry, &ids).await, expected, "{round}");
        assert_eq!(world.queues.count(Lane::Slow), 2, "one message for each, {round}");
        world.system.pass(SignedDuration::from_secs(60));
    }
    // A message that has not come for long counts as lost.
    world.system.pass(SignedDuration::from_mins(20));
    world.ask(Request::Retry, &ids).await;
    assert_eq!(world.queues.count(Lane::Slow), 4);

    let expected = [
        Ok(Status::Cancelled),
        Err("the delivery is delivered".to_owned()),
        Ok(Status::Cancelled),
        Err("the tenant has no such delivery".to_owned()),
    ];
    for round in 1..=2 {
        assert_eq!(world.ask(Request::Cancel, &ids).await, expected, "{round}");
    }
    // What Hooklane cancelled itself was not cancelled by request.
    let reason = CancelReason::WebhookDeleted;
    let gone = world.write(5, State::Cancelled { at: now(), reason }).await;
    let refused = world.ask(Request::Cancel, &[gone]).await;
    assert_eq!(refused, [Err("the delivery is cancelled".to_owned())]);
}

#[tokio::test]
async fn nobody_changes_another_tenants_deliveries() {
    let world = World::new().await;
    let id = world.write(1, failed()).await;
    for request in [Request::Retry, Request::Cancel] {
        let (asked, other) = ((request, vec![id.clone()]), "other".parse().unwrap());
        let answers = each(&world.ledger, &world.queues, &world.system, &other, asked).await;
        assert!(matches!(answers[0].result, Err(RequestError::Missing)));
    }
    assert_eq!(world.queues.count(Lane::Slow), 0);
}

fn search_of(body: &str, request: Request) -> Search {
    match Order::read(body, request).unwrap().which {
        Which::Matching { search, .. } => *search,
        Which::These(_) => panic!("{body} has a filter"),
    }
}

#[tokio::test]
async fn a_filter_is_counted_and_its_deliveries_are_listed_by_hundreds() {
    let world = World::new().await;
    for n in 0..250 {
        world.write(n, failed()).await;
    }
    world.write(300, later_today()).await;
    let stores = (&world.registry, &world.ledger);
    for (body, expected) in [
        (r#"{"filter":{}}"#, 250),
        (r#"{"filter":{"status":["retrying"]}}"#, 1),
        (r#"{"filter":{"status":["retrying","failed"]}}"#, 251),
        (r#"{"filter":{"event":"b"}}"#, 0),
        (r#"{"filter":{"since":"2024-01-15T10:13:20Z","until":"2024-01-15T10:13:30Z"}}"#, 10),
    ] {
        let search = search_of(body, Request::Retry);
        let counted = count(stores.0, stores.1, &acme(), &search).await.unwrap();
        assert_eq!(counted, Count { count: expected, capped: false }, "{body}");
    }
    let search = search_of(r#"{"filter":{}}"#, Request::Retry);
    let (mut sizes, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = matching(stores.0, stores.1, &acme(), &search, cursor.as_deref()).await.unwrap();
        sizes.push(page.deliveries.len());
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(sizes, [100, 100, 50]);
    assert_eq!(world.queues.count(Lane::Slow), 0, "nothing was done");
}

#[tokio::test]
async fn a_count_ends_after_a_few_pages() {
    let world = World::new().await;
    for n in 0..4_001 {
        world.write(n, failed()).await;
    }
    let search = search_of(r#"{"filter":{}}"#, Request::Retry);
    let before = world.ledger.requests();
    let counted = count(&world.registry, &world.ledger, &acme(), &search).await.unwrap();
    assert_eq!(counted, Count { count: 4_000, capped: true });
    let requests = world.ledger.requests() - before;
    assert!(requests <= 12, "{requests}");
}

#[test]
fn an_order_names_deliveries_or_a_filter() {
    let read = Order::read(r#"{"deliveries":["dlv_1","x"]}"#, Request::Retry).unwrap();
    let these = Which::These(vec!["dlv_1".to_owned(), "x".to_owned()]);
    assert_eq!(read, Order { which: these, dry_run: false });
    let usual = search_of(r#"{"filter":{},"dryRun":true}"#, Request::Cancel);
    assert_eq!(usual.statuses, Some(vec![Status::Pending, Status::Retrying]));
    let hundred_and_one: Vec<_> = (0..101).map(|n| format!("\"d{n}\"")).collect();
    let many = format!("{{\"deliveries\":[{}]}}", hundred_and_one.join(","));
    for (body, request, paths) in [
        ("{}", Request::Retry, &["deliveries"][..]),
        (r#"{"deliveries":["a"],"filter":{}}"#, Request::Retry, &["filter"]),
        (r#"{"deliveries":["a","b","a"]}"#, Request::Retry, &["deliveries[2]"]),
        (
            r#"{"deliveries":["a"],"dryRun":true,"cursor":"x"}"#,
            Request::Retry,
            &["dryRun", "cursor"],
        ),
        (r#"{"deliveries":7}"#, Request::Retry, &["deliveries"]),
        (&many, Request::Retry, &["deliveries"]),
        (r#"{"filter":{"status":["delivered"]}}"#, Request::Retry, &["filter.status[0]"]),
        (r#"{"filter":{"status":["failed"]}}"#, Request::Cancel, &["filter.status[0]"]),
        (
            r#"{"filter":{"webhook":"x","externalId":"a b","since":"soon","y":1},"z":1}"#,
            Request::Cancel,
            &["filter.webhook", "filter.externalId", "filter.since", "filter.y", "z"],
        ),
    ] {
        let errors = Order::read(body, request).unwrap_err().into_vec();
        let found: Vec<_> = errors.iter().map(|error| error.path.as_str()).collect();
        assert_eq!(found, paths, "{body}");
    }
}
