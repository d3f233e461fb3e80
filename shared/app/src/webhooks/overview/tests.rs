use hooklane_domain::delivery::attempt::Attempt;
use hooklane_domain::delivery::outcome::{AttemptError, ErrorKind, Outcome};
use hooklane_domain::delivery::retry::Next;
use hooklane_domain::delivery::{MessageId, ParkReason, State, Turn};
use hooklane_domain::ids::DeliveryId;
use hooklane_domain::isolation::circuit::{Circuit, Streak};
use hooklane_domain::isolation::health::Change;
use hooklane_domain::webhook::Essentials;
use hooklane_domain::webhook::target::TargetUrl;

use super::*;
use crate::fakes::{MemoryLedger, MemoryRegistry};
use crate::ports::{HealthStore as _, WatchList as _};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn webhook(n: u128) -> Webhook {
    Webhook::new(Essentials {
        id: WebhookId::new(at(0), n),
        tenant: "acme".parse().unwrap(),
        url: TargetUrl::from_stored("https://example.com/").unwrap(),
        events: vec!["*".parse().unwrap()],
        secret: "a-signing-secret".parse().unwrap(),
        contract: "standard".parse().unwrap(),
        created_at: at(0),
    })
}

fn delivery(webhook: &Webhook, seconds: i64) -> Delivery {
    let id = DeliveryId::new(webhook.id, at(seconds), format!("e{seconds}").parse().unwrap());
    Delivery::unwritten(id, webhook.tenant.clone(), "a".parse().unwrap())
}

fn failed(seconds: i64) -> Attempt {
    let error = AttemptError { kind: ErrorKind::Connect, detail: "refused".to_owned() };
    let outcome = Outcome::Error(error);
    Attempt {
        number: 1,
        at: at(seconds),
        duration_ms: 1,
        request_headers: Vec::new(),
        outcome,
        remarks: Vec::new(),
        measure: hooklane_domain::delivery::attempt::Measure::Unknown,
    }
}

#[tokio::test]
async fn each_webhook_of_a_page_shows_how_it_is_doing() {
    let (registry, ledger) = (MemoryRegistry::default(), MemoryLedger::default());
    let all: Vec<_> = (0..3).map(webhook).collect();
    let (failing, fine) = (&all[0], &all[2]);
    let turn = Turn { generation: 1, owner: MessageId("m".to_owned()) };
    let retried = delivery(failing, 1).after(&failed(2), Next::RetryAt(at(99)), turn.clone());
    let parked = State::Parked { since: at(3), due: at(60), reason: ParkReason::Circuit };
    let parked = Delivery { state: parked, ..delivery(failing, 3) };
    let ended = delivery(fine, 4).after(&failed(5), Next::Exhausted, turn);
    for delivery in [&retried, &parked, &ended] {
        ledger.save(delivery).await.unwrap();
    }
    let health = Health {
        circuit: Circuit::Open { since: at(4), probe_at: at(60), probes: 0 },
        streak: Some(Streak { failures: 12, since: at(1), last: at(9) }),
        ..Health::default()
    };
    let change = Change { health, lane: None, watch: None };
    registry.save_health(&failing.tenant, failing.id, &change).await.unwrap();
    registry.watch(&failing.tenant, failing.id, 1, at(4)).await.unwrap();

    let seen = overviews(&registry, &ledger, &failing.tenant, &all).await.unwrap();
    let seen: Vec<_> = seen.into_iter().map(Option::unwrap).collect();
    assert_eq!((seen[0].waiting, seen[0].parked), (2, 1));
    assert_eq!(seen[0].newest_delivery.as_ref().unwrap().id, parked.id);
    assert_eq!(seen[0].last_attempt_at(), Some(at(9)), "of another delivery than the newest");
    assert!(!seen[0].health.circuit.is_closed());
    assert_eq!(seen[1], Overview::default());
    assert_eq!(seen[1].last_attempt_at(), None);
    assert_eq!((seen[2].waiting, seen[2].last_attempt_at()), (0, Some(at(5))));
    let other = "other".parse().unwrap();
    let strange = overviews(&registry, &ledger, &other, &all[2..]).await.unwrap();
    assert_eq!(
        strange[0].as_ref().unwrap().newest_delivery,
        None,
        "another tenant's deliveries do not exist"
    );
}

#[tokio::test]
async fn an_unreadable_delivery_hides_no_older_one() {
    let (registry, ledger) = (MemoryRegistry::default(), MemoryLedger::default());
    let webhook = webhook(1);
    for seconds in [1, 2] {
        ledger.save(&delivery(&webhook, seconds)).await.unwrap();
    }
    ledger.corrupt(delivery(&webhook, 2).id);
    let all = std::slice::from_ref(&webhook);
    let seen = overviews(&registry, &ledger, &webhook.tenant, all).await.unwrap();
    let newest = seen[0].as_ref().unwrap().newest_delivery.as_ref();
    assert_eq!(newest.unwrap().id, delivery(&webhook, 1).id);
}

/// A registry in which the health of one webhook cannot be read back.
struct OneUnreadable(WebhookId);

impl VitalsStore for OneUnreadable {
    async fn vitals(&self, webhooks: &[WebhookId]) -> Result<Vec<Vitals>, Unavailable> {
        let health = |id: &WebhookId| (*id != self.0).then(Health::default);
        Ok(webhooks.iter().map(|id| Vitals { health: health(id), is_watched: true }).collect())
    }
}

#[tokio::test]
async fn an_unreadable_health_hides_no_other_webhook() {
    let all: Vec<_> = (0..3).map(webhook).collect();
    let (registry, ledger) = (OneUnreadable(all[1].id), MemoryLedger::default());
    let seen = overviews(&registry, &ledger, &all[0].tenant, &all).await.unwrap();
    assert_eq!(seen, [Some(Overview::default()), None, Some(Overview::default())]);
}
