use lambda_http::http::StatusCode;

use super::service::{Answer, Service};

const BODY: &str = r#"{"name":"Orders","description":"All orders","url":"https://example.com/hook",
    "events":["order.*","user.created"],"secret":"your-webhook-secret",
    "headers":{"X-Custom-Header":"custom-value","User-Agent":"YourApp/1.0"},
    "retryPolicy":{"maxRetries":3,"retryDelay":1000,"backoffMultiplier":2}}"#;

#[tokio::test]
async fn a_webhook_is_created_read_listed_and_deleted() {
    let service = Service::new();
    let created = service.ask("POST", "/api/v1/webhooks", BODY).await;
    assert_eq!(created.status, StatusCode::CREATED);
    insta::assert_json_snapshot!("created_webhook", created.body);
    let path = format!("/api/v1/webhooks/{}", created.body["id"].as_str().unwrap());

    let read = service.ask("GET", &path, "").await;
    assert_eq!(read.status, StatusCode::OK);
    let mut expected = created.body.clone();
    for only_when_saved in ["secret", "warnings"] {
        expected.as_object_mut().unwrap().shift_remove(only_when_saved);
    }
    expected["health"] = read.body["health"].clone();
    assert!(expected["health"].is_object());
    assert_eq!(read.body, expected, "only the answer to the registration includes the secret");

    let list = service.ask("GET", "/webhooks?limit=1", "").await;
    assert_eq!(list.body["data"][0], expected);
    assert_eq!(list.body["total"], 1);
    let past = service.ask("GET", "/webhooks?page=9&limit=1", "").await;
    assert_eq!(past.body["data"].as_array().unwrap().len(), 0);

    assert_eq!(service.ask("DELETE", &path, "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(service.ask("DELETE", &path, "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(service.ask("GET", &path, "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn address_ranges_are_shown_in_canonical_form() {
    let service = Service::new();
    let body = r#"{"url":"https://example.com/","events":["*"],
        "target_cidrs":["2001:DB8::/32","198.51.100.7"]}"#;
    let created = service.ask("POST", "/webhooks", body).await;
    let expected = serde_json::json!(["198.51.100.7/32", "2001:db8::/32"]);
    assert_eq!(created.body["targetCidrs"], expected);
    let path = format!("/webhooks/{}", created.body["id"].as_str().unwrap());
    assert_eq!(service.ask("GET", &path, "").await.body["targetCidrs"], expected);
    let lifted = service.ask("PATCH", &path, r#"{"targetCidrs":[]}"#).await;
    assert_eq!((lifted.status, lifted.body.get("targetCidrs")), (StatusCode::OK, None));
}

#[tokio::test]
async fn a_generated_secret_has_the_form_that_its_contract_expects() {
    let service = Service::new();
    let body = r#"{"url":"https://example.com/hook","events":["*"]}"#;
    let created = service.ask("POST", "/webhooks", body).await;
    let secret = created.body["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_") && secret.len() == 50, "{}", secret.len());
}

#[tokio::test]
async fn all_invalid_fields_are_named_at_once() {
    let service = Service::new();
    let body = r#"{"name":"","url":"http://10.0.0.1/","events":["a b"],"secret":"short",
        "contract":"nonsense","headers":{"Host":"x"},"retryPolicy":{"maxRetries":11},"colour":1}"#;
    let answer = service.ask("POST", "/webhooks", body).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.content_type, "application/problem+json");
    insta::assert_json_snapshot!("invalid_webhook", answer.body);
}

#[tokio::test]
async fn urls_with_forbidden_targets_are_refused() {
    let service = Service::new();
    for url in [
        "http://example.com/hook",
        "https://user:secret@example.com/",
        "https://127.0.0.1/",
        "https://[::ffff:10.0.0.1]/",
        "https://0x7f000001/",
        "https://localhost/",
        "https://example.com:22/",
    ] {
        let body = serde_json::json!({ "url": url, "events": ["*"] }).to_string();
        let answer = service.ask("POST", "/webhooks", &body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{url}");
        assert_eq!(answer.body["errors"][0]["path"], "url", "{url}");
    }
}

/// The words of a platform guide are for its tenants; its answers have no warnings.
#[tokio::test]
async fn presets_are_those_of_everybody_and_those_of_the_tenants_contract() {
    let service = Service::new();
    let body = |preset: &str| {
        format!(r#"{{"url":"https://example.com/","events":["*"],"retryPolicy":"{preset}"}}"#)
    };
    for (preset, status) in [
        ("none", 201),
        ("quick", 201),
        ("standard-webhooks", 201),
        ("patient", 201),
        ("standard", 422),
        ("immediate", 422),
    ] {
        let answer = service.ask("POST", "/webhooks", &body(preset)).await;
        assert_eq!(answer.status, status, "{preset}");
    }
    let refused = service.ask("POST", "/webhooks", &body("standard")).await;
    insta::assert_json_snapshot!("preset_of_a_platform_guide", refused.body);

    let operator = [("authorization", "Bearer the-operator-key")];
    let settings = r#"{"contract":"virtual-queue"}"#;
    service.ask_with(&operator, "PUT", "/tenants/acme", settings).await;
    let created = service.ask("POST", "/webhooks", &body("standard")).await;
    assert_eq!(created.status, StatusCode::CREATED);
    let policy = serde_json::json!({"maxRetries":3,"retryDelay":1000,"backoffMultiplier":2.0});
    assert_eq!(created.body["data"]["retryPolicy"], policy);
    assert_eq!(created.body["data"]["warnings"], serde_json::Value::Null);
    let id = created.body["data"]["id"].as_str().unwrap();
    let change = r#"{"retryPolicy":"conservative"}"#;
    let changed = service.ask("PATCH", &format!("/webhooks/{id}"), change).await;
    assert_eq!(changed.body["data"]["retryPolicy"]["maxRetries"], 10);
}

#[tokio::test]
async fn an_answer_that_saved_a_webhook_warns_of_a_policy_that_ends_within_a_minute() {
    let service = Service::new();
    let body = |policy: &str| {
        format!(r#"{{"url":"https://example.com/","events":["*"],"retryPolicy":{policy}}}"#)
    };
    let created = service.ask("POST", "/webhooks", &body(r#"{"schedule":[1,2,4]}"#)).await;
    insta::assert_json_snapshot!("warnings", created.body["warnings"]);
    let path = created.location;
    let read = service.ask("GET", &path, "").await;
    assert_eq!(read.body.get("warnings"), None);
    let codes = |answer: &Answer| {
        let warnings = answer.body["warnings"].as_array().cloned().unwrap_or_default();
        warnings.into_iter().map(|w| w["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let short = vec!["short_retry_policy".to_owned()];
    for (method, change, expected) in [
        ("PATCH", "{}", short.clone()),
        ("PUT", r#"{"name":"N"}"#, short.clone()),
        ("PATCH", r#"{"retryPolicy":"quick"}"#, vec![]),
        ("PATCH", r#"{"retryPolicy":null}"#, vec![]),
        ("PATCH", r#"{"contract":"virtual-queue"}"#, short.clone()),
        ("PATCH", r#"{"retryPolicy":"none"}"#, short),
    ] {
        let answer = service.ask(method, &path, change).await;
        assert_eq!(answer.status, StatusCode::OK, "{change}");
        assert_eq!(codes(&answer), expected, "{change}");
    }
}
