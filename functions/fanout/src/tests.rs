mod canary;
mod dead_letters;
mod deaths;
mod faults;
mod large;
mod metrics;
mod spans;
mod telling;

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Arc;

use hooklane_app::deadline::Deadline;
use hooklane_app::fakes::{
    FakeSystem, Faults, MemoryBus, MemoryLedger, MemoryQueues, MemoryRegistry,
};
use hooklane_app::ports::{Clock as _, RouteStore, Unavailable, WebhookStore as _};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::message::{Deliver, Message, Payload};
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::ids::WebhookId;
use hooklane_domain::webhook::target::TargetUrl;
use hooklane_domain::webhook::{Essentials, Webhook, WebhookState};

use crate::{Answer, Batch, Deps, Fanout, Ports};

/// The fakes, over one registry or another.
struct Fakes<R = MemoryRegistry>(PhantomData<R>);

impl<R: RouteStore> Ports for Fakes<R> {
    type Routes = R;
    type Queues = MemoryQueues;
    type DeadLetters = MemoryQueues;
    type Bus = MemoryBus;
    type Ledger = MemoryLedger;
    type System = FakeSystem;
}

type Fake = Fanout<Fakes>;

fn over<R: RouteStore>(routes: R, queues: MemoryQueues) -> Fanout<Fakes<R>> {
    Fanout::new(Deps {
        routes,
        queues,
        dead_letters: MemoryQueues::at(at(NOW), 360),
        bus: None,
        strikes: MemoryLedger::default(),
        system: FakeSystem::at(at(NOW)),
    })
}

impl<R: RouteStore> Fanout<Fakes<R>> {
    async fn handle_all(&self, batch: Batch) -> Result<Answer, Unavailable> {
        self.handle(batch, Deadline::never()).await
    }
}

const NOW: &str = "2024-01-15T10:30:00Z";

const SAMPLE: &str = include_str!("../../../events/fanout.json");

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn webhook(n: u128, tenant: &str, events: &[&str]) -> Webhook {
    let created_at = at("2024-01-01T00:00:00Z");
    Webhook::new(Essentials {
        id: WebhookId::new(created_at, n),
        tenant: tenant.parse().unwrap(),
        url: TargetUrl::from_stored("https://example.com/hook").unwrap(),
        events: events.iter().map(|e| e.parse().unwrap()).collect(),
        secret: "a-signing-secret".parse().unwrap(),
        contract: "standard".parse().unwrap(),
        created_at,
    })
}

async fn fanout(webhooks: &[Webhook]) -> Fake {
    let registry = MemoryRegistry::default();
    for webhook in webhooks {
        registry.create(webhook).await.unwrap();
    }
    over(registry, MemoryQueues::at(at(NOW), 360))
}

fn batch(text: &str) -> Batch {
    serde_json::from_str(text).unwrap()
}

/// The deliveries sent so far.
fn sent<R: RouteStore>(fanout: &Fanout<Fakes<R>>) -> Vec<Deliver> {
    std::iter::from_fn(|| {
        let received = fanout.queues.receive(Lane::Fast);
        (!received.is_empty()).then_some(received)
    })
    .flatten()
    .map(|received| {
        let Message::Deliver(deliver) = Message::decode(&received.body).unwrap();
        deliver
    })
    .collect()
}

fn webhooks_of(deliveries: &[Deliver]) -> Vec<WebhookId> {
    deliveries.iter().map(|d| d.delivery.webhook()).collect()
}

#[tokio::test]
async fn each_active_webhook_of_the_tenant_that_subscribed_gets_one_message() {
    let inactive = Webhook { state: WebhookState::Inactive, ..webhook(4, "acme", &["*"]) };
    let late = Webhook { created_at: at("2024-02-01T00:00:00Z"), ..webhook(5, "acme", &["*"]) };
    let testing = Webhook { test_mode: true, ..webhook(6, "acme", &["*"]) };
    let wanted = [webhook(1, "acme", &["order.created"]), webhook(2, "acme", &["order.*", "*"])];
    let others = [
        webhook(3, "acme", &["user.*"]),
        inactive,
        late,
        testing,
        webhook(7, "other", &["order.created"]),
    ];
    let fanout = fanout(&[wanted.as_slice(), others.as_slice()].concat()).await;
    assert_eq!(fanout.handle_all(batch(SAMPLE)).await.unwrap(), Answer::default());
    let deliveries = sent(&fanout);
    assert_eq!(webhooks_of(&deliveries), [wanted[0].id, wanted[1].id]);
    let first = &deliveries[0];
    assert_eq!((first.generation, first.tenant.as_str()), (0, "acme"));
    assert_eq!(first.delivery.event().as_str(), "order-1001-created");
    assert_eq!(first.accepted_at(), at("2024-01-15T10:30:00Z"));
    let Some(Payload::Plain(content)) = &first.payload else {
        panic!("the message carries a small event")
    };
    assert_eq!(content.data.as_str(), r#"{"orderId":"1001","total":99.99}"#);
}

#[tokio::test]
async fn a_filter_decides_and_one_that_fails_lets_the_event_through() {
    let filtered = |n, filter: &str| Webhook {
        filter: Some(filter.parse().unwrap()),
        ..webhook(n, "acme", &["*"])
    };
    let webhooks = [
        filtered(1, "event.data.total > 99.0 && event.tenant == 'acme'"),
        filtered(2, "event.data.total > 100.0"),
        filtered(3, "event.data.nothing == 1"),
        webhook(4, "acme", &["*"]),
        filtered(5, "event.type.startsWith('user.')"),
    ];
    let fanout = fanout(&webhooks).await;
    fanout.handle_all(batch(SAMPLE)).await.unwrap();
    let mut reached = webhooks_of(&sent(&fanout));
    reached.sort();
    assert_eq!(reached, [webhooks[0].id, webhooks[2].id, webhooks[3].id]);
}

#[tokio::test]
async fn events_for_one_webhook_share_a_message_where_they_may() {
    let fanout = fanout(&[webhook(1, "acme", &["*"]), webhook(2, "acme", &["*"])]).await;
    fanout.queues.share("3".parse().unwrap());
    let records = [1, 2, 3, 4].map(|n| deaths::record("acme", &format!("e{n}"), n));
    fanout.handle_all(deaths::batch_of(&records)).await.unwrap();
    let shared = fanout.queues.bodies().into_iter().map(|body| {
        let each = Message::decode_each(&body).unwrap();
        let of_one = |Message::Deliver(deliver): &Message| {
            (deliver.delivery.webhook(), deliver.delivery.event().to_string())
        };
        each.iter().map(of_one).collect::<Vec<_>>()
    });
    let (first, second) = (webhook(1, "acme", &["*"]).id, webhook(2, "acme", &["*"]).id);
    let of = |webhook, events: &[&str]| {
        events.iter().map(|event| (webhook, (*event).to_owned())).collect::<Vec<_>>()
    };
    let expected = [
        of(first, &["e1", "e2", "e3"]),
        of(second, &["e1", "e2", "e3"]),
        of(first, &["e4"]),
        of(second, &["e4"]),
    ];
    assert_eq!(shared.collect::<Vec<_>>(), expected);
}

/// What they evaluate takes processor time, of which an invocation has enough for ten deliveries.
#[tokio::test]
async fn a_webhook_with_a_filter_or_a_transform_shares_no_message() {
    let filter = Some("event.data.total > 1.0".parse().unwrap());
    let transform = Some("event.data".parse().unwrap());
    let webhooks = [
        webhook(1, "acme", &["*"]),
        Webhook { filter, ..webhook(2, "acme", &["*"]) },
        Webhook { transform, ..webhook(3, "acme", &["*"]) },
    ];
    let fanout = fanout(&webhooks).await;
    fanout.queues.share("10".parse().unwrap());
    let records = [1, 2, 3].map(|n| deaths::record("acme", &format!("e{n}"), n));
    fanout.handle_all(deaths::batch_of(&records)).await.unwrap();
    let mut sizes = BTreeMap::<_, Vec<_>>::new();
    for body in fanout.queues.bodies() {
        let each = Message::decode_each(&body).unwrap();
        let Message::Deliver(first) = &each[0];
        sizes.entry(first.delivery.webhook()).or_default().push(each.len());
    }
    let expected = [vec![3], vec![1, 1, 1], vec![1, 1, 1]];
    assert_eq!(sizes, webhooks.iter().map(|webhook| webhook.id).zip(expected).collect());
}

#[tokio::test]
async fn a_replayed_record_names_the_same_deliveries() {
    let fanout = fanout(&[webhook(1, "acme", &["*"])]).await;
    for _ in 0..2 {
        fanout.handle_all(batch(SAMPLE)).await.unwrap();
    }
    let deliveries = sent(&fanout);
    assert_eq!(deliveries.len(), 2);
    assert_eq!(deliveries[0], deliveries[1]);
}

#[tokio::test]
async fn a_webhook_that_was_created_a_moment_ago_misses_nothing() {
    let fanout = fanout(&[webhook(1, "acme", &["*"])]).await;
    fanout.handle_all(batch(SAMPLE)).await.unwrap();
    fanout.routes.registry().create(&webhook(2, "acme", &["*"])).await.unwrap();
    fanout.handle_all(batch(SAMPLE)).await.unwrap();
    assert_eq!(sent(&fanout).len(), 3);
    let id = webhook(1, "acme", &["*"]).id;
    fanout.routes.registry().delete(&"acme".parse().unwrap(), id, None).await.unwrap();
    fanout.handle_all(batch(SAMPLE)).await.unwrap();
    assert_eq!(webhooks_of(&sent(&fanout)), [webhook(2, "acme", &["*"]).id]);
}

#[tokio::test]
async fn subscriptions_are_read_again_only_when_their_version_has_changed() {
    let faults = Faults::default();
    let registry = MemoryRegistry::with_faults(faults.clone());
    registry.create(&webhook(1, "acme", &["*"])).await.unwrap();
    let fanout = over(registry, MemoryQueues::at(at(NOW), 360));
    fanout.handle_all(batch(SAMPLE)).await.unwrap();
    // One call of the registry: the version.
    faults.die_after(1);
    fanout.handle_all(batch(SAMPLE)).await.unwrap();
    faults.revive();
    fanout.routes.registry().create(&webhook(2, "acme", &["*"])).await.unwrap();
    faults.die_after(1);
    assert!(fanout.handle_all(batch(SAMPLE)).await.is_err(), "it needs another call");
    faults.revive();
    fanout.handle_all(batch(SAMPLE)).await.unwrap();
    assert_eq!(sent(&fanout).len(), 4);
}

#[tokio::test]
async fn one_event_reaches_a_thousand_webhooks() {
    let webhooks: Vec<_> = (0..1_000).map(|n| webhook(n, "acme", &["order.*"])).collect();
    let fanout = fanout(&webhooks).await;
    fanout.handle_all(batch(SAMPLE)).await.unwrap();
    let mut reached = webhooks_of(&sent(&fanout));
    reached.sort();
    reached.dedup();
    assert_eq!(reached.len(), 1_000);
}

#[tokio::test]
async fn a_record_that_can_never_be_processed_is_dead_lettered_and_does_not_affect_the_others() {
    let fanout = fanout(&[webhook(1, "acme", &["*"])]).await;
    let good = &batch(SAMPLE).records[0];
    let no_image = good.get().replace("\"NewImage\"", "\"OtherImage\"");
    let no_content = good.get().replace("\"c\":", "\"q\":");
    let bad_tenant = good.get().replace("\"S\": \"acme\"", "\"S\": \"a b\"");
    let text = format!(
        r#"{{"Records":[{{"nonsense":true}},{no_image},{no_content},{bad_tenant},{}]}}"#,
        good.get()
    );
    assert_eq!(fanout.handle_all(batch(&text)).await.unwrap(), Answer::default());
    assert_eq!(sent(&fanout).len(), 1);
    let letters = fanout.dead_letters.all_dead_letters();
    assert_eq!(letters.len(), 4);
    assert!(letters.iter().all(|letter| !letter.reason.is_empty()));
    assert_eq!(letters[0].body, r#"{"nonsense":true}"#);
}

#[tokio::test]
async fn other_changes_of_the_ledger_are_ignored() {
    let fanout = fanout(&[webhook(1, "acme", &["*"])]).await;
    let changed = SAMPLE.replace("INSERT", "MODIFY");
    let delivery = SAMPLE.replace("\"S\": \"EVENT\"", "\"S\": \"DL#000\"");
    for text in [changed, delivery] {
        fanout.handle_all(batch(&text)).await.unwrap();
    }
    assert!(sent(&fanout).is_empty() && fanout.dead_letters.all_dead_letters().is_empty());
}

#[tokio::test]
async fn a_slow_webhooks_deliveries_go_straight_to_the_retry_queue() {
    let slow = Webhook { lane: Lane::Slow, ..webhook(1, "acme", &["*"]) };
    let fanout = fanout(&[slow.clone(), webhook(2, "acme", &["*"])]).await;
    fanout.handle_all(batch(SAMPLE)).await.unwrap();
    assert_eq!(webhooks_of(&sent(&fanout)), [webhook(2, "acme", &["*"]).id]);
    let retry = fanout.queues.receive(Lane::Slow);
    let Message::Deliver(deliver) = Message::decode(&retry[0].body).unwrap();
    assert_eq!((retry.len(), deliver.delivery.webhook()), (1, slow.id));
}

#[tokio::test]
async fn an_operational_event_is_not_sent_to_the_webhook_it_is_about() {
    let hooks = [1, 2].map(|n| webhook(n, "acme", &["webhook.failing", "*"]));
    let all = webhook(3, "acme", &["*"]);
    let fanout = fanout(&[hooks.as_slice(), &[all]].concat()).await;
    let about = format!(r#""data\":{{\"webhookId\":\"{}\"}}"#, hooks[0].id);
    let text = SAMPLE
        .replace("order.created", "webhook.failing")
        .replace(r#""data\":{\"orderId\":\"1001\",\"total\":99.99}"#, &about);
    assert!(text.contains(&about), "the sample changed");
    fanout.handle_all(batch(&text)).await.unwrap();
    assert_eq!(
        webhooks_of(&sent(&fanout)),
        [hooks[1].id],
        "wildcards do not match it, and the webhook itself is left out"
    );
}

const RECORDS: &[&str] = &[SAMPLE];

proptest::proptest! {
    /// Lambda would not deliver a batch that is no JSON. In any other damaged batch, each record is fanned
    /// out, dead-lettered or ignored: none fails the batch, which would block the shard.
    #[test]
    fn damaged_records_do_not_fail_the_batch(text in hooklane_fuzz::damaged(RECORDS)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let fanout = fanout(&[webhook(1, "acme", &["*"])]).await;
            if let Ok(batch) = serde_json::from_str::<Batch>(&text) {
                assert_eq!(fanout.handle_all(batch).await.unwrap(), Answer::default());
            }
        });
    }
}
