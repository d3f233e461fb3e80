//! Damaged bodies, parameters and paths cause no panic and no 5xx, and every refusal is a problem.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hooklane_domain::delivery::attempt_log::LogPosition;
use hooklane_domain::ids::{DeliveryId, TenantId};
use hooklane_fuzz::damaged;
use lambda_http::http::{HeaderValue, Request, StatusCode};
use proptest::prelude::*;
use tokio::runtime::{Builder, Runtime};

use super::service::{Answer, Service};
use crate::http::cursor::List;

const EVENTS: &[&str] = &[
    r#"{"id":"e1","type":"order.created","data":{"a":1},"metadata":{"source":"s"},"test":true}"#,
    r#"{"event":"user.created","tenant_id":"acme","created_at":"2024-01-15T10:30:00Z","data":[1]}"#,
];
const BATCHES: &[&str] = &[
    r#"{"events":[{"type":"a.b","data":{}},{"id":"x","type":"c","data":1}]}"#,
    r#"[{"type":"a","data":0}]"#,
];
const WEBHOOKS: &[&str] = &[
    r#"{"name":"N","url":"https://example.com/hook","events":["order.*"],"secret":"your-webhook-secret",
        "headers":{"X-A":"b"},"retryPolicy":{"maxRetries":3,"retryDelay":1000},"targetCidrs":["10.0.0.0/8"],
        "contract":"standard","testMode":true,"isActive":false}"#,
    r#"{"url":"https://93.184.216.34:8443/","events":["*"],"retry_policy":{"schedule":[1,2]},"status":"active"}"#,
];
const QUERIES: &[&str] = &[
    "page=1&limit=20",
    "status=failed&limit=5&cursor=dlv_AAGNDPVAAAAAAAAAAAAAAAABjQz1QABlMQ",
    "limit=%31&page=2&page=3",
];
const SEGMENTS: &[&str] = &[
    "wh_01HM6ADZ000000000000000000",
    "dlv_AAGNDPVAAAAAAAAAAAAAAAABjQz1QABlMQ",
    "e1",
    "%2e%2e",
    "deliveries",
];

pub(super) static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_all().build().unwrap());
/// One service for all cases, because making one takes longer than a request.
static ONE: LazyLock<Service> = LazyLock::new(Service::new);
static ITS_WEBHOOK: LazyLock<String> = LazyLock::new(|| RUNTIME.block_on(ONE.webhook()));

fn asked(method: &str, path: &str, body: &str) -> Answer {
    RUNTIME.block_on(ONE.ask(method, path, body))
}

fn is_good(answer: &Answer) -> bool {
    let refused = answer.status.is_client_error();
    !answer.status.is_server_error()
        && (!refused || answer.content_type == "application/problem+json")
        && (answer.status != StatusCode::UNPROCESSABLE_ENTITY || answer.body["errors"].is_array())
}

/// A token in valid form, signed with a key that the service does not know.
const TOKENS: &[&str] = &[
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.\
     eyJpc3MiOiJob29rbGFuZSIsInN1YiI6ImFjbWUiLCJzY29wZSI6IndlYmhvb2tzOnJlYWQiLCJpYXQiOjEsImV4cCI6OX0.\
     dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    "the-operator-key",
];
/// The positions that cursors hold, one for each kind of list.
const PLACES: &[&str] =
    &["dlv_AAGNDPVAAAAAAAAAAAAAAAABjQz1QABlMQ", "000001705314600000#e1#1", "acme", "7"];
const KEYS: &[&str] = &["order-1001", "7d8bfb2e-7a4b-4b0a-8f7e-1f2d3c4b5a69"];

/// Sends a request with these credentials. Only the operator's are valid.
fn asked_by(authorization: &str, tenant: &str, key: &str) -> Option<Answer> {
    let headers =
        [("authorization", authorization), ("x-tenant-id", tenant), ("idempotency-key", key)];
    if headers.iter().any(|(_, value)| HeaderValue::from_str(value).is_err()) {
        return None;
    }
    let body = r#"{"type":"a","data":1}"#;
    Some(RUNTIME.block_on(ONE.ask_with(&headers, "POST", "/events", body)))
}

proptest! {
    #[test]
    fn credentials(token in damaged(TOKENS), tenant in damaged(&["acme"]), key in damaged(KEYS)) {
        if let Some(answer) = asked_by(&format!("Bearer {token}"), &tenant, &key) {
            prop_assert!(is_good(&answer), "{} {} {}: {}", token, tenant, key, answer.body);
            let known = token.trim() == "the-operator-key";
            prop_assert_eq!(answer.status == StatusCode::UNAUTHORIZED, !known, "{}", token);
        }
    }

    #[test]
    fn cursors(place in damaged(PLACES), raw in damaged(PLACES)) {
        let list = List::of(&[&"a list"]);
        let places = (
            list.place::<DeliveryId>(&list.cursor(&place)),
            list.place::<LogPosition>(&list.cursor(&place)),
            list.place::<TenantId>(&list.cursor(&place)),
            list.place::<u64>(&list.cursor(&place)),
        );
        // A cursor returns the position that was put in.
        if let Ok(id) = places.0 {
            prop_assert_eq!(id.to_string(), place.clone());
        }
        if let Ok(position) = places.1 {
            prop_assert_eq!(position.to_string().parse(), Ok(position));
        }
        // A text that is no cursor, or one of another list, returns nothing.
        prop_assert!(list.place::<DeliveryId>(&raw).is_err());
        let webhook = format!("/webhooks/{}", *ITS_WEBHOOK);
        for path in [&format!("{webhook}/deliveries"), &format!("{webhook}/logs"), "/deliveries"] {
            let path = format!("{path}?cursor={}", URL_SAFE_NO_PAD.encode(&raw));
            let answer = asked("GET", &path, "");
            prop_assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}: {}", raw, answer.body);
            prop_assert_eq!(&answer.body["errors"][0]["path"], "cursor");
        }
    }

    #[test]
    fn bodies(event in damaged(EVENTS), batch in damaged(BATCHES), webhook in damaged(WEBHOOKS)) {
        for (path, body) in [("/events", &event), ("/events/batch", &batch), ("/webhooks", &webhook)] {
            let answer = asked("POST", path, body);
            prop_assert!(is_good(&answer), "{} {}: {} {}", path, body, answer.status, answer.body);
        }
    }

    #[test]
    fn changes(body in damaged(WEBHOOKS)) {
        let answer = asked("PATCH", &format!("/webhooks/{}", *ITS_WEBHOOK), &body);
        prop_assert!(is_good(&answer), "{}: {} {}", body, answer.status, answer.body);
    }

    #[test]
    fn parameters_and_paths(query in damaged(QUERIES), first in damaged(SEGMENTS), second in damaged(SEGMENTS)) {
        for path in [
            format!("/webhooks?{query}"),
            format!("/webhooks/{first}/deliveries?{query}"),
            format!("/webhooks/{first}/deliveries/{second}"),
            format!("/events/{first}"),
        ] {
            // A text that is no valid request never reaches the service.
            if Request::builder().uri(&path).body(()).is_ok() {
                let answer = asked("GET", &path, "");
                prop_assert!(is_good(&answer), "{}: {} {}", path, answer.status, answer.body);
            }
        }
    }
}
