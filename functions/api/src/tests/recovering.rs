use hooklane_app::ports::{RecoveryStore as _, WatchList as _};
use hooklane_domain::Timestamp;
use hooklane_domain::ids::WebhookId;
use lambda_http::http::StatusCode;
use serde_json::json;

use super::service::Service;

const BODY: &str = r#"{"since":"2024-01-15T09:30:00Z","status":"failed"}"#;

#[tokio::test]
async fn one_recovery_runs_at_a_time_and_shows_its_progress() {
    let service = Service::new();
    let webhook = service.webhook().await;
    let path = format!("/api/v1/webhooks/{webhook}/recover");
    let none = service.ask("GET", &path, "").await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);

    let ordered = service.ask("POST", &path, BODY).await;
    assert_eq!(ordered.status, StatusCode::ACCEPTED);
    insta::assert_json_snapshot!("ordered_recovery", ordered.body);
    assert_eq!(service.ask("GET", &path, "").await.body, ordered.body);
    let registry = &service.deps.registry;
    assert_eq!(
        registry.watched(None, 9).await.unwrap().len(),
        1,
        "the webhook is on the watch list"
    );

    let again = service.ask("POST", &path, BODY).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert_eq!(again.header("retry-after"), "60", "upkeep works on it once a minute");
    insta::assert_json_snapshot!("running_recovery", again.body);

    let id: WebhookId = webhook.parse().unwrap();
    let running = registry.recovery(id).await.unwrap().unwrap();
    let at: Timestamp = "2024-01-15T10:31:00Z".parse().unwrap();
    assert!(registry.save_recovery(&running.advanced(7, at, None)).await.unwrap());
    let done = service.ask("GET", &path, "").await;
    assert_eq!(done.status, StatusCode::OK);
    insta::assert_json_snapshot!("done_recovery", done.body);
    assert_eq!(service.ask("POST", &path, BODY).await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_recovery_is_stopped_and_another_one_can_begin() {
    let service = Service::new();
    let path = format!("/webhooks/{}/recover", service.webhook().await);
    let stop = format!("{path}/stop");
    assert_eq!(service.ask("POST", &stop, "").await.status, StatusCode::NOT_FOUND);
    service.ask("POST", &path, BODY).await;
    let id: WebhookId = path.split('/').nth(2).unwrap().parse().unwrap();
    let registry = &service.deps.registry;
    let seen_by_upkeep = registry.recovery(id).await.unwrap().unwrap();

    let stopped = service.ask("POST", &stop, "").await;

    assert_eq!(stopped.status, StatusCode::OK);
    assert_eq!(stopped.body["state"], "stopped");
    assert_eq!(stopped.body["completedAt"], "2024-01-15T10:30:00.000Z");
    assert_eq!(service.ask("GET", &path, "").await.body, stopped.body);
    assert_eq!(service.ask("POST", &stop, "").await.body, stopped.body, "it is idempotent");
    let at: Timestamp = "2024-01-15T10:31:00Z".parse().unwrap();
    let step = seen_by_upkeep.advanced(7, at, None);
    assert!(!registry.save_recovery(&step).await.unwrap(), "a step under way finds it ended");
    let again = service.ask("POST", &path, BODY).await;
    assert_eq!((again.status, &again.body["state"]), (StatusCode::ACCEPTED, &json!("running")));
}

#[tokio::test]
async fn a_recovery_that_is_complete_stays_so_when_it_is_stopped() {
    let service = Service::new();
    let path = format!("/webhooks/{}/recover", service.webhook().await);
    service.ask("POST", &path, r#"{"since":"2024-01-15T09:30:00Z","include":"skipped"}"#).await;
    let id: WebhookId = path.split('/').nth(2).unwrap().parse().unwrap();
    let registry = &service.deps.registry;
    let running = registry.recovery(id).await.unwrap().unwrap();
    let at: Timestamp = "2024-01-15T10:31:00Z".parse().unwrap();
    assert!(registry.save_recovery(&running.walked(at, at, None)).await.unwrap());
    let done = service.ask("GET", &path, "").await.body;
    assert!(done["rechecksEndAt"].is_string(), "late events are looked for: {done}");
    let stopped = service.ask("POST", &format!("{path}/stop"), "").await.body;
    assert_eq!(stopped["state"], "completed");
    assert_eq!(stopped["completedAt"], done["completedAt"]);
    assert!(stopped.get("rechecksEndAt").is_none(), "not any more: {stopped}");
}

#[tokio::test]
async fn a_recovery_of_events_older_than_the_webhook_says_so() {
    let service = Service::new();
    let path = format!("/webhooks/{}/recover", service.webhook().await);
    let body = r#"{"since":"2024-01-15T10:29:59.999Z","include":"skipped"}"#;
    let ordered = service.ask("POST", &path, body).await;
    assert_eq!(ordered.status, StatusCode::ACCEPTED);
    let detail = "Events that were accepted before 2024-01-15T10:30:00.000Z, when the webhook was registered, \
        are not sent to it.";
    let warnings = json!([{"code": "older_than_webhook", "field": "since", "detail": detail}]);
    assert_eq!(ordered.body["warnings"], warnings);
    let id: WebhookId = path.split('/').nth(2).unwrap().parse().unwrap();
    let registry = &service.deps.registry;
    let running = registry.recovery(id).await.unwrap().unwrap();
    let at: Timestamp = "2024-01-15T10:31:00Z".parse().unwrap();
    registry.save_recovery(&running.passed_over(12).advanced(0, at, None)).await.unwrap();
    let done = service.ask("GET", &path, "").await;
    assert_eq!(done.body["olderThanWebhook"], 12);
    assert_eq!(done.body["warnings"], warnings);
    let body = r#"{"since":"2024-01-15T10:30:00Z","include":"skipped"}"#;
    let in_time = service.ask("POST", &path, body).await;
    assert!(in_time.body.get("warnings").is_none(), "{}", in_time.body);
}

#[tokio::test]
async fn an_invalid_recovery_is_refused() {
    let service = Service::new();
    let path = format!("/webhooks/{}/recover", service.webhook().await);
    for (body, paths) in [
        ("", &["since", "include"][..]),
        ("{}", &["since", "include"]),
        (r#"{"since":"2024-01-15T10:30:01Z","include":"all"}"#, &["since"]),
        (r#"{"since":1,"until":"x","include":"lost","more":1}"#, &["until", "include", "more"]),
        (r#"{"since":1,"status":"lost"}"#, &["status"]),
        (r#"{"since":1,"status":"any","include":"all"}"#, &["status"]),
    ] {
        let answer = service.ask("POST", &path, body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        let errors = answer.body["errors"].as_array().unwrap();
        let found: Vec<_> = errors.iter().map(|e| e["path"].as_str().unwrap()).collect();
        assert_eq!(found, paths, "{body}");
    }
    for (method, body) in [("POST", BODY), ("GET", "")] {
        let answer = service.ask_as("other", method, &path, body).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method}");
    }
}

#[tokio::test]
async fn finding_13_only_the_operator_may_have_the_whole_ledger_read() {
    let service = Service::new();
    let path = format!("/webhooks/{}/recover", service.webhook().await);
    let body = r#"{"since":1705312800,"include":"skipped","thorough":true}"#;
    let (scopes, operator) = (
        r#"{"scopes":["webhooks:write"],"name":"k"}"#,
        &[("authorization", "Bearer the-operator-key"), ("x-tenant-id", "acme")],
    );
    let token = service
        .ask_with(operator, "POST", "/tenants/acme/tokens", r#"{"scopes":["webhooks:write"]}"#)
        .await;
    let key = service.ask_with(operator, "POST", "/keys", scopes).await;
    let (token, key) = (&token.body["token"], &key.body["secret"]);
    for secret in [token, key].map(|secret| secret.as_str().unwrap()) {
        let bearer = [("authorization", &*format!("Bearer {secret}"))];
        let refused = service.ask_with(&bearer, "POST", &path, body).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(detail.contains("thorough") && detail.contains("operator"), "{detail}");
    }
    let missing = service.ask("GET", &path, "").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND, "nothing was started");
    let ordered = service.ask_with(operator, "POST", &path, body).await;
    assert_eq!((ordered.status, &ordered.body["thorough"]), (StatusCode::ACCEPTED, &json!(true)));
}

#[tokio::test]
async fn paced_recovery_shows_its_rate_and_until_when_it_looks_for_late_events() {
    let service = Service::new();
    let webhook = service.webhook().await;
    let path = format!("/webhooks/{webhook}/recover");
    let body =
        r#"{"since":1705312800,"include":"skipped","rateLimit":{"requests":60,"perSeconds":30}}"#;
    let ordered = service.ask("POST", &path, body).await;
    assert_eq!(ordered.status, StatusCode::ACCEPTED);
    assert_eq!(ordered.body["rateLimit"], json!({"requests": 60, "perSeconds": 30}));
    assert_eq!(ordered.body["thorough"], false);
    assert!(ordered.body.get("rechecksEndAt").is_none());
    let registry = &service.deps.registry;
    let running = registry.recovery(webhook.parse().unwrap()).await.unwrap().unwrap();
    let at: Timestamp = "2024-01-15T10:31:00Z".parse().unwrap();
    assert!(registry.save_recovery(&running.unread(2).walked(at, at, None)).await.unwrap());
    let done = service.ask("GET", &path, "").await;
    assert_eq!(done.body["state"], "completed");
    assert_eq!(done.body["unreadableParts"], 2);
    assert_eq!(done.body["rechecksEndAt"], "2024-01-16T11:31:00.000Z");
    let again = service.ask("POST", &path, body).await;
    assert_eq!(again.status, StatusCode::ACCEPTED, "late events do not hold up another one");
    assert_eq!(again.body["rechecksEndAt"], "2024-01-16T11:31:00.000Z", "and are not forgotten");
}
