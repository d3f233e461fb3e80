//! The ids on a request's log lines.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex};

use hooklane_aws::telemetry::printed::listen;
use hooklane_domain::delivery::retry::Next;
use lambda_http::http::StatusCode;
use serde_json::{Value, json};
use tracing::Level;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::format::FmtSpan;

use super::lists::{ago, answered, deliver};
use super::service::Service;

/// Collected log lines, as JSON.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// Collects this thread's error lines and, if asked for, events of spans.
    fn listen(&self, spans: FmtSpan) -> DefaultGuard {
        let lines = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .with_max_level(Level::ERROR)
            .with_span_events(spans)
            .with_writer(move || lines.clone());
        listen(subscriber.finish())
    }

    fn read(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

#[tokio::test]
async fn an_error_line_carries_the_ids_of_its_request() {
    let service = Service::new();
    let webhook = service.webhook().await;
    let of = ("e1", "a.b", ago(0));
    let corrupt = deliver(&service, &webhook, of, &[answered(500)], Next::Exhausted).await;
    service.deps.ledger.corrupt(corrupt.clone());
    let lines = Lines::default();
    let guard = lines.listen(FmtSpan::NONE);
    let path = format!("/api/v1/webhooks/{webhook}/deliveries/{corrupt}");
    assert_eq!(service.ask("GET", &path, "").await.status, StatusCode::INTERNAL_SERVER_ERROR);
    drop(guard);
    let lines = lines.read();
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!(line["fields"]["message"], "request.failed");
    assert_eq!(
        line["span"],
        json!({
            "name": "request",
            "request.id": "the-request",
            "request.method": "GET",
            "request.route": "/webhooks/{webhook}/deliveries/{delivery}",
            "principal": "operator",
            "tenant": "acme",
            "webhook.id": webhook,
            "delivery.id": corrupt.to_string(),
        })
    );
}

#[tokio::test]
async fn a_path_parameter_that_is_no_valid_id_is_not_recorded() {
    let service = Service::new();
    let lines = Lines::default();
    let guard = lines.listen(FmtSpan::CLOSE);
    let answer = service.ask("GET", "/webhooks/a-text/deliveries/another", "").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    drop(guard);
    let lines = lines.read();
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    let fields: BTreeSet<_> =
        line["span"].as_object().unwrap().keys().map(String::as_str).collect();
    let known = ["name", "principal", "request.id", "request.method", "request.route", "tenant"];
    assert_eq!(fields, BTreeSet::from(known));
}

/// Which key was used is on every line of its request; its secret is on none.
#[tokio::test]
async fn a_request_with_a_key_carries_the_keys_id() {
    let service = Service::new();
    let body = r#"{"name":"CI","scopes":["keys:read"]}"#;
    let made = service.ask("POST", "/keys", body).await;
    let (id, secret) = (made.body["id"].as_str().unwrap(), made.body["secret"].as_str().unwrap());
    let lines = Lines::default();
    let guard = lines.listen(FmtSpan::CLOSE);
    let bearer = format!("Bearer {secret}");
    let headers = [("authorization", &*bearer)];
    let answer = service.ask_with(&headers, "GET", &format!("/keys/{id}"), "").await;
    assert_eq!(answer.status, StatusCode::OK);
    let forged = format!("{bearer}x");
    service.ask_with(&[("authorization", &*forged)], "GET", "/keys", "").await;
    drop(guard);
    let lines = lines.read();
    let [used, refused] = lines.as_slice() else { panic!("{lines:?}") };
    let span = &used["span"];
    assert_eq!((&span["principal"], &span["principal.key"]), (&json!("key"), &json!(id)));
    assert_eq!((&span["key.id"], &span["tenant"]), (&json!(id), &json!("acme")));
    for nobody in ["principal", "principal.key", "tenant"] {
        assert!(refused["span"].get(nobody).is_none(), "{refused}");
    }
    let secret = &secret[secret.len() - 50..secret.len() - 7];
    assert!(!format!("{lines:?}").contains(secret));
}
