//! The requests in the examples of the five platform guides are accepted unchanged, under each prefix and
//! with any content type: some of the example commands send none or a wrong one.

use lambda_http::http::StatusCode;

use super::service::{Answer, Service};

/// Sends a request under each prefix and content type, each time for a new tenant with one webhook, `{id}`.
async fn accepted(method: &str, path: &str, body: &str, status: u16) -> Answer {
    let service = Service::new();
    let content_types = [None, Some("application/json"), Some("application/x-www-form-urlencoded")];
    let mut last = None;
    for (n, content_type) in content_types.into_iter().enumerate() {
        for (m, prefix) in ["", "/api", "/api/v1"].into_iter().enumerate() {
            let tenant = format!("acme-{n}-{m}");
            let path =
                format!("{prefix}{}", path.replace("{id}", &service.webhook_of(&tenant).await));
            let mut headers =
                vec![("authorization", "Bearer the-operator-key"), ("x-tenant-id", &tenant)];
            headers.extend(content_type.map(|value| ("content-type", value)));
            let answer = service.ask_with(&headers, method, &path, body).await;
            assert_eq!(answer.status, status, "{method} {path}: {}", answer.body);
            last = Some(answer);
        }
    }
    last.unwrap()
}

/// Defines a test for each request: name, request, expected status, and expected fields of the answer.
macro_rules! documented {
    ($($name:ident: $method:literal $path:literal $body:literal => $status:literal $shown:tt;)+) => { $(
        #[tokio::test]
        async fn $name() {
            let answer = accepted($method, $path, $body, $status).await;
            let shown: serde_json::Value = serde_json::json!($shown);
            for (field, value) in shown.as_object().unwrap() {
                assert_eq!(&answer.body[field], value, "{field}: {}", answer.body);
            }
        }
    )+ };
}

documented! {
    virtual_queue_creates: "POST" "/webhooks" r#"{
        "name": "Queue Events", "description": "What happens to our queues",
        "url": "https://app.example.com/webhooks/queues",
        "events": ["queue.created", "queue.updated", "queue.deleted", "queue.paused", "queue.resumed"],
        "secret": "a-webhook-secret", "isActive": true,
        "retryPolicy": {"maxRetries": 3, "retryDelay": 1000, "backoffMultiplier": 2},
        "headers": {"User-Agent": "OurApp/1.0", "X-Custom-Header": "a value"}
    }"# => 201 {
        "name": "Queue Events", "active": true,
        "headers": {"User-Agent": "***", "X-Custom-Header": "***"},
        "retryPolicy": {
            "strategy": "exponential", "initialDelayMs": 1000, "multiplier": 2.0, "maxDelayMs": 300000,
            "maxRetries": 3
        },
    };
    virtual_queue_lists: "GET" "/webhooks?page=1&limit=10&isActive=true" "" => 200 {
        "page": 1, "limit": 10, "total": 1,
    };
    virtual_queue_updates: "PUT" "/webhooks/{id}" r#"{
        "name": "Queue Events, renamed",
        "events": ["queue.created", "queue.updated", "queue.deleted", "user.joined", "user.left"],
        "isActive": true
    }"# => 200 {
        "name": "Queue Events, renamed", "active": true,
        "events": ["queue.created", "queue.updated", "queue.deleted", "user.joined", "user.left"],
    };
    virtual_queue_deletes: "DELETE" "/webhooks/{id}" "" => 204 {};

    ops_center_creates: "POST" "/webhooks" r#"{
        "url": "https://example.com/ops", "events": ["user.created", "subscription.created"],
        "description": "Ours", "active": true
    }"# => 201 {"name": "example.com", "description": "Ours", "active": true};
    ops_center_creates_for_everything: "POST" "/webhooks" r#"{
        "url": "https://webhook.example.org/a-unique-url", "events": ["*"], "description": "A test"
    }"# => 201 {"events": ["*"]};
    ops_center_lists: "GET" "/webhooks" "" => 200 {"total": 1};
    ops_center_gets: "GET" "/webhooks/{id}" "" => 200 {"status": "active"};
    ops_center_patches: "PATCH" "/webhooks/{id}" r#"{"description": "Theirs", "active": false}"# => 200 {
        "description": "Theirs", "active": false, "status": "inactive",
    };
    ops_center_tests: "POST" "/webhooks/{id}/test" "" => 200 {"successful": true, "eventType": "webhook.test"};
    ops_center_deletes: "DELETE" "/webhooks/{id}" "" => 204 {};

    prism_creates: "POST" "/webhooks" r#"{
        "url": "https://app.example.com/webhooks/handler", "events": ["user.created", "order.completed"],
        "description": "Production, user events", "secret": "a-webhook-secret"
    }"# => 201 {"events": ["user.created", "order.completed"], "status": "active"};
    prism_lists: "GET" "/webhooks" "" => 200 {"total": 1};
    prism_updates: "PUT" "/webhooks/{id}" r#"{
        "events": ["user.created", "user.updated", "order.completed"], "status": "active"
    }"# => 200 {"events": ["user.created", "user.updated", "order.completed"], "status": "active"};
    prism_tests_with_a_sample: "POST" "/webhooks/{id}/test" r#"{"event": "user.created"}"# => 200 {
        "successful": true, "eventType": "user.created",
    };
    prism_deletes: "DELETE" "/webhooks/{id}" "" => 204 {};

    aegisx_creates: "POST" "/webhooks" r#"{
        "name": "Orders", "url": "https://partner.example.com/hooks", "events": ["user.created", "order.updated"],
        "headers": {"X-Partner": "aegis"},
        "retryPolicy": {
            "maxAttempts": 3, "backoffStrategy": "exponential", "initialDelay": 1000, "maxDelay": 60000
        }
    }"# => 201 {
        "name": "Orders",
        "retryPolicy": {
            "strategy": "exponential", "initialDelayMs": 1000, "multiplier": 2.0, "maxDelayMs": 60000,
            "maxRetries": 2
        },
    };
    aegisx_creates_at_its_bounds: "POST" "/webhooks" r#"{
        "name": "O", "url": "https://partner.example.com/hooks", "events": ["user.created"],
        "retryPolicy": {"maxAttempts": 10, "backoffStrategy": "linear", "initialDelay": 100, "maxDelay": 1000}
    }"# => 201 {
        "retryPolicy": {
            "strategy": "linear", "initialDelayMs": 100, "multiplier": 2.0, "maxDelayMs": 1000, "maxRetries": 9
        },
    };
    aegisx_stores_its_policy_in_snake_case: "PUT" "/webhooks/{id}" r#"{
        "retry_policy": {
            "max_attempts": 3, "backoff_strategy": "exponential", "initial_delay": 1000, "max_delay": 60000
        }
    }"# => 200 {
        "retryPolicy": {
            "strategy": "exponential", "initialDelayMs": 1000, "multiplier": 2.0, "maxDelayMs": 60000,
            "maxRetries": 2
        },
    };
    aegisx_lists: "GET" "/webhooks" "" => 200 {"total": 1};
    aegisx_updates: "PUT" "/webhooks/{id}" r#"{"name": "Orders, renamed", "active": false}"# => 200 {
        "name": "Orders, renamed", "active": false,
    };
    aegisx_tests: "POST" "/webhooks/{id}/test" "" => 200 {"successful": true};
    aegisx_deletes: "DELETE" "/webhooks/{id}" "" => 204 {};

    task_hub_creates: "POST" "/webhooks" r#"{
        "name": "Mine", "url": "https://my-domain.example/webhook", "events": ["task.completed", "task.updated"],
        "secret": "a-secret-key"
    }"# => 201 {"name": "Mine", "testMode": false};
    task_hub_creates_for_tests: "POST" "/webhooks" r#"{
        "name": "A Test", "url": "https://my-domain.example/webhook", "events": ["task.completed"],
        "secret": "test-secret", "testMode": true
    }"# => 201 {"testMode": true};
    task_hub_tests_with_a_payload: "POST" "/webhooks/{id}/test" r#"{"taskId": "123", "status": "completed"}"# => 200 {
        "successful": true, "eventType": "webhook.test",
    };
}

#[tokio::test]
async fn a_retry_policy_without_retries_is_kept() {
    let body = r#"{"url": "https://example.com/", "events": ["*"],
        "retryPolicy": {"maxRetries": 0, "retryDelay": 0, "backoffMultiplier": 1}}"#;
    let answer = accepted("POST", "/webhooks", body, StatusCode::CREATED.as_u16()).await;
    assert_eq!(answer.body["retryPolicy"]["maxRetries"], 0);
}

/// A route has three paths, and no more: a prefix stands once, and ends with its segment.
#[tokio::test]
async fn a_path_has_one_prefix_at_most() {
    let service = Service::new();
    for (path, status) in [
        ("/api/v1/tenants", 200),
        ("/api/tenants?limit=1", 200),
        ("/api/v1", 404),
        ("/api/v1/", 404),
        ("/api", 404),
        ("/api/", 404),
        ("/", 404),
        ("/api/api/tenants", 404),
        ("/api/v1/api/tenants", 404),
        ("/api/api/v1/tenants", 404),
        ("/api/v1/api/v1/tenants", 404),
        ("/api/v1tenants", 404),
        ("/apitenants", 404),
        ("/v1/tenants", 404),
        ("/api/v2/tenants", 404),
    ] {
        assert_eq!(service.ask("GET", path, "").await.status.as_u16(), status, "{path}");
    }
    let wrong = service.ask("GET", "/api/tenants?limit=no", "").await;
    assert_eq!(wrong.status.as_u16(), 422, "the query stays");
}
