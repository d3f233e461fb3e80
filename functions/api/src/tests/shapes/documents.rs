//! Snapshots of all answers to clients of each platform guide.

use serde_json::{Map, Value};

use super::super::reading::{delivered, retrying};
use super::*;

const DOCUMENTS: [&str; 5] = ["virtual-queue", "ops-center", "prism", "aegisx", "task-hub"];

const BODY: &str = r#"{"name":"Orders","description":"All orders","url":"https://example.com/hook",
    "events":["order.created","user.created"],"secret":"your-webhook-secret",
    "headers":{"X-Custom-Header":"custom-value"},
    "retryPolicy":{"maxRetries":4,"retryDelay":2000,"backoffMultiplier":3}}"#;

/// The answers to a client's requests, each with its name in the snapshot.
async fn answers(service: &Service) -> Vec<(&'static str, Answer)> {
    let created = service.ask("POST", "/webhooks", BODY).await;
    let webhook = id_in(&created.body);
    let path = format!("/webhooks/{webhook}");
    let off = service.ask("POST", "/webhooks", &NEW.replace("}", r#","active":false}"#)).await;
    assert!(off.status.is_success());
    let mut answers = vec![
        ("create", created),
        ("get", service.ask("GET", &path, "").await),
        ("list", service.ask("GET", "/webhooks", "").await),
        (
            "update",
            service.ask("PUT", &path, r#"{"events":["order.*"],"status":"inactive"}"#).await,
        ),
    ];
    let waits = retrying(service, &webhook, "e1").await;
    let done = retrying(service, &webhook, "e2").await;
    let done = delivered(service, done).await;
    let gone = retrying(service, &webhook, "e3").await;
    let cancel = format!("/webhooks/deliveries/{}/cancel", gone.id);
    answers.extend([
        ("cancel", service.ask("POST", &cancel, "").await),
        ("deliveries", service.ask("GET", &format!("{path}/deliveries"), "").await),
        ("more-deliveries", service.ask("GET", &format!("{path}/deliveries?limit=1"), "").await),
        ("retrying", service.ask("GET", &format!("{path}/deliveries/{}", waits.id), "").await),
        ("delivered", service.ask("GET", &format!("{path}/deliveries/{}", done.id), "").await),
    ]);
    let retry = |id: String| format!("/webhooks/deliveries/{id}/retry");
    answers.extend([
        ("retry", service.ask("POST", &retry(waits.id.to_string()), "").await),
        ("conflict", service.ask("POST", &retry(done.id.to_string()), "").await),
        ("invalid", service.ask("POST", "/webhooks", r#"{"url":"http://a.b/","colour":1}"#).await),
        ("stale", stale(service, &path).await),
        ("delete", service.ask("DELETE", &path, "").await),
        ("missing", service.ask("GET", &path, "").await),
        ("missing-delivery", service.ask("POST", &retry("dlv_1".to_owned()), "").await),
    ]);
    answers
}

async fn stale(service: &Service, path: &str) -> Answer {
    service.ask_with(&[OPERATOR, TENANT, ("if-match", "\"77\"")], "PUT", path, "{}").await
}

/// The webhook's id, wherever the answer contains it.
fn id_in(body: &Value) -> String {
    let found = [&body["id"], &body["data"]["id"], &body["webhook"]["id"]];
    found.into_iter().find_map(Value::as_str).unwrap().to_owned()
}

#[tokio::test]
async fn the_answers_of_each_platform_guide_stay_the_same() {
    for document in DOCUMENTS {
        let service = service_of(document).await;
        let all: Map<_, _> = answers(&service)
            .await
            .iter()
            .map(|(name, answer)| ((*name).to_owned(), shown(answer)))
            .collect();
        insta::assert_json_snapshot!(document, all);
    }
}
