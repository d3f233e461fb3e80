//! Previews, experiments, and tests of webhooks that are not registered.

use hooklane_app::ports::{Clock as _, TestPlaces as _};
use hooklane_domain::delivery::outcome::{AttemptError, ErrorKind, Outcome};
use lambda_http::http::StatusCode;
use serde_json::json;

use super::service::Service;

/// A token of the tenant `acme` with these scopes.
async fn token(service: &Service, scopes: &str) -> String {
    let body = format!(r#"{{"scopes":[{scopes}]}}"#);
    let made = service.ask("POST", "/tenants/acme/tokens", &body).await;
    assert!(made.status.is_success(), "{}", made.text);
    format!("Bearer {}", made.body["token"].as_str().unwrap())
}

#[tokio::test]
async fn a_preview_shows_the_request_and_sends_none() {
    let service = Service::new();
    let body = r#"{"url":"https://example.com/hook?token=s3cret","events":["*"],"headers":{"Authorization":"s3cret"},
        "filter":"event.type == 'a'","transform":"{'only': event.data.userId}"}"#;
    let made = service.ask("POST", "/webhooks", body).await;
    let path = format!("/webhooks/{}/preview", made.body["id"].as_str().unwrap());
    let shown =
        service.ask("POST", &path, r#"{"event":"user.created","payload":{"userId":"7"}}"#).await;
    assert_eq!(shown.status, StatusCode::OK);
    insta::assert_json_snapshot!("preview", shown.body);
    assert!(!shown.text.contains("s3cret"));
    let failed = service.ask("POST", &path, r#"{"payload":{}}"#).await;
    insta::assert_json_snapshot!("preview_of_a_failing_transform", failed.body);
    assert!(service.deps.sender.seen.lock().unwrap().is_empty());
    let greeting = service.ask("POST", &path, "").await;
    assert_eq!(greeting.body["eventType"], "webhook.test");
    for (body, status) in [
        (r#"{"eventId":"none"}"#, StatusCode::NOT_FOUND),
        (r#"{"event":"nobody.knows"}"#, StatusCode::UNPROCESSABLE_ENTITY),
        (r#"{"secret":"mine"}"#, StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        assert_eq!(service.ask("POST", &path, body).await.status, status, "{body}");
    }
    let other = service.ask_as("other", "POST", &path, "").await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
}

/// A request with the own signature can be sent to the receiver by whoever sees it.
#[tokio::test]
async fn only_who_may_write_sees_the_own_signature() {
    let service = Service::new();
    let webhook = service.webhook().await;
    let (reads, writes) = (
        token(&service, r#""webhooks:read""#).await,
        token(&service, r#""webhooks:read","webhooks:write""#).await,
    );
    let draft = r#"{"webhook":{"secret":"my-own-secret"},"secret":"own"}"#;
    for (path, own, example) in [
        (format!("/webhooks/{webhook}/preview"), r#"{"secret":"own"}"#, "{}"),
        ("/webhooks/preview".to_owned(), draft, r#"{"webhook":{}}"#),
    ] {
        let ask = async |token: &str, body: &str| {
            service.ask_with(&[("authorization", token)], "POST", &path, body).await
        };
        assert_eq!(ask(&reads, own).await.status, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(ask(&reads, example).await.status, StatusCode::OK, "{path}");
        let shown = ask(&writes, own).await;
        assert_eq!(shown.body["signedWith"], "own", "{path} {}", shown.text);
        assert!(shown.body.get("exampleSecret").is_none(), "{path}");
    }
}

#[tokio::test]
async fn a_preview_of_a_draft_names_its_mistakes_under_the_draft() {
    let service = Service::new();
    let body = r#"{"webhook":{"url":"http://10.0.0.1/","transform":"{","contract":"nobody"}}"#;
    let wrong = service.ask("POST", "/webhooks/preview", body).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    insta::assert_json_snapshot!("preview_of_a_wrong_draft", wrong.body);
    let shown =
        service.ask("POST", "/webhooks/preview", r#"{"webhook":{"contract":"stripe"}}"#).await;
    let headers = shown.body["request"]["headers"].as_array().unwrap();
    let signature = headers.iter().find(|header| header["name"] == "Stripe-Signature").unwrap();
    assert!(signature["value"].as_str().unwrap().starts_with("t=1705314600,v1="), "{signature}");
    assert_eq!(service.ask("GET", "/webhooks", "").await.body["total"], 0);
}

#[tokio::test]
async fn an_experiment_shows_each_event_before_and_after() {
    let service = Service::new();
    let body = json!({
        "filter": "event.data.total > 50.0",
        "transform": "{'id': event.data.orderId}",
        "events": [
            {"id": "evt-1", "type": "order.created", "data": {"orderId": "1", "total": 99.5}},
            {"id": "evt-2", "type": "order.created", "data": {"orderId": "2", "total": 1.5}},
            {"id": "evt-3", "type": "order.created", "data": {}},
        ],
    });
    let found = service.ask("POST", "/webhooks/try", &body.to_string()).await;
    assert_eq!(found.status, StatusCode::OK);
    insta::assert_json_snapshot!("experiment", found.body);
    let wrong = service.ask("POST", "/webhooks/try", r#"{"filter":"event.data.a ==\n 1 1"}"#).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    insta::assert_json_snapshot!("experiment_with_a_wrong_filter", wrong.body);
}

#[tokio::test]
async fn without_events_an_experiment_is_on_the_newest_of_the_tenant() {
    let service = Service::new();
    for (tenant, id) in [("acme", "evt-1"), ("acme", "evt-2"), ("other", "evt-3")] {
        let body = format!(r#"{{"id":"{id}","type":"order.created","data":{{"n":1}}}}"#);
        assert!(service.ask_as(tenant, "POST", "/events", &body).await.status.is_success());
        let events = &service.deps.ledger;
        use hooklane_app::ports::EventStore as _;
        let event = events.get(&tenant.parse().unwrap(), &id.parse().unwrap()).await.unwrap();
        events.index(&event.unwrap(), service.deps.system.now());
        service.deps.system.pass(jiff::SignedDuration::from_secs(1));
    }
    let body = r#"{"filter":"event.data.n == 1","eventType":"order.*"}"#;
    let found = service.ask("POST", "/webhooks/try", body).await;
    let ids: Vec<_> =
        found.body["data"].as_array().unwrap().iter().map(|one| &one["eventId"]).collect();
    assert_eq!(ids, ["evt-2", "evt-1"], "{}", found.text);
    let none = service.ask("POST", "/webhooks/try", r#"{"eventType":"user.*"}"#).await;
    assert_eq!(none.body, json!({"data": []}));
}

const DRAFT: &str =
    r#"{"url":"https://example.com/hook?key=1","events":["user.*"],"secret":"my-own-secret"}"#;

#[tokio::test]
async fn a_webhook_is_tested_before_it_is_registered() {
    let service = Service::new();
    let tested = service.ask("POST", "/webhooks/test?event=user.created", DRAFT).await;
    assert_eq!(tested.status, StatusCode::OK, "{}", tested.text);
    insta::assert_json_snapshot!("test_of_a_draft", tested.body);
    {
        let seen = service.deps.sender.seen.lock().unwrap();
        assert_eq!(seen.len(), 1);
        assert_eq!(tested.body["request"]["body"], seen[0].0.body);
    }
    assert_eq!(service.ask("GET", "/webhooks", "").await.body["total"], 0, "nothing is stored");
    for (path, body) in [
        ("/webhooks/test", r#"{"url":"http://10.0.0.1/hook","events":["user.*"]}"#),
        ("/webhooks/test", r#"{"events":["user.*"]}"#),
        ("/webhooks/test?event=nobody.knows", DRAFT),
        ("/webhooks/test?unknown=1", DRAFT),
    ] {
        let refused = service.ask("POST", path, body).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{path} {body}");
    }
    assert_eq!(service.deps.sender.seen.lock().unwrap().len(), 1, "what is refused is not sent");
    *service.deps.sender.outcome.lock().unwrap() = Some(Outcome::Error(AttemptError {
        kind: ErrorKind::Blocked,
        detail: "the address is not public".to_owned(),
    }));
    let failed = service.ask("POST", "/webhooks/test", DRAFT).await;
    assert_eq!((failed.status, &failed.body["successful"]), (StatusCode::OK, &false.into()));
    assert_eq!(failed.body["error"]["kind"], "blocked");
}

/// The places are the tenant's, whichever way it tests.
#[tokio::test]
async fn tests_of_drafts_take_the_places_of_other_tests() {
    let service = Service::new();
    let (tenant, now) = ("acme".parse().unwrap(), service.deps.system.now());
    let until = now + jiff::SignedDuration::from_secs(30);
    let take = || service.deps.ledger.take_test_place(&tenant, 2, now, until);
    let first = take().await.unwrap().unwrap();
    take().await.unwrap().unwrap();
    let refused = service.ask("POST", "/webhooks/test", DRAFT).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.body["type"], "urn:hooklane:problem:too-many-tests");
    service.deps.ledger.give_back_test_place(&tenant, first).await.unwrap();
    for _ in 0..3 {
        let answer = service.ask("POST", "/webhooks/test", DRAFT).await;
        assert_eq!(answer.status, StatusCode::OK, "each gives its place back");
    }
}

#[tokio::test]
async fn a_test_takes_the_scope_to_write() {
    let service = Service::new();
    let reads = token(&service, r#""webhooks:read""#).await;
    let answer =
        service.ask_with(&[("authorization", &reads)], "POST", "/webhooks/test", DRAFT).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(service.deps.sender.seen.lock().unwrap().is_empty());
}

/// A webhook whose header nobody may read.
const SAVED: &str = r#"{"url":"https://example.com/hook","events":["user.*"],"headers":{"X-Key":"s3cret"},
    "secret":"my-own-secret","filter":"event.type == 'user.created'"}"#;

#[tokio::test]
async fn a_change_is_previewed_and_tested_before_it_is_made() {
    let service = Service::new();
    let made = service.ask("POST", "/webhooks", SAVED).await;
    let path = format!("/webhooks/{}", made.body["id"].as_str().unwrap());
    let before = service.ask("GET", &path, "").await.text;
    let change = r#"{"transform":"{'only': event.type}","headers":{"X-Key":"***"}}"#;
    let body = format!(r#"{{"event":"user.created","change":{change}}}"#);
    let shown = service.ask("POST", &format!("{path}/preview"), &body).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
    let sent = shown.body["request"]["body"].as_str().unwrap();
    assert!(sent.contains("\"only\""), "{sent}");
    assert!(!shown.text.contains("s3cret"), "{}", shown.text);
    assert!(service.deps.sender.seen.lock().unwrap().is_empty(), "a preview sends nothing");
    let tested =
        service.ask("POST", &format!("{path}/test-change?event=user.created"), change).await;
    assert_eq!(tested.status, StatusCode::OK, "{}", tested.text);
    {
        let seen = service.deps.sender.seen.lock().unwrap();
        let request = &seen.first().unwrap().0;
        assert!(request.body.contains("\"only\""), "{}", request.body);
        let key = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("x-key"));
        assert_eq!(key.unwrap().1, "s3cret", "the header that stays is sent");
    }
    assert_eq!(service.ask("GET", &path, "").await.text, before, "nothing is changed");
}

/// A stored value goes to nobody else, nor does a test to where an update could not point.
#[tokio::test]
async fn a_change_that_would_be_refused_is_neither_previewed_nor_sent() {
    let service = Service::new();
    let made = service.ask("POST", "/webhooks", SAVED).await;
    let path = format!("/webhooks/{}", made.body["id"].as_str().unwrap());
    for (change, wrong) in [
        (r#"{"url":"https://elsewhere.example/"}"#, "headers"),
        (r#"{"url":"http://10.0.0.1/"}"#, "url"),
        (r#"{"filter":"event.data.a =="}"#, "filter"),
        (r#"{"secret":"another-secret"}"#, "secret"),
    ] {
        let tested = service.ask("POST", &format!("{path}/test-change"), change).await;
        assert_eq!(tested.status, StatusCode::UNPROCESSABLE_ENTITY, "{change}");
        assert_eq!(tested.body["errors"][0]["path"], wrong, "{}", tested.text);
        let body = format!(r#"{{"change":{change}}}"#);
        let shown = service.ask("POST", &format!("{path}/preview"), &body).await;
        assert_eq!(shown.body["errors"][0]["path"], format!("change.{wrong}"), "{}", shown.text);
    }
    assert!(service.deps.sender.seen.lock().unwrap().is_empty());
    let other = service.ask_as("other", "POST", &format!("{path}/test-change"), "{}").await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
    let reads = token(&service, r#""webhooks:read""#).await;
    let headers = [("authorization", reads.as_str())];
    let answer = service.ask_with(&headers, "POST", &format!("{path}/test-change"), "{}").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}
