//! Every answer with a delivery that waits says when its next attempt is, or who must act.

use hooklane_app::ports::{DeliveryStore as _, HealthStore as _, Saved};
use hooklane_domain::delivery::{Delivery, MessageId, ParkReason, State};
use hooklane_domain::ids::DeliveryId;
use hooklane_domain::isolation::circuit::Circuit;
use hooklane_domain::isolation::health::{Change, Health};
use lambda_http::http::StatusCode;
use serde_json::Value;

use super::lists::ago;
use super::service::{Answer, Service};

fn waiting(seconds: i64) -> State {
    let owner = Some(MessageId("m1".to_owned()));
    State::Waiting { next_attempt_at: ago(-seconds), owner }
}

fn parked(reason: ParkReason) -> State {
    State::Parked { since: ago(600), due: ago(600), reason }
}

async fn save(service: &Service, webhook: &str, event: &str, state: State) -> DeliveryId {
    let id = DeliveryId::new(webhook.parse().unwrap(), ago(900), event.parse().unwrap());
    let new = Delivery::unwritten(id, "acme".parse().unwrap(), "order.created".parse().unwrap());
    let saved = service.deps.ledger.save(&Delivery { state, ..new }).await.unwrap();
    assert!(matches!(saved, Saved::Yes(_)));
    DeliveryId::new(webhook.parse().unwrap(), ago(900), event.parse().unwrap())
}

async fn open_circuit(service: &Service, webhook: &str, probe_in: i64) {
    let id = webhook.parse().unwrap();
    let stored = service.deps.registry.health(id).await.unwrap();
    let circuit = Circuit::Open { since: ago(900), probe_at: ago(-probe_in), probes: 1 };
    let change = Change { health: Health { circuit, ..stored }, lane: None, watch: None };
    let tenant = "acme".parse().unwrap();
    assert!(service.deps.registry.save_health(&tenant, id, &change).await.unwrap());
}

fn next(row: &Value) -> (Option<&str>, &str) {
    (row["nextAttemptAt"].as_str(), row["nextAttemptReason"].as_str().unwrap())
}

fn row<'a>(answer: &'a Answer, list: &str, event: &str) -> &'a Value {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let rows = answer.body[list].as_array().unwrap();
    rows.iter().find(|row| row["eventId"] == event).unwrap()
}

#[tokio::test]
async fn every_answer_tells_the_next_attempt_by_the_present_state_of_the_webhook() {
    let service = Service::new();
    let webhook = service.webhook().await;
    let path = format!("/webhooks/{webhook}");
    let queued = save(&service, &webhook, "e1", waiting(30)).await;
    let held = save(&service, &webhook, "e2", parked(ParkReason::Paused)).await;
    open_circuit(&service, &webhook, 120).await;
    service.ask("POST", "/events", r#"{"id":"e1","type":"order.created","data":{}}"#).await;
    let probe = Some("2024-01-15T10:32:00.000Z");
    for (method, more, body, at, reason) in [
        ("POST", "/pause", "", None, "webhook_paused"),
        ("POST", "/resume", "", probe, "circuit_probe"),
        ("PATCH", "", r#"{"active":false}"#, None, "webhook_inactive"),
        // Resuming makes the probe due.
        ("POST", "/resume", "", Some("2024-01-15T10:30:30.000Z"), "circuit_probe"),
    ] {
        let step = service.ask(method, &format!("{path}{more}"), body).await;
        assert_eq!(step.status, StatusCode::OK);
        let list = service.ask("GET", &format!("{path}/deliveries"), "").await;
        let undelivered = service.ask("GET", "/deliveries", "").await;
        for event in ["e1", "e2"] {
            let shown = row(&list, "data", event);
            assert_eq!(shown["nextAttemptReason"], reason, "{event}");
            assert_eq!(row(&undelivered, "data", event), shown);
        }
        assert_eq!(next(row(&list, "data", "e1")), (at, reason), "{more}");
        let one = service.ask("GET", &format!("{path}/deliveries/{held}"), "").await;
        assert_eq!(&one.body["nextAttemptAt"], &row(&list, "data", "e2")["nextAttemptAt"]);
        assert_eq!(one.body["reason"], "paused", "why it was parked stays");
    }
    open_circuit(&service, &webhook, 120).await;
    let retried = service.ask("POST", &format!("/webhooks/deliveries/{queued}/retry"), "").await;
    assert_eq!(next(&retried.body), (probe, "circuit_probe"));
    assert_eq!(retried.body["scheduledAt"], "2024-01-15T10:30:00.000Z");
    let cancelled = service.ask("POST", &format!("/webhooks/deliveries/{queued}/cancel"), "").await;
    for name in ["nextAttemptAt", "nextAttemptReason", "scheduledAt"] {
        assert!(cancelled.body.get(name).is_none(), "{name}");
    }
}

#[tokio::test]
async fn after_a_resumption_a_parked_delivery_is_about_to_be_sent() {
    let service = Service::new();
    let webhook = service.webhook().await;
    let path = format!("/webhooks/{webhook}");
    for (body, expected) in [
        ("", (Some("2024-01-15T10:30:00.000Z"), "parked_release")),
        (r#"{"discard":true}"#, (None, "discarded")),
    ] {
        service.ask("POST", &format!("{path}/pause"), "").await;
        let event = if body.is_empty() { "kept" } else { "dropped" };
        save(&service, &webhook, event, parked(ParkReason::Paused)).await;
        service.ask("POST", &format!("{path}/resume"), body).await;
        let list = service.ask("GET", &format!("{path}/deliveries"), "").await;
        let shown = row(&list, "data", event);
        assert_eq!((next(shown), &shown["reason"]), (expected, &"paused".into()));
        assert!(shown["parked"].get("dueAt").is_none(), "it has passed");
    }
}

#[tokio::test]
async fn a_paused_tenant_and_a_deleted_webhook_hold_deliveries() {
    let service = Service::new();
    let webhook = service.webhook().await;
    let id = save(&service, &webhook, "e1", waiting(30)).await;
    let settings = r#"{"paused":true}"#;
    assert_eq!(service.ask("PUT", "/tenants/acme", settings).await.status, StatusCode::OK);
    let path = format!("/webhooks/{webhook}/deliveries");
    let list = service.ask("GET", &path, "").await;
    assert_eq!(next(row(&list, "data", "e1")), (None, "tenant_paused"));
    service.ask("DELETE", &format!("/webhooks/{webhook}"), "").await;
    let retried = service.ask("POST", &format!("/webhooks/deliveries/{id}/retry"), "").await;
    assert_eq!(next(&retried.body), (None, "webhook_deleted"));
}

#[tokio::test]
async fn a_probe_that_is_due_is_not_shown_in_the_past() {
    let service = Service::new();
    let webhook = service.webhook().await;
    open_circuit(&service, &webhook, -60).await;
    save(&service, &webhook, "e1", parked(ParkReason::Circuit)).await;
    let health = service.ask("GET", &format!("/webhooks/{webhook}/health"), "").await;
    let now = "2024-01-15T10:30:00.000Z";
    assert_eq!(health.body["isolation"]["circuit"]["nextProbeAt"], now);
    let list = service.ask("GET", &format!("/webhooks/{webhook}/deliveries"), "").await;
    assert_eq!(next(row(&list, "data", "e1")), (Some(now), "circuit_probe"));
}

#[tokio::test]
async fn a_contract_that_shows_the_next_attempt_shows_what_its_policy_says() {
    let service = Service::new();
    let webhook = service.webhook().await;
    save(&service, &webhook, "queued", waiting(30)).await;
    save(&service, &webhook, "held", parked(ParkReason::Paused)).await;
    service.ask("POST", &format!("/webhooks/{webhook}/pause"), "").await;
    let set = service.ask("PUT", "/tenants/acme", r#"{"contract":"prism"}"#).await;
    assert_eq!(set.status, StatusCode::OK);
    let path = format!("/webhooks/{webhook}/deliveries");
    let list = service.ask("GET", &path, "").await;
    assert!(list.text.contains(r#""next_attempt_at":"2024-01-15T10:30:30Z""#), "{}", list.text);
    assert_eq!(list.text.matches("2024-01-15T10:30:30Z").count(), 1, "{}", list.text);
    assert!(!list.text.contains("webhook_paused"));
}
