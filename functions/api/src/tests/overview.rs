//! What a list shows of each webhook.

use hooklane_app::ports::{
    DeliveryStore as _, HealthStore as _, WatchList as _, WebhookStore as _,
};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::attempt::Attempt;
use hooklane_domain::delivery::outcome::{AttemptError, ErrorKind, Outcome};
use hooklane_domain::delivery::retry::Next;
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::delivery::{Delivery, MessageId, ParkReason, State, Turn};
use hooklane_domain::ids::{DeliveryId, TenantId, WebhookId};
use hooklane_domain::isolation::circuit::{Circuit, Streak};
use hooklane_domain::isolation::health::{Change, Health};
use hooklane_domain::webhook::DisableReason;

use super::service::Service;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_705_314_600 + seconds).unwrap()
}

fn acme() -> TenantId {
    "acme".parse().unwrap()
}

/// A webhook whose receiver is dead: a failed attempt, a parked delivery and an open circuit.
async fn kill(service: &Service, id: WebhookId) {
    let id_of = |s: i64| DeliveryId::new(id, at(s), format!("e{s}").parse().unwrap());
    let new = |s| Delivery::unwritten(id_of(s), acme(), "order.created".parse().unwrap());
    let error = AttemptError { kind: ErrorKind::Connect, detail: "refused".to_owned() };
    let failed = Attempt {
        number: 1,
        at: at(2),
        duration_ms: 3,
        request_headers: Vec::new(),
        outcome: Outcome::Error(error),
        remarks: Vec::new(),
        measure: hooklane_domain::delivery::attempt::Measure::Unknown,
    };
    let turn = Turn { generation: 1, owner: MessageId("m".to_owned()) };
    let retried = new(1).after(&failed, Next::RetryAt(at(9)), turn);
    let state = State::Parked { since: at(3), due: at(60), reason: ParkReason::Circuit };
    let parked = Delivery {
        state,
        ..new(3).after(
            &failed,
            Next::Exhausted,
            Turn { generation: 1, owner: MessageId("m".to_owned()) },
        )
    };
    for delivery in [retried, parked] {
        service.deps.ledger.save(&delivery).await.unwrap();
    }
    let health = Health {
        circuit: Circuit::Open { since: at(4), probe_at: at(64), probes: 2 },
        streak: Some(Streak { failures: 12, since: at(1), last: at(5) }),
        ..Health::default()
    };
    let registry = &service.deps.registry;
    registry.watch(&acme(), id, 1, at(4)).await.unwrap();
    let change = Change { health, lane: Some(Lane::Slow), watch: None };
    assert!(registry.save_health(&acme(), id, &change).await.unwrap());
    registry.skip(id).await.unwrap();
}

#[tokio::test]
async fn a_dead_receivers_webhook_is_recognised_in_the_list() {
    let service = Service::new();
    let dead = service.webhook().await;
    let fine = service.webhook().await;
    kill(&service, dead.parse().unwrap()).await;
    let list = service.ask("GET", "/webhooks", "").await;
    let rows = list.body["data"].as_array().unwrap();
    assert_eq!((rows[0]["id"].as_str(), rows[1]["id"].as_str()), (Some(&*fine), Some(&*dead)));
    insta::assert_json_snapshot!("health_of_a_dead_receiver", rows[1]["health"], {
        ".newestDelivery.id" => "dlv_…",
    });
    insta::assert_json_snapshot!("health_of_a_new_webhook", rows[0]["health"]);
    let alone = service.ask("GET", &format!("/webhooks/{dead}"), "").await;
    assert_eq!(alone.body, rows[1], "one webhook is shown as the list shows it");
    let changed = service.ask("PATCH", &format!("/webhooks/{dead}"), r#"{"name":"N"}"#).await;
    assert!(changed.body.get("health").is_none(), "a change reads nothing of it");
}

#[tokio::test]
async fn switched_off_paused_and_disabled_are_told_apart() {
    let service = Service::new();
    let [off, paused, disabled] =
        [service.webhook().await, service.webhook().await, service.webhook().await];
    service.ask("PATCH", &format!("/webhooks/{off}"), r#"{"active":false}"#).await;
    service.ask("POST", &format!("/webhooks/{paused}/pause"), "").await;
    let registry = &service.deps.registry;
    let webhook = registry.get(&acme(), disabled.parse().unwrap()).await.unwrap().unwrap();
    registry.disable(&webhook, DisableReason::Gone, at(1)).await.unwrap();
    for (id, status) in [(off, "inactive"), (paused, "paused"), (disabled, "disabled")] {
        let shown = service.ask("GET", &format!("/webhooks/{id}"), "").await.body;
        assert_eq!(
            (shown["status"].as_str(), shown["active"].as_bool()),
            (Some(status), Some(false))
        );
        let listed = service.ask("GET", &format!("/webhooks?status={status}"), "").await.body;
        assert_eq!((&listed["data"][0]["id"], &listed["total"]), (&shown["id"], &1.into()));
    }
}
