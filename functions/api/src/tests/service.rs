//! The API over fakes, asked as a client asks.

use std::sync::Arc;

use axum::body::Body;
use hooklane_app::fakes::{FixedSurroundings, MemoryLedger, MemoryQueues, MemoryRegistry};
use hooklane_app::ports::Unavailable;
use hooklane_domain::Timestamp;
use hooklane_domain::network::NetworkRules;
use http_body_util::BodyExt as _;
use lambda_http::http::{Request, StatusCode};
use secrecy::SecretString;
use serde_json::Value;
use tower::ServiceExt as _;

use hooklane_app::catalog::EventCatalog;

use crate::{Api, OperatorKey, router};

pub(super) struct Key;

impl OperatorKey for Key {
    async fn current(&self, _: Timestamp) -> Result<Arc<SecretString>, Unavailable> {
        Ok(Arc::new("the-operator-key".into()))
    }
}

pub(super) type Fakes = Api<MemoryLedger, MemoryRegistry, MemoryQueues, Key, FixedSurroundings>;

pub(super) struct Service {
    pub(super) api: Arc<Fakes>,
}

/// An answer: its status, its headers as text, its body.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) content_type: String,
    pub(super) etag: String,
    pub(super) body: Value,
}

impl Service {
    pub(super) fn new() -> Self {
        let now: Timestamp = "2024-01-15T10:30:00Z".parse().unwrap();
        let api = Api {
            ledger: MemoryLedger::default(),
            registry: MemoryRegistry::default(),
            queues: MemoryQueues::at(now, 360),
            operator_key: Key,
            surroundings: FixedSurroundings::at(now),
            contracts: hooklane_contracts::load(),
            catalog: EventCatalog::new(hooklane_catalog::load()),
            network: NetworkRules::default(),
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
        let header = |name| {
            let value = response.headers().get(name);
            value.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
        };
        let (content_type, etag) = (header("content-type"), header("etag"));
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status, content_type, etag, body }
    }

    /// A registered webhook's id.
    pub(super) async fn webhook(&self) -> String {
        let body = r#"{"url":"https://example.com/hook","events":["*"]}"#;
        let answer = self.ask("POST", "/webhooks", body).await;
        assert_eq!(answer.status, StatusCode::CREATED);
        answer.body["id"].as_str().unwrap().to_owned()
    }
}
