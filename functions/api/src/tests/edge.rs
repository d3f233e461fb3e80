//! The function's door: events as Lambda's runtime hands them over, in and out.

use hooklane_fuzz::damaged;
use lambda_http::Context;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_http::lambda_runtime::LambdaEvent;
use proptest::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::fuzz::RUNTIME;
use super::service::Service;
use crate::NoRequest;

/// The sample of the documentation, with the operator's key of the tests.
fn sample() -> Value {
    let mut event: Value = serde_json::from_str(SAMPLE).unwrap();
    event["headers"]["authorization"] = "Bearer the-operator-key".into();
    event
}

const SAMPLE: &str = include_str!("../../../../events/api.json");

async fn answered(service: &Service, event: &str) -> Result<ApiGatewayV2httpResponse, NoRequest> {
    let payload: Box<RawValue> = serde_json::from_str(event).unwrap();
    service.edge().answer(LambdaEvent::new(payload, Context::default())).await
}

/// The sample with the JSON text `raw` in one place; without the place if the text is empty.
fn with(place: &str, raw: &str) -> String {
    const HERE: &str = "the place of the text";
    let mut event = sample();
    let (parent, name) = place.rsplit_once('/').unwrap();
    let parent = event.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match raw {
        "" => drop(parent.remove(name)),
        _ => drop(parent.insert(name.to_owned(), HERE.into())),
    }
    event.to_string().replace(&format!("\"{HERE}\""), raw)
}

/// A JSON text of that many letters after `start`.
fn long(start: &str, letters: usize) -> String {
    format!("\"{start}{}\"", "a".repeat(letters))
}

/// Each field of the event with what a client can put there, and the status of the answer.
fn hostile() -> Vec<(&'static str, String, i64)> {
    let many: String = (0..201).map(|n| format!(r#""x-{n}":"","#)).collect();
    let key = r#""authorization":"Bearer the-operator-key","x-tenant-id":"acme""#;
    let headers = |more: &str| format!("{{{more},{key}}}");
    let path = |raw: &str, status| ("/rawPath", raw.to_owned(), status);
    let query = |raw: &str, status| ("/rawQueryString", raw.to_owned(), status);
    let header = |more: &str, status| ("/headers", headers(more), status);
    let method = |raw: &str, status| ("/requestContext/http/method", raw.to_owned(), status);
    vec![
        ("/version", "7".into(), 200),
        ("/routeKey", r#""\ud800""#.into(), 200),
        path("", 400),
        path("null", 400),
        path("7", 400),
        path("{}", 400),
        path(r#""""#, 400),
        path(r#""api/v1/webhooks""#, 400),
        path(r#""*""#, 400),
        path(r#""//example.com/webhooks""#, 400),
        path(r#""https://example.com/webhooks""#, 400),
        path(r#""/a\"b""#, 400),
        path(r#""/a<b""#, 400),
        path(r#""/a>b""#, 400),
        path(r#""/a b""#, 400),
        path(r#""/a\u0000b""#, 400),
        path(r#""/a\nb""#, 400),
        path(r#""/a\u007fb""#, 400),
        path(r#""/a#b""#, 400),
        path(r#""/a?b""#, 400),
        path(r#""/\ud800""#, 400),
        path(r#""/é""#, 400),
        path(r#""/%""#, 400),
        path(r#""/%2""#, 400),
        path(r#""/%zz""#, 400),
        path(&long("/", 70_000), 400),
        path(&long("/", 5_000), 404),
        query("", 200),
        query("null", 200),
        query("7", 400),
        query(r#""limit=1""#, 200),
        query(r#""a=\"""#, 400),
        query(r#""a=<b>""#, 400),
        query(r#""a=b c""#, 400),
        query(r#""a=\u0007""#, 400),
        query(r#""a=é""#, 400),
        query(r##""a=#b""##, 400),
        query(r#""\udc00""#, 400),
        query(r#""limit=[1]|{2}""#, 422),
        query(&long("a=", 70_000), 400),
        ("/headers", String::new(), 401),
        ("/headers", "null".into(), 401),
        ("/headers", "[]".into(), 400),
        ("/headers", r#"{"authorization":7}"#.into(), 400),
        ("/headers", r#"{"authorization":null}"#.into(), 400),
        ("/headers", format!("{{{many}{key}}}"), 400),
        header(r#""":"""#, 400),
        header(r#""a b":"""#, 400),
        header(r#""é":"""#, 400),
        header(r#""x":"a\nb: c""#, 400),
        header(r#""x":"\u0000""#, 400),
        header(r#""x":"\ud800""#, 400),
        header(r#""x":"é""#, 200),
        header(&format!(r#""x":{}"#, long("", 70_000)), 400),
        header(r#""authorization":"Bearer another""#, 401),
        header(r#""host":"a b<>\"""#, 200),
        header(r#""host":"""#, 200),
        header(r#""host":"[::1""#, 200),
        header(r#""x-forwarded-proto":"http,https""#, 200),
        header(r#""x-forwarded-proto":"\"""#, 200),
        ("/cookies", "7".into(), 200),
        ("/cookies", r#"["a\u0000b", "\ud800", 7]"#.into(), 200),
        ("/queryStringParameters", r#"{"limit":["\ud800"]}"#.into(), 200),
        ("/body", "7".into(), 400),
        ("/body", r#""\ud800""#.into(), 400),
        ("/body", r#""\u0000\uffff""#.into(), 200),
        ("/isBase64Encoded", r#""yes""#.into(), 400),
        ("/isBase64Encoded", "null".into(), 200),
        ("/isBase64Encoded", String::new(), 200),
        ("/requestContext", String::new(), 400),
        ("/requestContext", "null".into(), 400),
        ("/requestContext", "7".into(), 400),
        ("/requestContext", "{}".into(), 400),
        ("/requestContext/http", "7".into(), 400),
        ("/requestContext/http", "{}".into(), 400),
        method("", 400),
        method("7", 400),
        method(r#""""#, 400),
        method(r#""GE T""#, 400),
        method(r#""GET\n""#, 400),
        method(r#""\ud800""#, 400),
        method(r#""BREW""#, 405),
        ("/requestContext/stage", r#""prod""#.into(), 200),
        ("/requestContext/stage", "7".into(), 200),
        ("/requestContext/domainName", r#""a b<""#.into(), 200),
        ("/requestContext/domainName", "7".into(), 200),
        ("/requestContext/timeEpoch", "1e999".into(), 200),
    ]
}

fn is_protected(answer: &ApiGatewayV2httpResponse) -> bool {
    answer.headers.get("x-content-type-options").is_some_and(|value| value == "nosniff")
}

/// A refusal is a problem, as every client expects it.
fn is_good(answer: &ApiGatewayV2httpResponse) -> bool {
    let kind = answer.headers.get("content-type");
    let is_problem = kind.is_some_and(|kind| kind == "application/problem+json");
    answer.status_code < 500 && (answer.status_code < 400 || is_problem) && is_protected(answer)
}

#[tokio::test]
async fn finding_05_no_field_of_a_request_ends_the_process() {
    let service = Service::new();
    let rows = hostile();
    assert!(rows.len() > 40);
    for (place, raw, status) in rows {
        let shown: String = raw.chars().take(60).collect();
        let answer = answered(&service, &with(place, &raw)).await.unwrap();
        assert_eq!(answer.status_code, status, "{place}: {shown}");
        assert!(is_good(&answer), "{place}: {shown}");
    }
}

#[tokio::test]
async fn finding_05_a_body_is_decoded_or_refused() {
    let service = Service::new();
    let event = r#"{"type":"a.b","data":1}"#;
    let large = format!(r#"{{"type":"a","data":"{}"}}"#, "x".repeat(5 * 1024 * 1024));
    for (body, encoded, status) in [
        (event, false, 202),
        ("eyJ0eXBlIjoiYS5iIiwiZGF0YSI6MX0=", true, 202),
        (event, true, 400),
        ("eyJ0eXBlIjoiYS5iIiwiZGF0YSI6MX0", true, 400),
        ("%%%", true, 400),
        ("é", true, 400),
        ("", true, 422),
        // Not UTF-8.
        ("/////w==", true, 400),
        (&*large, false, 413),
    ] {
        let mut asked = sample();
        asked["rawPath"] = "/api/v1/events".into();
        asked["requestContext"]["http"]["method"] = "POST".into();
        asked["body"] = body.into();
        asked["isBase64Encoded"] = encoded.into();
        let answer = answered(&service, &asked.to_string()).await.unwrap();
        let shown: String = body.chars().take(60).collect();
        assert_eq!(answer.status_code, status, "{shown} {encoded}");
        assert!(is_good(&answer), "{shown}");
    }
}

#[tokio::test]
async fn finding_05_an_event_that_is_no_request_is_an_error() {
    let service = Service::new();
    for event in [
        "null",
        "7",
        "[]",
        r#""a text""#,
        "{}",
        r#"{"Records":[{"body":"{}"}]}"#,
        r#"{"rawPath":null,"requestContext":null}"#,
        r#"{"rawPath":"/status","rawPath":"/docs"}"#,
    ] {
        assert_eq!(answered(&service, event).await, Err(NoRequest), "{event}");
    }
}

/// Where a firewall in front might look, and where the routes would.
#[tokio::test]
async fn finding_15_only_canonical_paths_are_routed() {
    let service = Service::new();
    for (path, status) in [
        ("/docs/%2e%2e/api/v1/tenants", 400),
        ("/docs/../api/v1/tenants", 400),
        ("/docs/.%2E/tenants", 400),
        ("/./tenants", 400),
        ("/tenants/.", 400),
        ("//tenants", 400),
        ("/api//v1/tenants", 400),
        ("/tenants//", 400),
        ("/tenants%0A", 400),
        ("/tenants%00", 400),
        ("/tenants%7F", 400),
        ("/docs\\..\\tenants", 400),
        ("/docs%5C..%5Ctenants", 400),
        ("/docs%2F..%2Ftenants", 400),
        ("/%74enants", 400),
        ("/tenants/a%63me", 400),
        ("/tenants/acme%C0%AE", 400),
        ("/tenants/%FF", 400),
        ("/tenants/%ED%A0%80", 400),
        // Canonical, and no id.
        ("/tenants/acm%C3%A9", 404),
        ("/tenants/a%20b", 404),
        ("/tenants/a%3Ab", 404),
        ("/tenants/a:b", 404),
        ("/tenants/", 404),
        ("/event-types/order.created", 404),
        ("/webhooks/events/available", 200),
        ("/tenants", 200),
    ] {
        for prefix in ["", "/api", "/api/v1"] {
            let mut asked = sample();
            asked["rawPath"] = format!("{prefix}{path}").into();
            let answer = answered(&service, &asked.to_string()).await.unwrap();
            assert_eq!(answer.status_code, status, "{prefix}{path}");
            assert!(is_good(&answer), "{prefix}{path}");
        }
    }
}

/// Also without the door: nothing that is routed another way gets round the rule.
#[tokio::test]
async fn finding_15_the_routes_refuse_other_spellings_themselves() {
    let service = Service::new();
    for path in ["/docs/%2e%2e/tenants", "/tenants%0A", "/%74enants", "/a//b", "/tenants/%FF"] {
        let answer = service.ask("GET", path, "").await;
        assert_eq!(
            (answer.status.as_u16(), &*answer.content_type),
            (400, "application/problem+json")
        );
    }
}

#[tokio::test]
async fn the_answer_is_what_api_gateway_reads() {
    let service = Service::new();
    let answer = answered(&service, &sample().to_string()).await.unwrap();
    let answer = serde_json::to_value(answer).unwrap();
    assert_eq!(answer["statusCode"], 200);
    assert_eq!(answer["isBase64Encoded"], false);
    assert_eq!(answer["headers"]["content-type"], "application/json");
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!(body, json!({"data": [], "page": 1, "limit": 20, "total": 0}));
}

#[tokio::test]
async fn a_panic_of_a_request_ends_that_request() {
    let service = Service::new();
    let webhook = service.webhook().await;
    service.deps.sender.panics(true);
    let test = format!("/api/v1/webhooks/{webhook}/test");
    let mut asked = sample();
    asked["rawPath"] = test.into();
    asked["requestContext"]["http"]["method"] = "POST".into();
    let answer = answered(&service, &asked.to_string()).await.unwrap();
    assert_eq!(answer.status_code, 500);
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    assert!(is_protected(&answer));
    service.deps.sender.panics(false);
    let answer = answered(&service, &asked.to_string()).await.unwrap();
    assert_eq!(answer.status_code, 200);
}

proptest! {
    #[test]
    fn finding_05_damaged_events_are_answered(event in damaged(&[SAMPLE])) {
        // What is no JSON at all the runtime refuses.
        if serde_json::from_str::<Box<RawValue>>(&event).is_ok() {
            let service = Service::new();
            if let Ok(answer) = RUNTIME.block_on(answered(&service, &event)) {
                prop_assert!(is_good(&answer), "{} {:?}", event, answer);
            }
        }
    }
}
