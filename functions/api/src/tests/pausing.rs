use hooklane_app::ports::HealthStore as _;
use lambda_http::http::StatusCode;

use super::service::Service;

#[tokio::test]
async fn a_webhook_is_paused_and_resumed() {
    let service = Service::new();
    let path = format!("/api/v1/webhooks/{}", service.webhook().await);
    for (step, status, active, etag) in [
        ("pause", "paused", false, "\"2\""),
        ("pause", "paused", false, "\"2\""),
        ("resume", "active", true, "\"3\""),
        ("resume", "active", true, "\"3\""),
    ] {
        let answer = service.ask("POST", &format!("{path}/{step}"), "").await;
        assert_eq!((answer.status, answer.etag.as_str()), (StatusCode::OK, etag), "{step}");
        assert_eq!(answer.body["status"], status);
        assert_eq!(answer.body["active"], active);
        let mut read = service.ask("GET", &path, "").await.body;
        assert!(read.as_object_mut().unwrap().remove("health").is_some());
        assert_eq!(read, answer.body);
    }
    let paused = service.ask("POST", &format!("{path}/pause"), "{}").await;
    insta::assert_json_snapshot!("paused_webhook", paused.body);
    let on = service.ask("PATCH", &path, r#"{"active":true}"#).await;
    assert_eq!(on.body["status"], "active", "activating it resumes it");
}

#[tokio::test]
async fn paced_resumption_takes_a_rate_and_refuses_a_wrong_one() {
    let service = Service::new();
    let id = service.webhook().await;
    let path = format!("/webhooks/{id}/resume");
    let body = r#"{"rateLimit":{"requests":30,"perSeconds":60}}"#;
    assert_eq!(service.ask("POST", &path, body).await.status, StatusCode::OK);
    let health = service.deps.registry.health(id.parse().unwrap()).await.unwrap();
    let limit = health.release.unwrap().limit;
    assert_eq!((limit.requests(), limit.per_seconds()), (30, 60));
    for (body, wrong) in [
        (r#"{"rateLimit":{"requests":0,"perSeconds":60}}"#, "rateLimit.requests"),
        (r#"{"rateLimit":{"requests":1}}"#, "rateLimit.perSeconds"),
        (r#"{"rateLimit":7}"#, "rateLimit"),
    ] {
        let answer = service.ask("POST", &path, body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert_eq!(answer.body["errors"][0]["path"], wrong, "{body}");
    }
}

#[tokio::test]
async fn resuming_with_discard_cancels_parked_deliveries() {
    let service = Service::new();
    let id = service.webhook().await;
    let path = format!("/webhooks/{id}");
    for (body, discards) in
        [("", false), ("{}", false), (r#"{"discard":false}"#, false), (r#"{"discard":true}"#, true)]
    {
        service.ask("POST", &format!("{path}/pause"), "").await;
        let resumed = service.ask("POST", &format!("{path}/resume"), body).await;
        assert_eq!((resumed.status, &resumed.body["status"]), (StatusCode::OK, &"active".into()));
        let health = service.deps.registry.health(id.parse().unwrap()).await.unwrap();
        assert_eq!(health.discard_until.is_some(), discards, "{body}");
    }
}

#[tokio::test]
async fn pausing_and_resuming_refuse_unknown_fields() {
    let service = Service::new();
    let path = format!("/webhooks/{}", service.webhook().await);
    for step in ["pause", "resume"] {
        let wrong = r#"{"discard":"yes"}"#;
        for (body, expected) in
            [(r#"{"until":"tomorrow"}"#, "until"), (wrong, "discard"), ("[]", ""), ("{", "")]
        {
            let answer = service.ask("POST", &format!("{path}/{step}"), body).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
            assert_eq!(answer.body["errors"][0]["path"], expected, "{body}");
        }
    }
    assert_eq!(service.ask("GET", &path, "").await.body["status"], "active");
}
