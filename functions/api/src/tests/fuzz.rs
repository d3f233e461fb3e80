//! The API over damaged bodies, parameters and paths: no panic, no 5xx, and every refusal is a problem.

use hooklane_fuzz::damaged;
use lambda_http::http::{Request, StatusCode};
use proptest::prelude::*;

use super::service::{Answer, Service};

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

fn asked(method: &str, path: &str, body: &str) -> Answer {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let service = Service::new();
        service.ask(method, path, body).await
    })
}

fn is_good(answer: &Answer) -> bool {
    let refused = answer.status.is_client_error();
    !answer.status.is_server_error()
        && (!refused || answer.content_type == "application/problem+json")
        && (answer.status != StatusCode::UNPROCESSABLE_ENTITY || answer.body["errors"].is_array())
}

proptest! {
    #[test]
    fn bodies(event in damaged(EVENTS), batch in damaged(BATCHES), webhook in damaged(WEBHOOKS)) {
        for (path, body) in [("/events", &event), ("/events/batch", &batch), ("/webhooks", &webhook)] {
            let answer = asked("POST", path, body);
            prop_assert!(is_good(&answer), "{} {}: {} {}", path, body, answer.status, answer.body);
        }
    }

    #[test]
    fn changes(body in damaged(WEBHOOKS)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let answer = runtime.block_on(async {
            let service = Service::new();
            let path = format!("/webhooks/{}", service.webhook().await);
            service.ask("PATCH", &path, &body).await
        });
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
            // What is no request at all never gets here.
            if Request::builder().uri(&path).body(()).is_ok() {
                let answer = asked("GET", &path, "");
                prop_assert!(is_good(&answer), "{}: {} {}", path, answer.status, answer.body);
            }
        }
    }
}
