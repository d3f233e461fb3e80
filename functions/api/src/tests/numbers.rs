//! Whole numbers, by one rule wherever a request holds one.

use lambda_http::http::StatusCode;
use serde_json::{Value, json};

use super::service::Service;

/// Where a whole number is expected: a body with `5` in its place, and the number's path.
const IN_BODIES: [(&str, &str, &str, &str); 10] = [
    ("PATCH", "/webhooks/{webhook}", r#"{"timeoutSeconds":5}"#, "timeoutSeconds"),
    ("PATCH", "/webhooks/{webhook}", r#"{"timeout":5}"#, "timeout"),
    (
        "PATCH",
        "/webhooks/{webhook}",
        r#"{"rateLimit":{"requests":5,"perSeconds":1}}"#,
        "rateLimit.requests",
    ),
    (
        "PATCH",
        "/webhooks/{webhook}",
        r#"{"retryPolicy":{"scheduleSeconds":[1,5]}}"#,
        "retryPolicy.scheduleSeconds[1]",
    ),
    ("PATCH", "/webhooks/{webhook}", r#"{"retryPolicy":{"retries":5}}"#, "retryPolicy.retries"),
    (
        "PATCH",
        "/webhooks/{webhook}",
        r#"{"retryPolicy":{"maxAttempts":5}}"#,
        "retryPolicy.maxAttempts",
    ),
    ("POST", "/webhooks/{webhook}/rotate-secret", r#"{"overlapSeconds":5}"#, "overlapSeconds"),
    ("PUT", "/tenants/acme", r#"{"requestsPerMinute":5}"#, "requestsPerMinute"),
    ("PUT", "/tenants/acme", r#"{"quotas":{"webhooks":5}}"#, "quotas.webhooks"),
    ("POST", "/webhooks/{webhook}/recover", r#"{"since":5,"include":"all"}"#, "since"),
];

/// Lists and the query parameters that are whole numbers in them.
const IN_QUERIES: [(&str, &str); 5] = [
    ("/webhooks", "limit"),
    ("/webhooks", "page"),
    ("/webhooks/{webhook}/deliveries", "page"),
    ("/webhooks/{webhook}/logs", "since"),
    ("/tenants", "limit"),
];

fn paths(answer: &Value) -> Vec<&str> {
    let errors = answer["errors"].as_array().into_iter().flatten();
    errors.filter_map(|error| error["path"].as_str()).collect()
}

#[tokio::test]
async fn a_whole_number_in_a_body_is_one_by_its_value() {
    for (method, path, body, field) in IN_BODIES {
        for (written, is_whole) in [
            ("5", true),
            ("5.0", true),
            ("5e0", true),
            ("5.5", false),
            (r#""5""#, false),
            ("[5]", false),
        ] {
            let service = Service::new();
            let path = path.replace("{webhook}", &service.webhook().await);
            let body = body.replacen('5', written, 1);
            let answer = service.ask(method, &path, &body).await;
            assert_eq!(answer.status.is_success(), is_whole, "{body}: {}", answer.body);
            if !is_whole {
                assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
                assert_eq!(paths(&answer.body), [field], "{body}");
            }
        }
    }
}

#[tokio::test]
async fn a_whole_number_in_a_query_is_one_by_its_value() {
    let service = Service::new();
    let webhook = service.webhook().await;
    for (path, name) in IN_QUERIES {
        for (written, is_whole) in
            [("5", true), ("5.0", true), ("5e0", true), ("5.5", false), ("five", false)]
        {
            let path = format!("{}?{name}={written}", path.replace("{webhook}", &webhook));
            let answer = service.ask("GET", &path, "").await;
            assert_eq!(answer.status.is_success(), is_whole, "{path}: {}", answer.body);
            if !is_whole {
                assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
                assert_eq!(paths(&answer.body), [name], "{path}");
            }
        }
    }
}

/// A number where a text is expected is a mistake too.
#[tokio::test]
async fn a_number_is_no_text() {
    let service = Service::new();
    let webhook = service.webhook().await;
    for field in ["name", "description", "url", "contract", "filter", "transform"] {
        let body = json!({ field: 5 }).to_string();
        let answer = service.ask("PATCH", &format!("/webhooks/{webhook}"), &body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert_eq!(paths(&answer.body), [field], "{body}");
    }
    for field in ["id", "type", "version"] {
        let mut event = json!({ "type": "order.created", "data": 1 });
        event[field] = 5.into();
        let answer = service.ask("POST", "/events", &event.to_string()).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{event}");
        assert_eq!(paths(&answer.body), [field], "{event}");
    }
}

#[tokio::test]
async fn a_preset_stands_alone_or_as_a_field() {
    let service = Service::new();
    let webhook = service.webhook().await;
    let path = format!("/webhooks/{webhook}");
    let change = async |policy: Value| {
        service.ask("PATCH", &path, &json!({ "retryPolicy": policy }).to_string()).await
    };
    let alone = change(json!("patient")).await.body["retryPolicy"].clone();
    assert!(alone.is_object());
    assert_eq!(change(json!({"preset": "patient"})).await.body["retryPolicy"], alone);
    for (policy, wrong) in [
        (json!({"preset": "never"}), "retryPolicy.preset"),
        (json!({"preset": 5}), "retryPolicy.preset"),
        (json!({"preset": "quick", "maxRetries": 2}), "retryPolicy.maxRetries"),
        (json!({"preset": "quick", "scheduleSeconds": [5]}), "retryPolicy.scheduleSeconds"),
    ] {
        assert_eq!(paths(&change(policy.clone()).await.body), [wrong], "{policy}");
    }
}
