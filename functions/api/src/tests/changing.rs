use lambda_http::http::StatusCode;

use super::service::Service;

const KEY: (&str, &str) = ("authorization", "Bearer the-operator-key");
const TENANT: (&str, &str) = ("x-tenant-id", "acme");

#[tokio::test]
async fn put_and_patch_change_only_the_fields_in_the_body() {
    let service = Service::new();
    let path = format!("/webhooks/{}", service.webhook().await);
    let put = service.ask("PUT", &path, r#"{"events":["order.*"],"isActive":false}"#).await;
    assert_eq!(put.status, StatusCode::OK);
    assert_eq!(
        (put.body["active"].clone(), put.body["status"].clone()),
        (false.into(), "inactive".into())
    );
    assert!(put.body.get("secret").is_none());
    let patch = service.ask("PATCH", &path, r#"{"status":"active","name":"New"}"#).await;
    assert_eq!(patch.body["events"][0], "order.*");
    assert_eq!(
        (patch.body["active"].clone(), patch.body["name"].clone()),
        (true.into(), "New".into())
    );
    let mut read = service.ask("GET", &path, "").await.body;
    assert!(read.as_object_mut().unwrap().remove("health").is_some());
    assert_eq!(read, patch.body);
}

#[tokio::test]
async fn a_change_is_validated_like_a_registration() {
    let service = Service::new();
    let path = format!("/webhooks/{}", service.webhook().await);
    let body = r#"{"url":"https://10.0.0.1/","secret":"another-secret","colour":1}"#;
    let answer = service.ask("PATCH", &path, body).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    insta::assert_json_snapshot!("invalid_change", answer.body);
    let missing = "/webhooks/wh_01HM6AQH200000000000000009";
    assert_eq!(service.ask("PUT", missing, "{}").await.status, StatusCode::NOT_FOUND);
    assert_eq!(service.ask_as("other", "PUT", &path, "{}").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn if_match_applies_a_change_only_to_a_revision_in_the_header() {
    let service = Service::new();
    let path = format!("/webhooks/{}", service.webhook().await);
    let seen = service.ask("GET", &path, "").await.etag;
    assert_eq!(seen, "\"1\"");
    let with = |tag: &'static str| [KEY, TENANT, ("if-match", tag)];
    let first = service.ask_with(&with("\"1\""), "PATCH", &path, r#"{"name":"A"}"#).await;
    assert_eq!((first.status, first.etag.as_str()), (StatusCode::OK, "\"2\""));
    for tag in ["\"1\"", "\"x\"", "2", "", "W/\"2\"", "\"1\", \"3\""] {
        let answer = service.ask_with(&with(tag), "PATCH", &path, r#"{"name":"B"}"#).await;
        assert_eq!(answer.status, StatusCode::PRECONDITION_FAILED, "{tag}");
        let answer = service.ask_with(&with(tag), "DELETE", &path, "").await;
        assert_eq!(answer.status, StatusCode::PRECONDITION_FAILED, "{tag}");
    }
    let listed = with("\"1\", W/\"2\", \"2\"");
    let of_a_list = service.ask_with(&listed, "PATCH", &path, r#"{"name":"B"}"#).await;
    assert_eq!((of_a_list.status, of_a_list.etag.as_str()), (StatusCode::OK, "\"3\""));
    let any = service.ask_with(&with("*"), "PATCH", &path, r#"{"name":"C"}"#).await;
    assert_eq!(any.body["name"], "C");
    let deleted = service.ask_with(&with("\"4\""), "DELETE", &path, "").await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    for tag in ["*", "\"4\""] {
        let gone = service.ask_with(&with(tag), "PATCH", &path, "{}").await;
        assert_eq!(gone.status, StatusCode::NOT_FOUND, "{tag}");
    }
}

#[tokio::test]
async fn null_resets_only_fields_that_can_be_reset() {
    let service = Service::new();
    let body = r#"{"url":"https://example.com/","events":["*"],"description":"D","name":null,
        "headers":{"X-A":"1"},"retryPolicy":"none","timeoutSeconds":7,"testMode":null,"active":null,
        "rateLimit":{"requests":1,"perSeconds":1},"secret":null,"contract":null,"signing":null}"#;
    let created = service.ask("POST", "/webhooks", body).await;
    assert_eq!(created.status, StatusCode::CREATED, "{}", created.body);
    let path = created.location;
    let body = r#"{"description":null,"headers":null,"retryPolicy":null,"timeoutSeconds":null,"rateLimit":null}"#;
    let taken = service.ask("PATCH", &path, body).await;
    for field in ["description", "retryPolicy", "timeoutSeconds", "rateLimit"] {
        assert!(created.body.get(field).is_some() && taken.body.get(field).is_none(), "{field}");
    }
    assert_eq!(taken.body["headers"], serde_json::json!({}));
    let body = r#"{"name":null,"url":null,"events":null,"contract":null,"signing":null,"secret":null,
        "active":null,"isActive":null,"status":null,"testMode":null}"#;
    let refused = service.ask("PATCH", &path, body).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    insta::assert_json_snapshot!("null_where_nothing_is_taken_back", refused.body);
    for (body, required) in [
        (r#"{"url":null,"events":["*"]}"#, "url"),
        (r#"{"url":"https://example.com/","events":null}"#, "events"),
    ] {
        let refused = service.ask("POST", "/webhooks", body).await;
        assert_eq!(refused.body["errors"][0]["path"], required);
    }
}
