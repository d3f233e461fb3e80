//! The API over fakes, asked as a client asks.

use std::sync::Arc;

use axum::body::Body;
use hooklane_app::fakes::{FixedSurroundings, MemoryLedger, MemoryQueues, MemoryRegistry};
use hooklane_app::ports::Unavailable;
use hooklane_domain::Timestamp;
use hooklane_domain::network::NetworkRules;
use http_body_util::BodyExt as _;
use lambda_http::http::{HeaderMap, Request, StatusCode};
use secrecy::SecretString;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::{Api, Limiter, Pulse, router};

pub(super) struct Key(&'static str);

impl crate::Key for Key {
    async fn current(&self, _: Timestamp) -> Result<Arc<SecretString>, Unavailable> {
        Ok(Arc::new(self.0.into()))
    }
}

pub(super) type Fakes = Api<MemoryLedger, MemoryRegistry, MemoryQueues, Key, FixedSurroundings>;

pub(super) struct Service {
    pub(super) api: Arc<Fakes>,
}

/// An answer: its status, its headers as text, its body.
#[derive(Debug, Default, Clone)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) content_type: String,
    pub(super) etag: String,
    pub(super) body: Value,
    /// The body as it came.
    pub(super) text: String,
    headers: HeaderMap,
}

impl Answer {
    /// A header as text; empty where it is not there.
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Service {
    pub(super) fn new() -> Self {
        let now: Timestamp = "2024-01-15T10:30:00Z".parse().unwrap();
        let api = Api {
            ledger: MemoryLedger::default(),
            registry: MemoryRegistry::default(),
            queues: MemoryQueues::at(now, 360),
            operator_key: Key("the-operator-key"),
            token_key: Key("the-token-key"),
            surroundings: FixedSurroundings::at(now),
            contracts: hooklane_contracts::load(),
            catalogs: vec!["default".parse().unwrap()],
            network: NetworkRules::default(),
            rate_limit: 600,
            limiter: Limiter::default(),
            pulse: Pulse::default(),
        };
        Self { api: Arc::new(api) }
    }

    /// As the operator, for tenant `acme`.
    pub(super) async fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        self.ask_as("acme", method, path, body).await
    }

    pub(super) async fn ask_as(
        &self,
        tenant: &str,
        method: &str,
        path: &str,
        body: &str,
    ) -> Answer {
        let headers = [("authorization", "Bearer the-operator-key"), ("x-tenant-id", tenant)];
        self.ask_with(&headers, method, path, body).await
    }

    pub(super) async fn ask_with(
        &self,
        headers: &[(&str, &str)],
        method: &str,
        path: &str,
        body: &str,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = router(Arc::clone(&self.api)).oneshot(request).await.unwrap();
        let status = response.status();
        let headers = response.headers().clone();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let mut answer = Answer { status, headers, body, text, ..Answer::default() };
        answer.content_type = answer.header("content-type").to_owned();
        answer.etag = answer.header("etag").to_owned();
        answer
    }

    /// A registered webhook's id.
    pub(super) async fn webhook(&self) -> String {
        let body = r#"{"url":"https://example.com/hook","events":["*"]}"#;
        let answer = self.ask("POST", "/webhooks", body).await;
        assert_eq!(answer.status, StatusCode::CREATED);
        answer.body["id"].as_str().unwrap().to_owned()
    }
}
