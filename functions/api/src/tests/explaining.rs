//! `GET /events/{event}?explain=true`.

use hooklane_app::ports::HealthStore as _;
use hooklane_domain::delivery::retry::Next;
use jiff::SignedDuration;
use lambda_http::http::StatusCode;
use serde_json::{Value, json};

use super::lists::{ago, answered, deliver};
use super::service::Service;

async fn register(service: &Service, name: &str, more: Value) -> String {
    let mut body = json!({"name": name, "url": "https://example.com/hook", "events": ["*"]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = service.ask("POST", "/webhooks", &body.to_string()).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    answer.body["id"].as_str().unwrap().to_owned()
}

fn verdict<'a>(answer: &'a Value, webhook: &str) -> &'a Value {
    let all = answer["explanations"].as_array().unwrap();
    all.iter().find(|one| one["webhookId"] == *webhook).unwrap()
}

#[tokio::test]
async fn each_webhook_of_the_tenant_is_explained() {
    let service = Service::new();
    let got = register(&service, "got", json!({"externalId": "crm-4711"})).await;
    let waits = register(&service, "waits", json!({})).await;
    let failed = register(&service, "failed", json!({})).await;
    let paused = register(&service, "paused", json!({})).await;
    let filtered =
        register(&service, "filtered", json!({"filter": "event.data.total > 5.0"})).await;
    let other = register(&service, "other", json!({"events": ["user.created"]})).await;
    let testing = register(&service, "testing", json!({"testMode": true})).await;
    let off = register(&service, "off", json!({"active": false})).await;
    let skips = register(&service, "skips", json!({})).await;
    let changed = register(&service, "changed", json!({})).await;
    let missing = register(&service, "missing", json!({})).await;
    service.deps.registry.skip(skips.parse().unwrap()).await.unwrap();
    service.ask("POST", &format!("/webhooks/{paused}/pause"), "").await;
    let event = r#"{"id":"e1","type":"order.created","data":{"total":1.5}}"#;
    assert_eq!(service.ask("POST", "/events", event).await.status, StatusCode::ACCEPTED);
    for (webhook, outcomes, end) in [
        (&got, vec![answered(200)], Next::Delivered),
        (&waits, vec![answered(500)], Next::RetryAt(ago(-600))),
        (&failed, vec![answered(500)], Next::Exhausted),
        (&paused, vec![], Next::Exhausted),
    ] {
        deliver(&service, webhook, ("e1", "order.created", ago(0)), &outcomes, end).await;
    }
    let answer = service.ask("GET", "/events/e1?explain=true", "").await;
    assert_eq!(answer.status, StatusCode::OK);
    for pending in [&skips, &changed, &missing] {
        assert_eq!(verdict(&answer.body, pending)["verdict"], "pending");
    }

    service.deps.system.pass(SignedDuration::from_mins(5));
    service.ask("PATCH", &format!("/webhooks/{changed}"), r#"{"description":"changed"}"#).await;
    let younger = register(&service, "younger", json!({})).await;
    let answer = service.ask("GET", "/events/e1?explain=true", "").await;
    for (webhook, expected) in [
        (&got, "delivered"),
        (&waits, "waiting"),
        (&failed, "failed"),
        (&paused, "waiting"),
        (&filtered, "filtered"),
        (&other, "not_subscribed"),
        (&testing, "test_mode_mismatch"),
        (&off, "webhook_inactive"),
        (&skips, "skipped"),
        (&changed, "changed_since"),
        (&missing, "missing"),
        (&younger, "webhook_younger"),
    ] {
        let one = verdict(&answer.body, webhook);
        assert_eq!(one["verdict"], expected, "{one}");
        assert_eq!(one["evaluatedNow"], expected == "filtered", "{one}");
        let is_changed = webhook == &changed || webhook == &younger;
        assert_eq!(one["changedSince"], is_changed, "{one}");
        let has_delivery = ["delivered", "waiting", "failed"].contains(&expected);
        assert_eq!(one.get("deliveryId").is_some(), has_delivery, "{one}");
    }
    let all = &answer.body["explanations"];
    assert_eq!(all.as_array().unwrap().len(), 12);
    insta::assert_json_snapshot!("explanations", all, {
        "[].webhookId" => "[webhook]", "[].deliveryId" => "[delivery]",
    });
    let plain = service.ask("GET", "/events/e1", "").await;
    assert!(plain.body.get("explanations").is_none());
    assert_eq!(plain.body["deliveries"], answer.body["deliveries"]);
    assert_eq!(service.ask("GET", "/events/e1?explain=false", "").await.body, plain.body);
}

#[tokio::test]
async fn explanations_come_in_pages_and_only_for_an_event_of_the_tenant() {
    let service = Service::new();
    for n in 0..103 {
        register(&service, &format!("w{n}"), json!({})).await;
    }
    let event = r#"{"id":"e1","type":"order.created","data":{}}"#;
    service.ask("POST", "/events", event).await;
    let first = service.ask("GET", "/events/e1?explain=true", "").await;
    assert_eq!(first.body["explanations"].as_array().unwrap().len(), 100);
    let cursor = first.body["nextCursor"].as_str().unwrap();
    let next = format!("/events/e1?explain=true&cursor={cursor}");
    let rest = service.ask("GET", &next, "").await;
    assert_eq!(rest.body["explanations"].as_array().unwrap().len(), 3);
    assert!(rest.body.get("nextCursor").is_none());
    for (tenant, path) in
        [("other", "/events/e1?explain=true"), ("acme", "/events/e2?explain=true")]
    {
        let none = service.ask_as(tenant, "GET", path, "").await;
        assert_eq!(none.status, StatusCode::NOT_FOUND, "{tenant}");
    }
    let wrong = service.ask("GET", "/events/e1?explain=maybe", "").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(wrong.body["errors"][0]["path"], "explain");
}
