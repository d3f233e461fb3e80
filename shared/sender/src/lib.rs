//! The one HTTP client that speaks to receivers.
//!
//! It follows no redirect, uses no proxy, decompresses nothing, reads a bounded part of an answer and
//! connects only to addresses that were judged: `guard` is the resolver of its client, so the
//! addresses that are judged are the ones that are connected to.

mod classify;
mod guard;
mod read;

use std::sync::Arc;
use std::time::{Duration, Instant};

use hooklane_app::ports::Post;
use hooklane_domain::contract::WireRequest;
use hooklane_domain::network::NetworkRules;
use hooklane_domain::outcome::{AttemptError, ErrorKind, Outcome};
use hooklane_domain::target::TargetUrl;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;

/// Connecting, TLS included, may take this long of an attempt's time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Sends requests to receivers.
#[derive(Debug, Clone)]
pub struct Sender {
    client: reqwest::Client,
    rules: Arc<NetworkRules>,
}

pub use hooklane_app::ports::Sent;

/// The client could not be built, at cold start.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client for receivers could not be built")]
pub struct ClientError(#[from] reqwest::Error);

impl Post for Sender {
    async fn post(&self, url: &TargetUrl, request: WireRequest, limit: Duration) -> Sent {
        Self::post(self, url, request, limit).await
    }
}

impl Sender {
    pub fn new(rules: NetworkRules) -> Result<Self, ClientError> {
        let rules = Arc::new(rules);
        let roots =
            rustls::RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = match rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
        {
            Ok(builder) => builder.with_root_certificates(roots).with_no_client_auth(),
            Err(_) => unreachable!("ring supports the default TLS versions"),
        };
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .dns_resolver(guard::Guard::new(Arc::clone(&rules)))
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(Duration::from_secs(30))
            .build()?;
        Ok(Self { client, rules })
    }

    /// Makes one POST, within `limit` from the name's resolution to the last byte that is kept.
    #[expect(clippy::disallowed_methods, reason = "the one home of measured durations")]
    pub async fn post(&self, url: &TargetUrl, request: WireRequest, limit: Duration) -> Sent {
        let started = Instant::now();
        let outcome = match tokio::time::timeout(limit, self.attempt(url, request)).await {
            Ok(outcome) => outcome,
            Err(_) => failed(ErrorKind::Timeout, format!("no complete answer in {limit:?}")),
        };
        Sent { outcome, took: started.elapsed() }
    }

    async fn attempt(&self, url: &TargetUrl, request: WireRequest) -> Outcome {
        // A literal address does not pass through a resolver, and the rules may be newer than the URL.
        if let Err(refusal) = url.judge(&self.rules) {
            return failed(ErrorKind::Blocked, format!("the URL {refusal}"));
        }
        let headers = match header_map(&request.headers) {
            Ok(headers) => headers,
            Err(name) => {
                return failed(ErrorKind::Body, format!("the header {name} has no valid value"));
            }
        };
        let sent = self.client.post(url.as_str()).headers(headers).body(request.body).send().await;
        match sent {
            Ok(response) => read::response(response).await,
            Err(error) => Outcome::Error(classify::error(&error)),
        }
    }
}

fn failed(kind: ErrorKind, detail: String) -> Outcome {
    Outcome::Error(AttemptError { kind, detail })
}

fn header_map(headers: &[(String, String)]) -> Result<HeaderMap, String> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let (Ok(key), Ok(value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value))
        else {
            return Err(name.clone());
        };
        map.append(key, value);
    }
    Ok(map)
}
