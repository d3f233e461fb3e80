//! Parked deliveries, a webhook's isolation, and corrupt items in the ledger.

use hooklane_app::ports::{DeliveryStore as _, HealthStore as _, Saved, SlotStore as _};
use hooklane_domain::delivery::retry::Next;
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::delivery::{Delivery, ParkReason};
use hooklane_domain::ids::DeliveryId;
use hooklane_domain::isolation::circuit::{Circuit, Streak};
use hooklane_domain::isolation::health::{Change, Health};
use hooklane_domain::webhook::limits::RateLimit;
use lambda_http::http::StatusCode;
use serde_json::{Value, json};

use super::lists::{ago, answered, deliver, events, some};
use super::service::Service;

async fn park(service: &Service, webhook: &str, event: &str, until: i64, reason: ParkReason) {
    let id = DeliveryId::new(webhook.parse().unwrap(), ago(90), event.parse().unwrap());
    let new = Delivery::unwritten(id, "acme".parse().unwrap(), "order.created".parse().unwrap());
    let parked = new.parked_until(ago(60), ago(-until), reason);
    let saved = service.deps.ledger.save(&parked).await.unwrap();
    assert!(matches!(saved, Saved::Yes(_)));
}

#[tokio::test]
async fn a_parked_delivery_shows_since_when_why_and_when_it_expires() {
    let service = Service::new();
    let webhook = service.webhook().await;
    some(&service, &webhook).await;
    park(&service, &webhook, "held", -60, ParkReason::Paused).await;
    park(&service, &webhook, "limited", 1_800, ParkReason::RateLimit).await;
    let path = format!("/webhooks/{webhook}/deliveries");
    let parked = service.ask("GET", &format!("{path}?parked=true"), "").await;
    assert_eq!(events(&parked), ["limited", "held"]);
    insta::assert_json_snapshot!("parked_deliveries", parked.body, {".data[].id" => "[id]",
        ".data[].webhookId" => "[webhook]"});
    let id = parked.body["data"][1]["id"].as_str().unwrap();
    let one = service.ask("GET", &format!("{path}/{id}"), "").await;
    for field in ["parked", "reason", "expiresAt", "status"] {
        assert_eq!(one.body[field], parked.body["data"][1][field], "{field}");
    }
    for (query, expected) in [
        ("parked=true&status=pending", vec!["limited", "held"]),
        ("parked=true&status=retrying", vec![]),
        ("parked=true&event=order.shipped", vec![]),
        ("parked=false", vec!["new", "failed", "waits", "second", "at-once"]),
    ] {
        let answer = service.ask("GET", &format!("{path}?{query}"), "").await;
        assert_eq!(events(&answer), expected, "{query}");
    }
    let wrong = service.ask("GET", &format!("{path}?parked=yes"), "").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(wrong.body["errors"][0], json!({"path":"parked","message":"must be true or false"}));
    let first = service.ask("GET", &format!("{path}?parked=true&limit=1"), "").await;
    let cursor = first.body["nextCursor"].as_str().unwrap();
    let on = service.ask("GET", &format!("{path}?parked=true&limit=1&cursor={cursor}"), "").await;
    assert_eq!(events(&on), ["held"]);
    let other = service.ask("GET", &format!("{path}?parked=false&cursor={cursor}"), "").await;
    assert_eq!(other.body["errors"][0]["path"], "cursor");
}

async fn isolation(service: &Service, webhook: &str) -> Value {
    let answer = service.ask("GET", &format!("/webhooks/{webhook}/health"), "").await;
    assert_eq!(answer.status, StatusCode::OK);
    answer.body["isolation"].clone()
}

#[tokio::test]
async fn the_health_of_a_webhook_shows_its_isolation() {
    let service = Service::new();
    let webhook = service.webhook().await;
    let id = webhook.parse().unwrap();
    let registry = &service.deps.registry;
    let streak = Some(Streak { failures: 12, since: ago(600), last: ago(5) });
    let open = Circuit::Open { since: ago(300), probe_at: ago(-120), probes: 2 };
    let half_open = Circuit::HalfOpen { since: ago(300), probes: 3, until: ago(-90) };
    for (circuit, name) in [(open, "open_circuit"), (half_open, "half_open_circuit")] {
        let stored = registry.health(id).await.unwrap();
        let health = Health { circuit, streak, ..stored };
        let change = Change { health, lane: Some(Lane::Slow), watch: None };
        assert!(registry.save_health(&"acme".parse().unwrap(), id, &change).await.unwrap());
        registry.skip(id).await.unwrap();
        park(&service, &webhook, name, 60, ParkReason::Circuit).await;
        insta::assert_json_snapshot!(name, isolation(&service, &webhook).await);
    }
}

#[tokio::test]
async fn at_most_a_thousand_parked_deliveries_are_counted() {
    let service = Service::new();
    let webhook = service.webhook().await;
    for (upto, expected) in [
        (0..999, json!({"count": 999, "capped": false})),
        (999..1_000, json!({"count": 1_000, "capped": true})),
        (1_000..1_002, json!({"count": 1_000, "capped": true})),
    ] {
        for n in upto {
            park(&service, &webhook, &format!("e{n}"), -60, ParkReason::Inactive).await;
        }
        assert_eq!(isolation(&service, &webhook).await["parked"], expected);
    }
}

#[tokio::test]
async fn health_shows_rate_limit_hits_and_the_next_slot() {
    let service = Service::new();
    let body = r#"{"url":"https://example.com/hook","events":["*"],
        "rateLimit":{"requests":1,"perSeconds":60}}"#;
    let webhook = service.ask("POST", "/webhooks", body).await.body["id"].clone();
    let webhook = webhook.as_str().unwrap();
    let path = format!("/webhooks/{webhook}/health");
    let limit = async || service.ask("GET", &path, "").await.body["rateLimit"].clone();
    let unused = json!({"requests": 1, "perSeconds": 60, "attempts": 0, "delayedAttempts": 0});
    assert_eq!(limit().await, unused);

    let set = RateLimit::new(1, 60).unwrap();
    for seconds in [30, 20, 10] {
        service.deps.ledger.take_slot(webhook.parse().unwrap(), set, ago(seconds)).await.unwrap();
    }
    insta::assert_json_snapshot!("rate_limit_hits", limit().await);

    // With another limit or none, slots start anew, but the counts stay.
    for (limited, left) in [
        (json!({"requests": 2, "perSeconds": 60}), json!({"requests": 2, "perSeconds": 60})),
        (Value::Null, json!({})),
    ] {
        let change = json!({"rateLimit": limited}).to_string();
        let changed = service.ask("PATCH", &format!("/webhooks/{webhook}"), &change).await;
        assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
        let mut expected = json!({"attempts": 3, "delayedAttempts": 2, "lastDelayedAt": "2024-01-15T10:29:50.000Z"});
        expected.as_object_mut().unwrap().extend(left.as_object().unwrap().clone());
        assert_eq!(limit().await, expected);
    }
}

#[tokio::test]
async fn a_corrupt_delivery_does_not_hide_others() {
    let service = Service::new();
    let webhook = service.webhook().await;
    some(&service, &webhook).await;
    let event = r#"{"id":"e1","type":"a.b","data":1}"#;
    service.ask("POST", "/events", event).await;
    let of = ("e1", "a.b", ago(0));
    let corrupt = deliver(&service, &webhook, of, &[answered(500)], Next::Exhausted).await;
    service.deps.ledger.corrupt(corrupt.clone());
    let path = format!("/webhooks/{webhook}/deliveries");
    for list in [path.clone(), format!("{path}?page=1"), "/deliveries".to_owned()] {
        let answer = service.ask("GET", &list, "").await;
        assert!(events(&answer).contains(&"failed"), "{list}");
        assert!(!events(&answer).contains(&"e1"), "{list}");
        assert_ne!(answer.body["unreadable"], Value::Null, "{list}");
    }
    let rows = service.ask("GET", &path, "").await.body;
    assert_eq!(rows["unreadable"], 1);
    for other in ["stats", "health", "logs"] {
        let answer = service.ask("GET", &format!("/webhooks/{webhook}/{other}"), "").await;
        assert_eq!(answer.status, StatusCode::OK, "{other}");
    }
    let event = service.ask("GET", "/events/e1", "").await;
    assert_eq!(event.status, StatusCode::OK);
    assert_eq!((&event.body["deliveries"], &event.body["unreadable"]), (&json!([]), &1.into()));
    // A retry would fail the same way, so it is not a 503.
    let one = service.ask("GET", &format!("{path}/{corrupt}"), "").await;
    assert_eq!(one.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(one.body["type"], "urn:hooklane:problem:internal");
}

#[tokio::test]
async fn an_unreadable_delivery_is_shown_to_no_other_tenant() {
    let service = Service::new();
    let webhook = service.webhook().await;
    let event = r#"{"id":"e1","type":"a.b","data":1}"#;
    service.ask("POST", "/events", event).await;
    let of = ("e1", "a.b", ago(0));
    let id = deliver(&service, &webhook, of, &[answered(500)], Next::Exhausted).await;
    let others = service.webhook_of("other").await;
    for is_newer in [false, true] {
        match is_newer {
            false => service.deps.ledger.corrupt(id.clone()),
            true => service.deps.ledger.write_by_newer(id.clone()),
        }
        for (list, count) in [
            (format!("/deliveries?deliveryId={id}"), json!(1)),
            (format!("/deliveries?deliveryId={id}&webhook={webhook}"), json!(1)),
            (format!("/deliveries?eventId=e1&webhook={webhook}"), json!(1)),
            ("/deliveries?eventId=e1".to_owned(), json!(1)),
        ] {
            let own = service.ask("GET", &list, "").await;
            assert_eq!(own.status, StatusCode::OK, "{list}: {}", own.text);
            assert_eq!(
                (&own.body["data"], &own.body["unreadable"]),
                (&json!([]), &count),
                "{list}"
            );
        }
        for list in [
            format!("/deliveries?deliveryId={id}"),
            format!("/deliveries?deliveryId={id}&webhook={others}"),
        ] {
            let answer = service.ask_as("other", "GET", &list, "").await;
            assert_eq!(answer.status, StatusCode::OK, "{list}: {}", answer.text);
            assert_eq!(answer.body, json!({"data": []}), "{list}");
        }
        let path = format!("/webhooks/{webhook}/deliveries/{id}");
        let own = service.ask("GET", &path, "").await;
        // A newer version can read its own, so that passes.
        let expected = match is_newer {
            false => StatusCode::INTERNAL_SERVER_ERROR,
            true => StatusCode::SERVICE_UNAVAILABLE,
        };
        assert_eq!(own.status, expected);
        for (method, path) in [
            ("GET", path.clone()),
            ("GET", format!("/webhooks/{others}/deliveries/{id}")),
            ("GET", format!("/webhooks/deliveries/{id}")),
            ("POST", format!("/webhooks/deliveries/{id}/retry")),
            ("POST", format!("/webhooks/deliveries/{id}/cancel")),
            ("POST", format!("/webhooks/deliveries/{id}/request")),
        ] {
            let answer = service.ask_as("other", method, &path, "").await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path}: {}", answer.text);
        }
    }
}
