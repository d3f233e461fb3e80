//! Searches, many deliveries at once, dry runs, probes by hand, and what attempts sent.

use hooklane_app::ports::{Clock as _, DeliveryStore as _, EventStore as _, HealthStore as _};
use hooklane_domain::delivery::attempt::{Attempt, Measure};
use hooklane_domain::delivery::retry::Next;
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::delivery::{Delivery, MessageId, ParkReason, Turn};
use hooklane_domain::ids::{DeliveryId, WebhookId};
use hooklane_domain::isolation::circuit::Circuit;
use hooklane_domain::isolation::health::{Change, Health};
use jiff::SignedDuration;
use lambda_http::http::StatusCode;
use serde_json::{Value, json};

use super::lists::{ago, answered, deliver, events, some};
use super::service::{Answer, Service};

fn paths(answer: &Answer) -> Vec<&str> {
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
    let errors = answer.body["errors"].as_array().unwrap();
    errors.iter().map(|error| error["path"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn deliveries_are_searched_by_each_thing() {
    let service = Service::new();
    let body = r#"{"url":"https://example.com/hook","events":["*"],"externalId":"crm-1"}"#;
    let made = service.ask("POST", "/webhooks", body).await;
    let webhook = made.body["id"].as_str().unwrap().to_owned();
    some(&service, &webhook).await;
    let other = service.webhook().await;
    let at_once = ("at-once", "order.created", ago(7_500));
    let twice = deliver(&service, &other, at_once, &[answered(500)], Next::Exhausted).await;
    let of_webhook = format!("/webhooks/{webhook}/deliveries");
    for (path, query, expected) in [
        ("/deliveries", "", vec!["new", "failed", "waits", "at-once"]),
        ("/deliveries", "status=failed", vec!["failed", "at-once"]),
        ("/deliveries", "status=delivered", vec!["second", "at-once"]),
        ("/deliveries", "status=all&event=order.shipped", vec!["failed", "waits"]),
        ("/deliveries", "status=all&externalId=crm-1&until=2024-01-15T10:00:00Z", vec!["at-once"]),
        ("/deliveries", "webhook=ext:crm-1", vec!["new", "failed", "waits"]),
        ("/deliveries", "statusCode=503", vec!["waits"]),
        ("/deliveries", "error=timeout", vec!["failed"]),
        ("/deliveries", "parked=true", vec![]),
        (&of_webhook, "statusCode=503", vec!["waits"]),
        (&of_webhook, "error=timeout", vec!["failed", "second"]),
        (&of_webhook, "error=timeout&status=delivered", vec!["second"]),
        (&of_webhook, "statusCode=200", vec!["at-once"]),
        (&of_webhook, "error=dns", vec![]),
    ] {
        let answer = service.ask("GET", &format!("{path}?{query}"), "").await;
        assert_eq!(events(&answer), expected, "{path} {query}");
        assert!(answer.body.get("cut").is_none(), "{path} {query}: {}", answer.text);
    }
    let answer = service.ask("GET", &format!("/deliveries?deliveryId={twice}"), "").await;
    assert_eq!(answer.body["data"][0]["id"], twice.to_string());
    let answer = service.ask("GET", &format!("{of_webhook}?deliveryId={twice}"), "").await;
    assert_eq!(events(&answer), Vec::<&str>::new(), "it is another webhook's");

    for (path, query, expected) in [
        ("/deliveries", "status=done", "status"),
        ("/deliveries", "error=nonsense", "error"),
        ("/deliveries", "statusCode=99", "statusCode"),
        ("/deliveries", "statusCode=500&error=dns", "error"),
        ("/deliveries", "eventId=a%20b", "eventId"),
        ("/deliveries", "deliveryId=x", "deliveryId"),
        ("/deliveries", "metadata=x", "metadata"),
        ("/deliveries", "cursor=AAAA", "cursor"),
        ("/deliveries", "webhook=ext:a&externalId=b", "externalId"),
        (&of_webhook, "statusCode=500&page=2", "page"),
        (&of_webhook, "externalId=crm-1", "externalId"),
    ] {
        let answer = service.ask("GET", &format!("{path}?{query}"), "").await;
        assert_eq!(paths(&answer), [expected], "{path} {query}");
    }
    for query in ["externalId=none", "webhook=nonsense", "webhook=ext:none"] {
        let answer = service.ask("GET", &format!("/deliveries?{query}"), "").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{query}");
    }
    let first = service.ask("GET", "/deliveries?status=all&limit=2", "").await;
    assert_eq!(events(&first), ["new", "failed"]);
    let cursor = first.body["nextCursor"].as_str().unwrap();
    let next =
        service.ask("GET", &format!("/deliveries?status=all&limit=2&cursor={cursor}"), "").await;
    assert_eq!(events(&next), ["waits", "second"]);
    let wrong = service.ask("GET", &format!("/deliveries?limit=2&cursor={cursor}"), "").await;
    assert_eq!(paths(&wrong), ["cursor"]);
}

/// Publishes an event, and has it indexed as `stats` does.
async fn publish(service: &Service, id: &str, metadata: &Value) {
    let body = json!({"id": id, "type": "order.created", "data": {"n": 1}, "metadata": metadata});
    let answer = service.ask("POST", "/events", &body.to_string()).await;
    assert!(answer.status.is_success(), "{}", answer.text);
    let ledger = &service.deps.ledger;
    let event = ledger.get(&"acme".parse().unwrap(), &id.parse().unwrap()).await.unwrap().unwrap();
    ledger.index(&event, service.deps.system.now());
}

/// A delivery of an event that was published, after a failed attempt.
async fn failed(service: &Service, webhook: &str, event: &str) -> DeliveryId {
    let accepted = service.deps.system.now();
    let what = (event, "order.created", accepted);
    deliver(service, webhook, what, &[answered(500)], Next::Exhausted).await
}

#[tokio::test]
async fn deliveries_are_searched_by_the_key_that_the_tenant_chose() {
    let service = Service::new();
    let webhook = service.webhook().await;
    publish(&service, "before", &json!({"orderId": "o-1"})).await;
    let settings = service.ask("PUT", "/tenants/acme", r#"{"searchKey":"orderId"}"#).await;
    assert_eq!(settings.body["searchKey"], "orderId", "{}", settings.text);
    service.deps.system.pass(SignedDuration::from_secs(6));
    for (id, metadata) in [
        ("first", json!({"orderId": "o-1", "customer": "c-1"})),
        ("other", json!({"orderId": "o-2", "customer": "o-1"})),
        ("number", json!({"orderId": 4711})),
        ("second", json!({"orderId": "o-1"})),
    ] {
        publish(&service, id, &metadata).await;
        failed(&service, &webhook, id).await;
        service.deps.system.pass(SignedDuration::from_secs(1));
    }
    for (query, expected) in [
        ("metadata=o-1", vec!["second", "first"]),
        ("metadata=4711", vec!["number"]),
        ("metadata=c-1", vec![]),
        ("metadata=o-1&status=failed&since=2024-01-15T10:30:08Z", vec!["second"]),
        ("metadata=o-1&statusCode=500", vec!["second", "first"]),
        ("metadata=o-1&statusCode=501", vec![]),
    ] {
        for path in ["/deliveries".to_owned(), format!("/webhooks/{webhook}/deliveries")] {
            let answer = service.ask("GET", &format!("{path}?{query}"), "").await;
            assert_eq!(events(&answer), expected, "{path} {query}");
        }
    }
    let long = "x".repeat(257);
    let wrong = service.ask("GET", &format!("/deliveries?metadata={long}"), "").await;
    assert_eq!(paths(&wrong), ["metadata"]);
    for body in [r#"{"searchKey":"order id"}"#, r#"{"searchKey":7}"#] {
        assert_eq!(paths(&service.ask("PUT", "/tenants/acme", body).await), ["searchKey"]);
    }
}

#[tokio::test]
async fn many_deliveries_are_retried_and_cancelled_at_once() {
    let service = Service::new();
    let webhook = service.webhook().await;
    some(&service, &webhook).await;
    let list = service.ask("GET", &format!("/webhooks/{webhook}/deliveries"), "").await;
    let mut ids: Vec<_> =
        list.body["data"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect();
    ids.push("nonsense".into());
    let body = json!({"deliveries": ids}).to_string();
    let retried = service.ask("POST", "/webhooks/deliveries/retry", &body).await;
    assert_eq!(retried.status, StatusCode::OK);
    insta::assert_json_snapshot!("many_retried", retried.body, {".data[].deliveryId" => "[id]"});
    assert!(retried.body["data"].as_array().unwrap().iter().map(|row| &row["deliveryId"]).eq(&ids));
    let sent = service.deps.queues.count(Lane::Slow);
    let again = service.ask("POST", "/webhooks/deliveries/retry", &body).await;
    assert_eq!((again.body, service.deps.queues.count(Lane::Slow)), (retried.body, sent));

    let dry = r#"{"filter":{"event":"order.shipped"},"dryRun":true}"#;
    let counted = service.ask("POST", "/webhooks/deliveries/cancel", dry).await;
    assert_eq!(counted.body, json!({"data": [], "matching": {"count": 2, "capped": false}}));
    let filter = json!({"filter": {"event": "order.shipped", "webhook": webhook}}).to_string();
    let cancelled = service.ask("POST", "/webhooks/deliveries/cancel", &filter).await;
    insta::assert_json_snapshot!("many_cancelled", cancelled.body, {".data[].deliveryId" => "[id]"});
    let none = service.ask("POST", "/webhooks/deliveries/cancel", &filter).await;
    assert_eq!(none.body, json!({"data": []}));

    for (body, status) in [
        ("{}", StatusCode::UNPROCESSABLE_ENTITY),
        (r#"{"filter":{"externalId":"none"}}"#, StatusCode::NOT_FOUND),
        (r#"{"filter":{},"cursor":"AAAA"}"#, StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let refused = service.ask("POST", "/webhooks/deliveries/cancel", body).await;
        assert_eq!(refused.status, status, "{body}: {}", refused.text);
    }
    let theirs = service.ask_as("other", "POST", "/webhooks/deliveries/retry", &body).await;
    let problems =
        theirs.body["data"].as_array().unwrap().iter().map(|row| &row["problem"]["type"]);
    assert!(problems.eq(vec!["urn:hooklane:problem:not-found"; 6]), "{}", theirs.text);
}

#[tokio::test]
async fn a_recovery_is_counted_before_it_is_started() {
    let service = Service::new();
    let webhook = service.webhook().await;
    let path = format!("/webhooks/{webhook}/recover");
    for id in ["skipped-1", "failed-1", "failed-2"] {
        publish(&service, id, &json!({})).await;
    }
    for id in ["failed-1", "failed-2"] {
        failed(&service, &webhook, id).await;
    }
    let body = r#"{"since":"2024-01-15T09:30:00Z","include":"all","dryRun":true}"#;
    let counted = service.ask("POST", &path, body).await;
    assert_eq!(counted.status, StatusCode::OK);
    insta::assert_json_snapshot!("recovery_estimate", counted.body);
    assert_eq!(
        service.ask("GET", &path, "").await.status,
        StatusCode::NOT_FOUND,
        "none was started"
    );
    for (body, expected) in [
        (r#"{"since":1,"include":"all","dryRun":true,"thorough":true}"#, "dryRun"),
        (r#"{"since":1,"include":"all","dryRun":"yes"}"#, "dryRun"),
        (r#"{"since":2,"until":1,"include":"all","dryRun":true}"#, "since"),
    ] {
        assert_eq!(paths(&service.ask("POST", &path, body).await), [expected], "{body}");
    }
}

/// The webhook fails, and its next probe is far.
async fn open_circuit(service: &Service, webhook: WebhookId) {
    let circuit = Circuit::Open { since: ago(900), probe_at: ago(-600), probes: 3 };
    let registry = &service.deps.registry;
    let health = Health { circuit, ..registry.health(webhook).await.unwrap() };
    let change = Change { health, lane: None, watch: None };
    assert!(registry.save_health(&"acme".parse().unwrap(), webhook, &change).await.unwrap());
}

async fn park(service: &Service, webhook: WebhookId) -> DeliveryId {
    let id = DeliveryId::new(webhook, ago(90), "held".parse().unwrap());
    let new = Delivery::unwritten(id.clone(), "acme".parse().unwrap(), "a".parse().unwrap());
    let parked = new.parked_until(ago(60), ago(30), ParkReason::Circuit);
    service.deps.ledger.save(&parked).await.unwrap();
    id
}

/// A webhook that fails and has a delivery that waits for the probe.
pub(super) async fn failing(service: &Service, webhook: &str) {
    let webhook = webhook.parse().unwrap();
    open_circuit(service, webhook).await;
    park(service, webhook).await;
}

#[tokio::test]
async fn one_delivery_of_a_failing_webhook_is_sent_at_once() {
    let service = Service::new();
    let webhook = service.webhook().await;
    let path = format!("/webhooks/{webhook}/probe");
    let closed = service.ask("POST", &path, "").await;
    assert_eq!(closed.status, StatusCode::CONFLICT);
    insta::assert_json_snapshot!("nothing_to_probe", closed.body);
    let id = webhook.parse().unwrap();
    open_circuit(&service, id).await;
    let nothing = service.ask("POST", &path, "").await;
    assert_eq!(nothing.body["type"], "urn:hooklane:problem:nothing-to-probe");
    let parked = park(&service, id).await;
    let sent = service.ask("POST", &path, "{}").await;
    assert_eq!(sent.status, StatusCode::ACCEPTED, "{}", sent.text);
    assert_eq!(sent.body["id"], parked.to_string());
    assert_eq!(sent.body["scheduledAt"], "2024-01-15T10:30:06.000Z");
    assert_eq!(service.deps.queues.count(Lane::Slow), 1);
    assert_eq!(
        paths(&service.ask("POST", &path, r#"{"deliveryId":"x","y":1}"#).await),
        ["deliveryId", "y"]
    );
    let none = DeliveryId::new(id, ago(9), "no".parse().unwrap()).to_string();
    let body = json!({"deliveryId": none}).to_string();
    let missing = service.ask("POST", &path, &body).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
}

/// What was sent follows from the event and the webhook, as long as both are what they were.
#[tokio::test]
async fn an_attempt_shows_what_was_sent_until_the_webhook_changes() {
    let service = Service::new();
    let body = r#"{"url":"https://example.com/hook?token=s3cret","events":["*"],"transform":"{'only': event.data.n}"}"#;
    let made = service.ask("POST", "/webhooks", body).await;
    let webhook = made.body["id"].as_str().unwrap().to_owned();
    service.deps.system.pass(SignedDuration::from_secs(60));
    publish(&service, "evt-1", &json!({})).await;
    let shown = service
        .ask("POST", &format!("/webhooks/{webhook}/preview"), r#"{"eventId":"evt-1"}"#)
        .await;
    let sent = shown.body["request"]["body"].as_str().unwrap().to_owned();
    let accepted = service.deps.system.now();
    let id = DeliveryId::new(webhook.parse().unwrap(), accepted, "evt-1".parse().unwrap());
    let new =
        Delivery::unwritten(id.clone(), "acme".parse().unwrap(), "order.created".parse().unwrap());
    let mut delivery = new;
    for (number, bytes) in [(1, sent.len()), (2, sent.len() + 1)] {
        let attempt = Attempt {
            measure: Measure::Body(u32::try_from(bytes).unwrap()),
            number,
            at: accepted + SignedDuration::from_secs(i64::from(number)),
            duration_ms: 5,
            request_headers: Vec::new(),
            outcome: answered(500),
            remarks: Vec::new(),
        };
        service.deps.ledger.keep_attempt(&delivery, &attempt).await.unwrap();
        let turn = Turn { generation: 0, owner: MessageId("m".to_owned()) };
        delivery = delivery.after(&attempt, Next::RetryAt(ago(-600)), turn);
    }
    service.deps.ledger.save(&delivery).await.unwrap();
    let path = format!("/webhooks/{webhook}/deliveries/{id}");
    let read = service.ask("GET", &path, "").await;
    assert_eq!(read.body["attempts"][0]["request"]["body"], sent, "{}", read.text);
    assert_eq!(read.body["attempts"][0]["request"]["url"], "https://example.com/hook?token=s3cret");
    // Of another length: something else was sent.
    assert!(read.body["attempts"][1]["request"].get("body").is_none());
    let made = service.ask("POST", "/tenants/acme/tokens", r#"{"scopes":["webhooks:read"]}"#).await;
    let token = format!("Bearer {}", made.body["token"].as_str().unwrap());
    let masked = service.ask_with(&[("authorization", &token)], "GET", &path, "").await;
    assert_eq!(masked.body["attempts"][0]["request"]["url"], "https://example.com/hook?token=***");
    let renamed =
        service.ask("PATCH", &format!("/webhooks/{webhook}"), r#"{"name":"Other"}"#).await;
    assert_eq!(renamed.status, StatusCode::OK);
    let read = service.ask("GET", &path, "").await;
    assert!(read.body["attempts"][0]["request"].get("body").is_none(), "{}", read.text);
}

#[tokio::test]
async fn a_webhook_names_its_preset() {
    let service = Service::new();
    for (policy, preset) in [
        (json!("quick"), json!("quick")),
        (json!({"preset": "patient"}), json!("patient")),
        (json!({"scheduleSeconds": [1, 2]}), Value::Null),
    ] {
        let body = json!({"url": "https://example.com/", "events": ["*"], "retryPolicy": policy});
        let made = service.ask("POST", "/webhooks", &body.to_string()).await;
        assert_eq!(made.body["retryPreset"], preset, "{}", made.text);
        let id = made.body["id"].as_str().unwrap();
        let read = service.ask("GET", &format!("/webhooks/{id}"), "").await;
        assert_eq!(read.body["retryPreset"], preset);
        // What was read can be sent back, also with another policy.
        let mut sent = read.body.clone();
        sent["retryPolicy"] = json!("none");
        let changed = service.ask("PUT", &format!("/webhooks/{id}"), &sent.to_string()).await;
        assert_eq!(changed.body["retryPreset"], "none", "{}", changed.text);
    }
}
