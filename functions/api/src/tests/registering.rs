use lambda_http::http::StatusCode;

use super::service::Service;

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
    expected.as_object_mut().unwrap().shift_remove("secret");
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
