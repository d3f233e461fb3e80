//! Compares answers with the samples in the platform guides, field by field. The fields and their order are
//! the guides'; the values are these tests'.

use super::super::reading::{delivered, retrying};
use super::*;

/// Asserts that `answer` has the fields of `printed`, in the same order and with values of the same kind, and
/// no others than `more`.
fn assert_like(printed: &Value, answer: &Value, more: &[&str], at: &str) {
    match (printed, answer) {
        (Value::Object(printed), Value::Object(answer)) => {
            let expected: Vec<_> = printed.keys().collect();
            let found: Vec<_> = answer.keys().filter(|key| !more.contains(&key.as_str())).collect();
            assert_eq!(found, expected, "{at}");
            for (key, value) in printed {
                assert_like(value, &answer[key], more, &format!("{at}.{key}"));
            }
        }
        (Value::Array(printed), Value::Array(answer)) => {
            assert_eq!(printed.len(), answer.len(), "{at}");
            for (printed, answer) in printed.iter().zip(answer) {
                assert_like(printed, answer, more, at);
            }
        }
        (Value::String(printed), Value::String(answer)) if is_time(printed) => {
            assert!(is_time(answer) && printed.len() == answer.len(), "{at}: {answer}");
        }
        // Ids, masked headers and secrets differ from the sample's.
        (Value::String(printed), Value::String(_)) if printed == "…" => {}
        (printed, answer) => assert_eq!(printed, answer, "{at}"),
    }
}

fn is_time(text: &str) -> bool {
    text.ends_with('Z') && text.parse::<hooklane_domain::Timestamp>().is_ok()
}

#[tokio::test]
async fn virtual_queue_shows_a_new_webhook_as_printed() {
    let service = service_of("virtual-queue").await;
    let mut printed = json!({
        "name": "Queues", "description": "Of queues", "url": "https://example.com/queues",
        "events": ["queue.created", "queue.paused"], "secret": "your-webhook-secret", "isActive": true,
        "retryPolicy": { "maxRetries": 3, "retryDelay": 1000, "backoffMultiplier": 2.0 },
        "headers": { "User-Agent": "YourApp/1.0", "X-Custom-Header": "custom-value" },
    });
    let answer = service.ask("POST", "/webhooks", &printed.to_string()).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let fields = printed.as_object_mut().unwrap();
    fields.shift_insert(0, "id".to_owned(), "…".into());
    fields["headers"] = json!({ "User-Agent": "…", "X-Custom-Header": "…" });
    for name in ["createdAt", "updatedAt"] {
        fields.insert(name.to_owned(), "2024-01-15T10:30:00Z".into());
    }
    assert_like(&json!({ "success": true, "data": printed }), &answer.body, &[], "");
    let silent = service.ask("POST", "/webhooks", NEW).await;
    assert_eq!(
        silent.body["data"]["retryPolicy"],
        json!({ "maxRetries": 3, "retryDelay": 1000, "backoffMultiplier": 2 }),
    );
}

#[tokio::test]
async fn prism_shows_webhooks_and_deliveries_as_printed() {
    let service = service_of("prism").await;
    let body = json!({
        "url": "https://example.com/hook", "events": ["user.created", "order.completed"],
        "description": "All", "secret": "your-webhook-secret",
    });
    let created = service.ask("POST", "/webhooks", &body.to_string()).await;
    assert_eq!(created.status, StatusCode::CREATED);
    let printed = json!({
        "id": "…", "url": body["url"], "events": body["events"], "description": "All",
        "created_at": "2023-06-20T14:15:30Z", "status": "active",
    });
    assert_like(&printed, &created.body, &["secret"], "");

    let list = service.ask("GET", "/webhooks", "").await;
    let printed = json!({
        "webhooks": [{
            "id": "…", "url": body["url"], "events": body["events"], "status": "active",
            "created_at": "2023-06-20T14:15:30Z",
        }],
        "total": 1,
    });
    assert_like(&printed, &list.body, &[], "");

    let id = created.body["id"].as_str().unwrap();
    retrying(&service, id, "e1").await;
    let done = retrying(&service, id, "e2").await;
    delivered(&service, done).await;
    let deliveries = service.ask("GET", &format!("/webhooks/{id}/deliveries"), "").await;
    let printed = json!({ "deliveries": [
        {
            "id": "…", "event": "user.created", "status": "succeeded", "response_code": 200,
            "delivered_at": "2023-06-20T14:15:35Z", "attempts": 3,
        },
        {
            "id": "…", "event": "user.created", "status": "failed", "response_code": 503,
            "last_attempt_at": "2023-06-20T15:45:30Z", "attempts": 2,
            "next_attempt_at": "2023-06-20T17:45:30Z",
        },
    ] });
    assert_like(&printed, &deliveries.body, &[], "");
}

#[tokio::test]
async fn aegisx_shows_webhooks_deliveries_and_errors_as_printed() {
    let service = service_of("aegisx").await;
    let body = json!({
        "name": "Users", "url": "https://example.com/hook", "events": ["user.created"],
        "headers": { "X-Team": "a" },
        "retryPolicy": {
            "maxAttempts": 5, "backoffStrategy": "linear", "initialDelay": 2000, "maxDelay": 30000,
        },
    });
    let created = service.ask("POST", "/webhooks", &body.to_string()).await;
    assert_eq!(created.status, StatusCode::OK);
    let webhook = json!({
        "id": "…", "tenantId": "acme", "name": "Users", "url": body["url"], "events": body["events"],
        "secret": "…", "active": true, "headers": { "X-Team": "…" }, "retryPolicy": body["retryPolicy"],
        "createdAt": "2024-01-15T10:30:00.000Z", "updatedAt": "2024-01-15T10:30:00.000Z",
    });
    assert_like(&json!({ "webhook": webhook }), &created.body, &[], "");
    let silent = service.ask("POST", "/webhooks", NEW).await;
    let default = json!({
        "maxAttempts": 3, "backoffStrategy": "exponential", "initialDelay": 1000, "maxDelay": 60000,
    });
    assert_eq!(silent.body["webhook"]["retryPolicy"], default);

    let id = created.body["webhook"]["id"].as_str().unwrap();
    let path = format!("/webhooks/{id}");
    let waits = retrying(&service, id, "e1").await;
    let deliveries = service.ask("GET", &format!("{path}/deliveries"), "").await;
    let printed = json!({ "deliveries": [{
        "id": "…", "webhookEndpointId": id, "eventType": "user.created", "status": "retrying",
        "attemptCount": 2, "lastAttemptAt": "2024-01-15T10:30:06.000Z",
        "nextAttemptAt": "2024-01-15T10:35:06.000Z", "responseStatus": 503, "errorMessage": "HTTP 503",
        "createdAt": "2024-01-15T10:30:00.000Z",
    }] });
    assert_like(&printed, &deliveries.body, &[], "");
    let retried =
        service.ask("POST", &format!("/webhooks/deliveries/{}/retry", waits.id), "").await;
    assert_eq!(
        (retried.status, retried.body),
        (StatusCode::OK, json!({ "message": "Delivery queued for retry" }))
    );
    let deleted = service.ask("DELETE", &path, "").await;
    assert_eq!((deleted.status, deleted.body), (StatusCode::NO_CONTENT, Value::Null));
    for method in ["PUT", "DELETE", "GET"] {
        let missing = service.ask(method, &path, "{}").await;
        assert_eq!(
            (missing.status, missing.body),
            (StatusCode::NOT_FOUND, json!({ "error": "Webhook not found" }))
        );
    }
}

/// The fields are the columns of its tables, in their order.
#[tokio::test]
async fn ops_center_shows_webhooks_and_deliveries_as_printed() {
    let service = service_of("ops-center").await;
    let body = json!({
        "url": "https://example.com/webhook", "events": ["user.created", "subscription.created"],
        "description": "Mine", "active": true, "secret": "your-webhook-secret",
    });
    let created = service.ask("POST", "/api/v1/webhooks", &body.to_string()).await;
    assert_eq!(created.status, StatusCode::CREATED);
    let printed = json!({
        "id": "…", "org_id": "acme", "url": body["url"], "events": body["events"], "secret": "…",
        "active": true, "description": "Mine",
        "created_at": "2025-01-26T12:00:00Z", "updated_at": "2025-01-26T12:00:00Z",
    });
    assert_like(&printed, &created.body, &[], "");

    let id = created.body["id"].as_str().unwrap();
    let done = retrying(&service, id, "e1").await;
    let done = delivered(&service, done).await;
    let path = format!("/api/v1/webhooks/{id}/deliveries");
    let one = service.ask("GET", &format!("{path}/{}", done.id), "").await;
    let printed = json!({
        "id": "…", "webhook_id": id, "event": "user.created", "response_status": 200,
        "response_body": "thanks", "attempt_number": 3, "delivered_at": "2025-01-26T12:00:00Z",
        "created_at": "2025-01-26T12:00:00Z",
    });
    assert_like(&printed, &one.body, &["status", "payload"], "");
    let list = service.ask("GET", &path, "").await;
    assert_eq!(
        (&list.body["total"], &list.body["deliveries"][0]["id"]),
        (&json!(1), &one.body["id"])
    );
}

#[tokio::test]
async fn task_hub_prints_no_answers_so_its_clients_get_canonical_ones() {
    let service = service_of("task-hub").await;
    let created = service.ask("POST", "/api/webhooks", NEW).await;
    for name in ["id", "name", "url", "events", "active", "testMode", "createdAt", "updatedAt"] {
        assert!(created.body.get(name).is_some(), "{name}");
    }
    assert_eq!(created.header("vary"), "");
}
