use jiff::SignedDuration;
use lambda_http::http::StatusCode;

use super::service::Service;

#[tokio::test]
async fn a_secret_is_rotated_and_shown() {
    let service = Service::new();
    let path = format!("/webhooks/{}", service.webhook().await);
    let (rotate, secret) = (format!("{path}/rotate-secret"), format!("{path}/secret"));
    let first = service.ask("GET", &secret, "").await;
    assert_eq!((first.status, first.cache_control.as_str()), (StatusCode::OK, "no-store"));
    insta::assert_json_snapshot!("secret", first.body);

    let rotated = service.ask("POST", &rotate, "").await;
    assert_eq!((rotated.status, rotated.etag.as_str()), (StatusCode::OK, "\"2\""));
    assert_eq!(rotated.cache_control, "no-store");
    insta::assert_json_snapshot!("rotated_secret", rotated.body);
    assert_ne!(rotated.body["secret"], first.body["secret"]);
    assert_eq!(service.ask("GET", &secret, "").await.body, rotated.body);
    assert!(service.ask("GET", &path, "").await.body.get("secret").is_none());

    service.deps.system.pass(SignedDuration::from_hours(24));
    let later = service.ask("GET", &secret, "").await;
    assert!(later.body.get("previousSecretExpiresAt").is_none(), "the overlap has ended");
}

#[tokio::test]
async fn a_rotation_may_set_the_secret_and_the_overlap() {
    let service = Service::new();
    let rotate = format!("/webhooks/{}/rotate-secret", service.webhook().await);
    let given =
        service.ask("POST", &rotate, r#"{"secret":"a-secret-of-ours","overlapSeconds":60}"#).await;
    assert_eq!(given.body["previousSecretExpiresAt"], "2024-01-15T10:31:00.000Z");
    // With the contract `standard`, the secret is shown in the form that its libraries expect.
    assert_eq!(given.body["secret"], "whsec_YS1zZWNyZXQtb2Ytb3Vycw==");

    let second = service.ask("POST", &rotate, "{}").await;
    assert_eq!(second.status, StatusCode::CONFLICT);
    insta::assert_json_snapshot!("rotation_during_an_overlap", second.body);
    let leaked = service.ask("POST", &rotate, r#"{"overlapSeconds":0}"#).await;
    assert_eq!(leaked.status, StatusCode::OK);
    assert!(leaked.body.get("previousSecretExpiresAt").is_none());

    let wrong = r#"{"secret":"short","overlapSeconds":604801,"signing":"rsa","colour":1}"#;
    let refused = service.ask("POST", &rotate, wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    insta::assert_json_snapshot!("invalid_rotation", refused.body);
    let same =
        service.ask("POST", &rotate, &format!(r#"{{"secret":{}}}"#, leaked.body["secret"])).await;
    assert_eq!(same.body["errors"][0]["path"], "secret");

    let key = [
        ("authorization", "Bearer the-operator-key"),
        ("x-tenant-id", "acme"),
        ("if-match", "\"1\""),
    ];
    let stale = service.ask_with(&key, "POST", &rotate, "").await;
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
}

#[tokio::test]
async fn a_rotation_may_change_the_kind_of_signature() {
    let service = Service::new();
    let rotate = format!("/webhooks/{}/rotate-secret", service.webhook().await);
    let key = service.ask("POST", &rotate, r#"{"signing":"ed25519"}"#).await;
    assert!(key.body["secret"].as_str().unwrap().starts_with("whsk_"), "{}", key.body);
    assert!(key.body["publicKey"].as_str().unwrap().starts_with("whpk_"));
    let again = service.ask("POST", &rotate, r#"{"overlapSeconds":0}"#).await;
    assert!(
        again.body["secret"].as_str().unwrap().starts_with("whsk_"),
        "the kind of signature stays"
    );
}

#[tokio::test]
async fn another_tenant_gets_no_secret() {
    let service = Service::new();
    let path = format!("/webhooks/{}", service.webhook().await);
    for (method, route) in [
        ("GET", "secret"),
        ("POST", "rotate-secret"),
        ("POST", "test"),
        ("POST", "pause"),
        ("POST", "resume"),
    ] {
        let answer = service.ask_as("other", method, &format!("{path}/{route}"), "").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{route}");
        let nonsense = service.ask(method, &format!("/webhooks/nonsense/{route}"), "").await;
        assert_eq!(nonsense.status, StatusCode::NOT_FOUND, "{route}");
    }
    assert!(service.deps.sender.seen.lock().unwrap().is_empty());
}
