use std::time::Duration;

use hooklane_app::ports::{Clock as _, TestAttemptStore as _, TestPlaces as _};
use hooklane_domain::delivery::outcome::{AttemptError, ErrorKind, Outcome, Response};
use hooklane_domain::ids::DeliveryId;
use lambda_http::http::StatusCode;

use super::service::{Answer, Service};

async fn tried(service: &Service, body: &str) -> Answer {
    let webhook = service.webhook().await;
    service.ask("POST", &format!("/webhooks/{webhook}/test"), body).await
}

/// The body of the last request that the receiver got.
fn got(service: &Service) -> serde_json::Value {
    let seen = service.deps.sender.seen.lock().unwrap();
    serde_json::from_str(&seen.last().unwrap().0.body).unwrap()
}

#[tokio::test]
async fn a_test_shows_the_receivers_answer() {
    let service = Service::new();
    let answer = tried(&service, "").await;
    assert_eq!(answer.status, StatusCode::OK);
    insta::assert_json_snapshot!("test_result", answer.body);
    insta::assert_json_snapshot!("test_payload", got(&service));
    assert_eq!(service.deps.sender.seen.lock().unwrap()[0].1, Duration::from_secs(20));
}

#[tokio::test]
async fn a_test_sends_a_default_a_sample_or_the_given_payload() {
    let service = Service::new();
    for (body, event_type, data) in [
        ("{}", "webhook.test", None),
        (r#"{"event":"user.created"}"#, "user.created", None),
        (
            r#"{"taskId":"123","status":"completed"}"#,
            "webhook.test",
            Some(serde_json::json!({"taskId": "123", "status": "completed"})),
        ),
        (r#"[1.50]"#, "webhook.test", Some(serde_json::json!([1.5]))),
    ] {
        let answer = tried(&service, body).await;
        assert_eq!(answer.body["eventType"], event_type, "{body}");
        assert_eq!(answer.body["successful"], true, "{body}");
        let got = got(&service);
        assert_eq!(got["type"], event_type, "{body}");
        match data {
            Some(data) => assert_eq!(got["data"], data),
            None => assert!(got["data"].is_object(), "{got}"),
        }
    }
    let unknown = tried(&service, r#"{"event":"nobody.knows"}"#).await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    insta::assert_json_snapshot!("test_of_an_unknown_type", unknown.body);
    let large = tried(&service, &format!("\"{}\"", "x".repeat(256 * 1024))).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(tried(&service, "{").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(service.deps.sender.seen.lock().unwrap().len(), 4, "refused tests are not sent");
}

#[tokio::test]
async fn a_failed_test_is_a_successful_answer() {
    let service = Service::new();
    let answered = |status| {
        Outcome::Answered(Response {
            status,
            status_text: "Gone".to_owned(),
            headers: Vec::new(),
            body: String::new(),
        })
    };
    let detail = "no complete answer in 20s".to_owned();
    for (outcome, status) in [
        (answered(410), Some(410)),
        (Outcome::Error(AttemptError { kind: ErrorKind::Timeout, detail }), None),
    ] {
        *service.deps.sender.outcome.lock().unwrap() = Some(outcome);
        let answer = tried(&service, "").await;
        assert_eq!(
            (answer.status, answer.body["successful"].clone()),
            (StatusCode::OK, false.into())
        );
        assert_eq!(answer.body["statusCode"].as_u64(), status);
        assert_eq!(answer.body.get("error").is_some(), status.is_none());
        if status.is_none() {
            insta::assert_json_snapshot!("test_without_an_answer", answer.body);
        }
    }
    let list = service.ask("GET", "/webhooks?active=true", "").await;
    assert_eq!(list.body["total"], 2, "a test never disables a webhook");
}

#[tokio::test]
async fn a_test_is_in_the_log_but_is_not_a_delivery() {
    let service = Service::new();
    let webhook = service.webhook().await;
    let path = format!("/webhooks/{webhook}");
    for body in [r#"{"active":false}"#, r#"{"active":true}"#] {
        service.ask("PATCH", &path, body).await;
        let answer = service.ask("POST", &format!("{path}/test"), "").await;
        assert_eq!(answer.body["successful"], true, "an inactive webhook can be tested");
        let event = answer.body["eventId"].as_str().unwrap().parse().unwrap();
        let at = answer.body["at"].as_str().unwrap().parse().unwrap();
        let id = DeliveryId::new(webhook.parse().unwrap(), at, event);
        let acme = "acme".parse().unwrap();
        let kept = service.deps.ledger.test_attempt(&acme, &id).await.unwrap().unwrap();
        assert_eq!(kept.attempt.outcome.status(), Some(200));
        let read = service.ask("GET", &format!("{path}/deliveries/{id}"), "").await;
        assert_eq!(read.status, StatusCode::NOT_FOUND);
    }
    let list = service.ask("GET", &format!("{path}/deliveries"), "").await;
    assert_eq!(list.body["data"].as_array().unwrap().len(), 0);
}

/// A test that waits for its receiver holds an instance, so the tenant's other tests are bounded, at all
/// instances and whoever asks for them.
#[tokio::test]
async fn finding_14_a_tenant_runs_only_a_few_tests_at_the_same_time() {
    let service = Service::new();
    let webhook = service.webhook().await;
    let (tenant, now) = ("acme".parse().unwrap(), service.deps.system.now());
    let until = now + jiff::SignedDuration::from_secs(30);
    let take = || service.deps.ledger.take_test_place(&tenant, 2, now, until);
    // Two of other instances.
    let first = take().await.unwrap().unwrap();
    take().await.unwrap().unwrap();

    let path = format!("/webhooks/{webhook}/test");
    let refused = service.ask("POST", &path, "").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.header("retry-after"), "5");
    insta::assert_json_snapshot!("too_many_tests", refused.body);
    assert!(service.deps.sender.seen.lock().unwrap().is_empty(), "nothing was sent");
    // Another tenant is not concerned.
    let other = service.webhook_of("other").await;
    let answer = service.ask_as("other", "POST", &format!("/webhooks/{other}/test"), "").await;
    assert_eq!(answer.status, StatusCode::OK);

    service.deps.ledger.give_back_test_place(&tenant, first).await.unwrap();
    // Each test gives its place back, also one that fails.
    *service.deps.sender.outcome.lock().unwrap() = Some(Outcome::Error(AttemptError {
        kind: ErrorKind::Timeout,
        detail: "no answer".to_owned(),
    }));
    for _ in 0..3 {
        assert_eq!(service.ask("POST", &path, "").await.status, StatusCode::OK);
    }
}

/// An instance that ends during a test gives nothing back.
#[tokio::test]
async fn finding_14_a_place_is_free_again_after_a_while() {
    let service = Service::new();
    let webhook = service.webhook().await;
    let path = format!("/webhooks/{webhook}/test");
    service.deps.sender.panics(true);
    for _ in 0..2 {
        let answer = service.ask("POST", &path, "").await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    }
    service.deps.sender.panics(false);
    assert_eq!(service.ask("POST", &path, "").await.status, StatusCode::TOO_MANY_REQUESTS);
    service.deps.system.pass(jiff::SignedDuration::from_secs(30));
    assert_eq!(service.ask("POST", &path, "").await.status, StatusCode::OK);
}

/// A transform is written for the events that a webhook gets, and those are no `webhook.test`.
#[tokio::test]
async fn finding_field_the_default_test_of_a_webhook_with_a_transform_sends_an_event_that_fits() {
    let service = Service::new();
    let test = async |events: &str, more: &str, body: &str| {
        let webhook = format!(r#"{{"url":"https://example.com/hook","events":{events},{more}}}"#);
        let made = service.ask("POST", "/webhooks", &webhook).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        let path = format!("/webhooks/{}/test", made.body["id"].as_str().unwrap());
        let tested = service.ask("POST", &path, body).await;
        assert_eq!(tested.status, StatusCode::OK, "{}", tested.text);
        tested.body
    };
    let sample =
        test(r#"["order.created"]"#, r#""name":"x""#, r#"{"event":"order.created"}"#).await;
    assert_eq!(sample["successful"], true);
    let data = got(&service)["data"].clone();
    let field = data.as_object().unwrap().keys().next().unwrap().clone();
    let transform = format!(r#""transform":"{{'only': event.data.{field}}}""#);
    for (events, more, expected) in [
        // It fails on the greeting, and works on the sample.
        (r#"["order.created"]"#, transform.clone(), "order.created"),
        (r#"["order.*"]"#, transform.clone(), "order.cancelled"),
        // It works on the greeting, which is then sent, whatever the filter says.
        (
            r#"["order.created"]"#,
            r#""transform":"{'kind': event.type}""#.to_owned(),
            "webhook.test",
        ),
        (r#"["order.created"]"#, r#""filter":"event.type == 'x'""#.to_owned(), "webhook.test"),
        (
            r#"["order.created"]"#,
            format!(r#""filter":"event.data.{field} != 'x'""#),
            "order.created",
        ),
    ] {
        let tested = test(events, &more, "").await;
        assert_eq!(tested["eventType"], expected, "{more}");
        assert_eq!((&tested["successful"], tested.get("hint")), (&true.into(), None), "{more}");
    }
    let only = test(r#"["order.created"]"#, &transform, "{}").await;
    assert_eq!(got(&service)["data"], serde_json::json!({"only": data[&field]}));
    assert_eq!(only["transform"]["data"], serde_json::json!({"only": data[&field]}));

    // What its caller names is what is tested.
    let sent = service.deps.sender.seen.lock().unwrap().len();
    let named = test(r#"["order.created"]"#, &transform, r#"{"other":1}"#).await;
    assert_eq!(
        (&named["eventType"], &named["successful"]),
        (&"webhook.test".into(), &false.into())
    );
    assert_eq!(named.get("hint"), None);
    let none = test(r#"["order.created"]"#, r#""transform":"{'gone': event.data.gone}""#, "").await;
    assert_eq!((&none["eventType"], &none["successful"]), (&"webhook.test".into(), &false.into()));
    let hint = none["hint"].as_str().unwrap();
    assert!(hint.contains(r#"{"event": "order.created"}"#), "{hint}");
    assert_eq!(service.deps.sender.seen.lock().unwrap().len(), sent, "nothing is sent");
}
