use lambda_http::http::StatusCode;

use super::service::{Answer, Service};

const BODY: &str = r#"{"url":"https://example.com/hook","events":["*"]}"#;

async fn post(service: &Service, path: &str, key: &str, body: &str) -> Answer {
    let headers = [
        ("authorization", "Bearer the-operator-key"),
        ("x-tenant-id", "acme"),
        ("idempotency-key", key),
    ];
    service.ask_with(&headers, "POST", path, body).await
}

#[tokio::test]
async fn an_idempotency_key_registers_one_webhook() {
    let service = Service::new();
    let first = post(&service, "/webhooks", "k1", BODY).await;
    assert_eq!(first.status, StatusCode::CREATED);
    let again = post(&service, "/webhooks", "k1", BODY).await;
    assert_eq!((again.status, &again.body), (StatusCode::CREATED, &first.body), "secret included");
    assert_eq!((&again.etag, &again.location), (&first.etag, &first.location));
    assert_eq!(service.ask("GET", "/webhooks", "").await.body["total"], 1);

    let other = post(&service, "/webhooks", "k1", &BODY.replace('*', "user.created")).await;
    assert_eq!(other.status, StatusCode::CONFLICT);
    insta::assert_json_snapshot!("key_of_another_body", other.body);
    service.ask("DELETE", &first.location, "").await;
    let deleted = post(&service, "/webhooks", "k1", BODY).await;
    assert_eq!(deleted.status, StatusCode::CONFLICT);
    insta::assert_json_snapshot!("key_of_a_deleted_webhook", deleted.body);
    assert_eq!(
        post(&service, "/webhooks", "k2", "{}").await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(post(&service, "/webhooks", "k2", BODY).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn an_event_without_an_id_gets_one_from_the_idempotency_key() {
    let service = Service::new();
    let event = r#"{"type":"a","data":1}"#;
    let first = post(&service, "/events", "k1", event).await;
    assert_eq!(first.status, StatusCode::ACCEPTED);
    let again = post(&service, "/events", "k1", event).await;
    assert_eq!((again.status, &again.body["id"]), (StatusCode::OK, &first.body["id"]));
    let other = post(&service, "/events", "k1", r#"{"type":"a","data":2}"#).await;
    assert_eq!(other.status, StatusCode::CONFLICT);
    let own = post(&service, "/events", "k1", r#"{"id":"mine","type":"a","data":2}"#).await;
    assert_eq!((own.status, own.body["id"].clone()), (StatusCode::ACCEPTED, "mine".into()));

    let batch = r#"[{"type":"a","data":1},{"id":"own","type":"a","data":1},{"type":"a","data":1}]"#;
    let first = post(&service, "/events/batch", "k1", batch).await;
    let again = post(&service, "/events/batch", "k1", batch).await;
    let of = |answer: &Answer, field: &str| -> Vec<_> {
        answer.body["results"].as_array().unwrap().iter().map(|r| r[field].clone()).collect()
    };
    assert_eq!(of(&first, "status"), [202, 202, 202]);
    assert_eq!(of(&again, "status"), [200, 200, 200]);
    assert_eq!(of(&first, "id"), of(&again, "id"));
}

#[tokio::test]
async fn an_invalid_idempotency_key_is_refused() {
    let service = Service::new();
    for path in ["/webhooks", "/events", "/events/batch"] {
        for key in ["", " ", &"x".repeat(256)] {
            let answer = post(&service, path, key, BODY).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path} {key:?}");
        }
    }
    let headers = [
        ("authorization", "Bearer the-operator-key"),
        ("x-tenant-id", "acme"),
        ("idempotency-key", "a"),
        ("idempotency-key", "b"),
    ];
    let twice = service.ask_with(&headers, "POST", "/webhooks", BODY).await;
    insta::assert_json_snapshot!("two_keys", twice.body);
}
