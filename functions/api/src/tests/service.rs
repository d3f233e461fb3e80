//! The API over fakes, called as clients call it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hooklane_app::fakes::{FakeSystem, MemoryLedger, MemoryLetters, MemoryQueues, MemoryRegistry};
use hooklane_app::ports::{Destination, Post, Sent, Unavailable};
use hooklane_contract::WireRequest;
use hooklane_domain::Timestamp;
use hooklane_domain::access::key_ring::KeyRing;
use hooklane_domain::access::quotas::Quotas;
use hooklane_domain::access::tenant::TenantDefaults;
use hooklane_domain::delivery::outcome::{Outcome, Response};
use hooklane_domain::sources::SourceAddresses;
use hooklane_domain::webhook::network::NetworkRules;
use http_body_util::BodyExt as _;
use jiff::SignedDuration;
use lambda_http::Context;
use lambda_http::http::{HeaderMap, Request, StatusCode};
use serde_json::Value;
use tower::ServiceExt as _;

use hooklane_app::catalog::EventCatalog;

use hooklane_app::cache::{Bounded, Recent};

use crate::http::problem::Kind;
use crate::{Deps, Edge, Ports, router};

/// Keys that a test can rotate: what an instance has cached, and what the secret contains now.
pub(crate) struct Keys {
    pub(super) known: Mutex<&'static str>,
    pub(super) newest: Mutex<&'static str>,
}

impl Keys {
    fn of(text: &'static str) -> Self {
        Self { known: Mutex::new(text), newest: Mutex::new(text) }
    }
}

impl crate::Keys for Keys {
    async fn known(&self, _: Timestamp) -> Result<Arc<KeyRing>, Unavailable> {
        Ok(Arc::new(KeyRing::parse(&self.known.lock().unwrap()).unwrap()))
    }
    async fn newest(&self, _: Timestamp) -> Result<Arc<KeyRing>, Unavailable> {
        Ok(Arc::new(KeyRing::parse(&self.newest.lock().unwrap()).unwrap()))
    }
}

/// A receiver: the requests it got, and its answer.
#[derive(Default)]
pub(crate) struct Receiver {
    pub(super) seen: Mutex<Vec<(WireRequest, Duration)>>,
    pub(super) outcome: Mutex<Option<Outcome>>,
    panics: AtomicBool,
}

impl Receiver {
    /// From now on a request to it panics, or does not.
    pub(super) fn panics(&self, does: bool) {
        self.panics.store(does, Ordering::SeqCst);
    }
}

impl Post for Receiver {
    async fn post(&self, _: Destination<'_>, request: WireRequest, limit: Duration) -> Sent {
        assert!(!self.panics.load(Ordering::SeqCst), "a test asks for this");
        self.seen.lock().unwrap().push((request, limit));
        let thanks = || {
            Outcome::Answered(Response {
                status: 200,
                status_text: "OK".to_owned(),
                headers: vec![("content-type".to_owned(), "text/plain".to_owned())],
                body: "thanks".to_owned(),
            })
        };
        let outcome = self.outcome.lock().unwrap().clone().unwrap_or_else(thanks);
        Sent { outcome, remarks: Vec::new(), took: Duration::from_millis(5) }
    }
}

pub(crate) struct Fakes;

impl Ports for Fakes {
    type Ledger = MemoryLedger;
    type Registry = MemoryRegistry;
    type Queues = MemoryQueues;
    type Letters = MemoryLetters;
    type Errands = MemoryLetters;
    type Sender = Receiver;
    type Keys = Keys;
    type System = FakeSystem;
}

pub(super) struct Service {
    pub(super) deps: Arc<Deps<Fakes>>,
    router: Router,
}

/// An answer: status, some headers as text, and body.
#[derive(Debug, Default, Clone)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) content_type: String,
    pub(super) etag: String,
    pub(super) location: String,
    pub(super) cache_control: String,
    pub(super) disposition: String,
    pub(super) body: Value,
    /// The raw body.
    pub(super) text: String,
    headers: HeaderMap,
}

impl Answer {
    /// A header as text; empty if it is missing.
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Service {
    /// With the types of every platform guide for tenants that name no catalog.
    pub(super) fn new() -> Self {
        let catalog = Some("default".parse().unwrap());
        Self::with_defaults(TenantDefaults { catalog, ..TenantDefaults::default() })
    }

    pub(super) fn with_defaults(defaults: TenantDefaults) -> Self {
        Self::of(defaults, SourceAddresses::default())
    }

    /// Whose deliveries come from these addresses.
    pub(super) fn with_sources(sources: &str) -> Self {
        Self::of(TenantDefaults::default(), sources.parse().unwrap())
    }

    /// Whose operator turned test inboxes off.
    pub(super) fn without_inboxes() -> Self {
        let network = NetworkRules::default().with_own_hosts("api.example.com");
        Self::on(TenantDefaults::default(), SourceAddresses::default(), network)
    }

    fn of(defaults: TenantDefaults, sources: SourceAddresses) -> Self {
        let network = NetworkRules::default().with_own_hosts("api.example.com");
        Self::on(defaults, sources, network.with_inboxes("https://api.example.com").unwrap())
    }

    fn on(defaults: TenantDefaults, sources: SourceAddresses, network: NetworkRules) -> Self {
        let now: Timestamp = "2024-01-15T10:30:00Z".parse().unwrap();
        let letters = MemoryLetters::default();
        letters.set_time(now);
        let deps = Deps {
            ledger: MemoryLedger::default(),
            registry: MemoryRegistry::default(),
            queues: MemoryQueues::at(now, 360),
            errands: letters.clone(),
            letters,
            sender: Receiver::default(),
            operator_keys: Keys::of("the-operator-key"),
            token_keys: Keys::of("the-key-of-tokens"),
            system: FakeSystem::at(now),
            contracts: hooklane_bundled_contracts::load(),
            catalog: EventCatalog::with_defaults(hooklane_bundled_catalogs::load(), defaults),
            network,
            sources,
            portal_origin: "https://hooks.example".to_owned(),
            rate_limit: 600,
            quotas: Quotas::default(),
            retention: SignedDuration::from_hours(30 * 24),
            leases: Bounded::default(),
            pulse: Recent::default(),
        };
        let deps = Arc::new(deps);
        Self { router: router(Arc::clone(&deps)), deps }
    }

    /// The function's door.
    pub(super) fn edge(&self) -> Edge {
        Edge::new(self.router.clone())
    }

    /// Sends a request as the operator for the tenant `acme`.
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
        self.ask_bytes(headers, method, path, body.as_bytes()).await
    }

    /// The same with a body that need not be text.
    pub(super) async fn ask_bytes(
        &self,
        headers: &[(&str, &str)],
        method: &str,
        path: &str,
        body: &[u8],
    ) -> Answer {
        let mut context = Context::default();
        context.request_id = "the-request".to_owned();
        let mut request = Request::builder().method(method).uri(path).extension(context);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_vec())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let headers = response.headers().clone();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let mut answer = Answer { status, headers, body, text, ..Answer::default() };
        answer.content_type = answer.header("content-type").to_owned();
        if answer.content_type == "application/problem+json" {
            is_listed(&answer);
        }
        answer.etag = answer.header("etag").to_owned();
        answer.location = answer.header("location").to_owned();
        answer.cache_control = answer.header("cache-control").to_owned();
        answer.disposition = answer.header("content-disposition").to_owned();
        answer
    }

    /// Registers a webhook for the tenant `acme` and returns its id.
    pub(super) async fn webhook(&self) -> String {
        self.webhook_of("acme").await
    }

    pub(super) async fn webhook_of(&self, tenant: &str) -> String {
        let body = r#"{"url":"https://example.com/hook","events":["*"]}"#;
        let answer = self.ask_as(tenant, "POST", "/webhooks", body).await;
        assert_eq!(answer.status, StatusCode::CREATED);
        answer.body["id"].as_str().unwrap().to_owned()
    }
}

/// Every problem that any test meets is one of those that the documents list, with one of its statuses.
fn is_listed(answer: &Answer) {
    let kind = Kind::ALL.iter().find(|kind| answer.body["type"] == kind.urn());
    let kind = kind.unwrap_or_else(|| panic!("no such kind: {}", answer.text));
    assert!(kind.statuses().contains(&answer.status), "{}: {}", answer.status, answer.text);
    assert_eq!(answer.body["status"], answer.status.as_u16(), "{}", answer.text);
    assert_eq!(answer.body["title"], kind.title(), "{}", answer.text);
}
