use hooklane_domain::Timestamp;
use hooklane_domain::delivery::attempt::{Attempt, Measure};
use hooklane_domain::delivery::outcome::{AttemptError, Response};
use hooklane_domain::delivery::retry::Next;
use hooklane_domain::delivery::{CancelReason, MessageId, Turn};
use hooklane_domain::event::SearchKey;
use hooklane_domain::event::{Content, Event};
use hooklane_domain::json::RawJson;
use hooklane_domain::webhook::target::TargetUrl;
use hooklane_domain::webhook::{Essentials, Webhook};

use super::*;
use crate::fakes::{Faults, MemoryLedger, MemoryRegistry};

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(1_705_314_600_000 + ms).unwrap()
}

fn acme() -> TenantId {
    "acme".parse().unwrap()
}

fn webhook_id(n: u128) -> WebhookId {
    WebhookId::new(at(0), n)
}

struct World {
    registry: MemoryRegistry,
    requests: Faults,
    ledger: MemoryLedger,
}

impl World {
    async fn with_webhooks(count: u128) -> Self {
        let requests = Faults::default();
        let registry = MemoryRegistry::with_faults(requests.clone());
        for n in 0..count {
            let webhook = Webhook::new(Essentials {
                id: webhook_id(n),
                tenant: acme(),
                url: TargetUrl::from_stored("https://example.com/").unwrap(),
                events: vec!["*".parse().unwrap()],
                secret: "a-signing-secret".parse().unwrap(),
                contract: "standard".parse().unwrap(),
                created_at: at(0),
            });
            registry.create(&webhook).await.unwrap();
        }
        Self { registry, requests, ledger: MemoryLedger::default() }
    }

    async fn publish(&self, n: i64, metadata: &str) -> Event {
        let metadata = RawJson::parse(metadata).unwrap();
        let value = key().digest_in(&metadata);
        let content = Content {
            event_type: "order.created".parse().unwrap(),
            data: RawJson::parse("{}").unwrap(),
            metadata: Some(metadata),
            timestamp: None,
            version: None,
            test: false,
        };
        let id = format!("evt-{n}").parse().unwrap();
        let event = Event { id, tenant: acme(), content, accepted_at: at(n), value };
        EventStore::put(&self.ledger, &event).await.unwrap();
        self.ledger.index(&event, at(n));
        event
    }

    /// A delivery of an event, after these outcomes.
    async fn deliver(&self, n: i64, webhook: u128, outcomes: &[Outcome]) -> DeliveryId {
        let id = DeliveryId::new(webhook_id(webhook), at(n), format!("evt-{n}").parse().unwrap());
        let mut delivery =
            Delivery::unwritten(id.clone(), acme(), "order.created".parse().unwrap());
        for (number, outcome) in (1..).zip(outcomes) {
            let attempt = Attempt {
                measure: Measure::Unknown,
                number,
                at: at(n + 20_000 * i64::from(number)),
                duration_ms: 5,
                request_headers: Vec::new(),
                outcome: outcome.clone(),
                remarks: Vec::new(),
            };
            let next = match outcome.is_success() {
                true => Next::Delivered,
                false => Next::RetryAt(at(n + 60_000)),
            };
            if !outcome.is_success() {
                self.ledger.keep_attempt(&delivery, &attempt).await.unwrap();
            }
            let turn = Turn { generation: 0, owner: MessageId("m".to_owned()) };
            delivery = delivery.after(&attempt, next, turn);
        }
        self.ledger.save(&delivery).await.unwrap();
        id
    }

    async fn find(&self, search_for: &Search, limit: usize) -> Vec<DeliveryId> {
        let (mut found, mut cursor) = (Vec::new(), None::<String>);
        for _ in 0..100 {
            let asked = (cursor.as_deref(), limit);
            let page =
                search(&self.registry, &self.ledger, &acme(), search_for, asked).await.unwrap();
            assert_eq!(page.unreadable, 0);
            found.extend(page.deliveries.into_iter().map(|delivery| delivery.id));
            cursor = page.next;
            if cursor.is_none() {
                return found;
            }
        }
        panic!("the search has no end");
    }

    /// The table requests of the first page, and the page.
    async fn counted(&self, search_for: &Search) -> (usize, Found) {
        let requests = || self.requests.requests() + self.ledger.requests();
        let before = requests();
        let page = search(&self.registry, &self.ledger, &acme(), search_for, (None, 20)).await;
        (requests() - before, page.unwrap())
    }
}

fn key() -> SearchKey {
    "orderId".parse().unwrap()
}

fn code(status: u16) -> Outcome {
    Outcome::Answered(Response {
        status,
        status_text: String::new(),
        headers: Vec::new(),
        body: String::new(),
    })
}

fn error(kind: ErrorKind) -> Outcome {
    Outcome::Error(AttemptError { kind, detail: "no".to_owned() })
}

#[tokio::test]
async fn each_thing_is_found_by_its_way() {
    let world = World::with_webhooks(3).await;
    for n in 0..6 {
        world.publish(n, &format!(r#"{{"orderId":"o-{}"}}"#, n % 2)).await;
    }
    let busy = world.deliver(0, 0, &[code(503), code(503), code(200)]).await;
    let slow = world.deliver(1, 0, &[error(ErrorKind::Timeout), code(503)]).await;
    let good = world.deliver(2, 0, &[code(200)]).await;
    let other = world.deliver(2, 1, &[code(503)]).await;
    let late = world.deliver(5, 2, &[]).await;

    let all = Search::default();
    let order = |ids: &[&DeliveryId]| ids.iter().copied().cloned().collect::<Vec<_>>();
    for limit in [1, 2, 100] {
        for (name, search_for, expected) in [
            ("everything", all.clone(), order(&[&late, &other, &good, &slow, &busy])),
            ("a delivery", Search { delivery: Some(slow.clone()), ..all.clone() }, order(&[&slow])),
            (
                "a delivery of another webhook",
                Search {
                    delivery: Some(slow.clone()),
                    webhook: Some(webhook_id(1)),
                    ..all.clone()
                },
                vec![],
            ),
            (
                "an event: by webhook, newest first",
                Search { event: Some(good.event().clone()), ..all.clone() },
                order(&[&other, &good]),
            ),
            (
                "an event at a webhook",
                Search {
                    event: Some(good.event().clone()),
                    webhook: Some(webhook_id(0)),
                    ..all.clone()
                },
                order(&[&good]),
            ),
            (
                "an event that is not there",
                Search { event: Some("evt-99".parse().unwrap()), ..all.clone() },
                vec![],
            ),
            (
                "any attempt of a webhook, also of what was delivered since",
                Search {
                    webhook: Some(webhook_id(0)),
                    answered: Some(Answered::Code(503)),
                    ..all.clone()
                },
                order(&[&slow, &busy]),
            ),
            (
                "a kind of error that is not the last",
                Search {
                    webhook: Some(webhook_id(0)),
                    answered: Some(Answered::Error(ErrorKind::Timeout)),
                    ..all.clone()
                },
                order(&[&slow]),
            ),
            (
                "a success",
                Search {
                    webhook: Some(webhook_id(0)),
                    answered: Some(Answered::Code(200)),
                    ..all.clone()
                },
                order(&[&good, &busy]),
            ),
            (
                "the last attempt, of all webhooks",
                Search {
                    statuses: Some(UNDELIVERED.to_vec()),
                    answered: Some(Answered::Code(503)),
                    ..all.clone()
                },
                order(&[&other, &slow]),
            ),
            (
                "a value of metadata",
                Search { metadata: key().digest("o-1"), ..all.clone() },
                order(&[&late, &slow]),
            ),
            (
                "a value of metadata at a webhook and in a time",
                Search {
                    metadata: key().digest("o-0"),
                    webhook: Some(webhook_id(0)),
                    accepted: TimeRange::new(Some(at(1)), None),
                    ..all.clone()
                },
                order(&[&good]),
            ),
            (
                "a value that no event has",
                Search { metadata: key().digest("o-2"), ..all.clone() },
                vec![],
            ),
            (
                "a status that no index has",
                Search { statuses: Some(vec![Status::Delivered]), ..all.clone() },
                order(&[&good, &busy]),
            ),
        ] {
            assert_eq!(world.find(&search_for, limit).await, expected, "{name}, {limit}");
        }
    }
}

#[tokio::test]
async fn what_is_not_the_tenants_is_not_found() {
    let world = World::with_webhooks(1).await;
    world.publish(0, r#"{"orderId":"o-0"}"#).await;
    let id = world.deliver(0, 0, &[code(503)]).await;
    let other = "other".parse().unwrap();
    for search_for in [
        Search::default(),
        Search { delivery: Some(id.clone()), ..Search::default() },
        Search { event: Some(id.event().clone()), ..Search::default() },
        Search { metadata: key().digest("o-0"), ..Search::default() },
    ] {
        let asked = (None, 9);
        let page = search(&world.registry, &world.ledger, &other, &search_for, asked).await;
        assert_eq!(page.unwrap(), Found::default(), "{search_for:?}");
    }
    let of_webhook = Search { webhook: Some(webhook_id(0)), ..Search::default() };
    let page = search(&world.registry, &world.ledger, &other, &of_webhook, (None, 9)).await;
    assert!(matches!(page, Err(SearchError::MissingWebhook)), "{page:?}");
    let wrong = Search { event: Some(id.event().clone()), ..Search::default() };
    let page = search(&world.registry, &world.ledger, &acme(), &wrong, (Some("x"), 9)).await;
    assert!(matches!(page, Err(SearchError::Cursor)), "{page:?}");
}

/// A delivery that failed a hundred times in the same way is listed once; the list ends.
#[tokio::test]
async fn a_delivery_with_many_such_attempts_is_listed_once() {
    let world = World::with_webhooks(1).await;
    let mut expected = Vec::new();
    for n in 0..30 {
        expected.insert(0, world.deliver(n, 0, &vec![code(500); 9]).await);
    }
    let search_for = Search {
        webhook: Some(webhook_id(0)),
        answered: Some(Answered::Code(500)),
        ..Search::default()
    };
    for limit in [1, 7, 100] {
        let mut found = world.find(&search_for, limit).await;
        found.sort_by_key(|id| std::cmp::Reverse(id.accepted_ms()));
        assert_eq!(found, expected, "{limit}");
    }
}

/// A thousand webhooks with a hundred deliveries each. However many there are, a page makes this many requests.
#[tokio::test]
async fn a_page_makes_a_bounded_number_of_table_requests() {
    let world = World::with_webhooks(1_000).await;
    for n in 0..100 {
        let value = if n == 3 { r#"{"orderId":"rare"}"# } else { r#"{"orderId":"usual"}"# };
        world.publish(n, value).await;
        for webhook in 0..1_000 {
            let id =
                DeliveryId::new(webhook_id(webhook), at(n), format!("evt-{n}").parse().unwrap());
            let fresh = Delivery::unwritten(id, acme(), "order.created".parse().unwrap());
            let done = fresh.cancelled(at(n), CancelReason::Requested);
            world.ledger.save(&done).await.unwrap();
        }
    }
    let all = Search::default();
    let one = DeliveryId::new(webhook_id(7), at(7), "evt-7".parse().unwrap());
    for (name, search_for, found, most) in [
        ("a delivery", Search { delivery: Some(one.clone()), ..all.clone() }, 1, 1),
        ("an event", Search { event: Some(one.event().clone()), ..all.clone() }, 20, 13),
        (
            "an event at a webhook",
            Search {
                event: Some(one.event().clone()),
                webhook: Some(webhook_id(7)),
                ..all.clone()
            },
            1,
            3,
        ),
        ("a rare value", Search { metadata: key().digest("rare"), ..all.clone() }, 20, 32),
        ("a usual value", Search { metadata: key().digest("usual"), ..all.clone() }, 20, 32),
        (
            "a webhook",
            Search {
                webhook: Some(webhook_id(7)),
                event_type: Some("user.created".parse().unwrap()),
                ..all.clone()
            },
            0,
            26,
        ),
        (
            "a code at a webhook",
            Search {
                webhook: Some(webhook_id(7)),
                answered: Some(Answered::Code(503)),
                ..all.clone()
            },
            0,
            22,
        ),
        ("all", all.clone(), 20, 1_026),
        (
            "a type that is nowhere",
            Search { event_type: Some("user.created".parse().unwrap()), ..all.clone() },
            0,
            1_026,
        ),
        (
            "a code anywhere",
            Search {
                statuses: Some(UNDELIVERED.to_vec()),
                answered: Some(Answered::Code(503)),
                ..all.clone()
            },
            0,
            3_026,
        ),
    ] {
        let (requests, page) = world.counted(&search_for).await;
        assert!(requests <= most, "{name}: {requests}");
        assert_eq!(page.deliveries.len(), found, "{name}");
        assert_eq!(page.is_cut, page.next.is_some() && found == 0, "{name}");
    }
}
