//! Makes one POST to a receiver.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hooklane_app::ports::{Destination, Post, Sent};
use hooklane_contract::WireRequest;
use hooklane_domain::delivery::outcome::{AttemptError, ErrorKind, Outcome};
use hooklane_domain::webhook::network::NetworkRules;
use hooklane_domain::webhook::target::TargetUrl;
use http::header::{ACCEPT, HOST, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request};
use http_body_util::Full;
use hyper::body::Incoming;

use crate::connection::Connection;
use crate::connector::{self, Connector};
use crate::guard::Guard;
use crate::lookup::{Lookup, Lookups, System};
use crate::pool::{Key, Pool};
use crate::{classify, read};

/// Sends requests to receivers, each to an address that the operator's rules and the webhook allow.
#[derive(Clone)]
pub struct Sender {
    rules: Arc<NetworkRules>,
    lookups: Lookups,
    connector: Connector,
    idle: Pool,
}

impl Post for Sender {
    async fn post(&self, to: Destination<'_>, request: WireRequest, limit: Duration) -> Sent {
        Self::post(self, to, request, limit).await
    }
}

impl Sender {
    #[must_use]
    pub fn new(rules: NetworkRules) -> Self {
        Self::with(rules, Arc::new(System), connector::tls())
    }

    pub(crate) fn with(
        rules: NetworkRules,
        lookup: Arc<dyn Lookup>,
        tls: rustls::ClientConfig,
    ) -> Self {
        Self {
            rules: Arc::new(rules),
            lookups: Lookups::new(lookup),
            connector: Connector::new(tls),
            idle: Pool::default(),
        }
    }

    /// Makes one POST. `limit` bounds it from resolving the name to reading the last byte that is kept.
    #[expect(clippy::disallowed_methods, reason = "durations are measured here only")]
    pub async fn post(&self, to: Destination<'_>, request: WireRequest, limit: Duration) -> Sent {
        let started = Instant::now();
        let outcome = match tokio::time::timeout(limit, self.attempt(to, request)).await {
            Ok(outcome) => outcome,
            Err(_) => failed(ErrorKind::Timeout, format!("no complete answer in {limit:?}")),
        };
        Sent { outcome, took: started.elapsed() }
    }

    async fn attempt(&self, to: Destination<'_>, request: WireRequest) -> Outcome {
        let rules = self.rules.for_tenant(to.tenant);
        // A literal address never reaches the resolver, and the rules may be newer than the URL.
        if let Err(refusal) = to.url.judge_within(&rules, to.only) {
            return failed(ErrorKind::Blocked, format!("the URL {refusal}"));
        }
        let request = match http_request(to.url, request) {
            Ok(request) => request,
            Err(what) => return failed(ErrorKind::Body, what),
        };
        let key = Key {
            origin: to.url.origin(),
            tenant: matches!(rules, Cow::Owned(_)).then(|| to.tenant.clone()),
            only: to.only.cloned(),
        };
        if let Some(mut idle) = self.idle.take(&key).await {
            match idle.send(request.clone()).await {
                Ok(response) => return self.read(key, idle, response).await,
                // The receiver hung up while the request was on its way. Nothing of an answer came, so the
                // attempt goes on over a new connection.
                Err(_) if idle.heard_nothing() => {}
                Err(error) => return Outcome::Error(classify::answering(&error)),
            }
        }
        let rules = match rules {
            Cow::Borrowed(_) => Arc::clone(&self.rules),
            Cow::Owned(rules) => Arc::new(rules),
        };
        let guard = Guard {
            lookups: self.lookups.clone(),
            rules,
            tenant: to.tenant.clone(),
            only: to.only.cloned(),
        };
        let mut connection = match self.connector.connect(to.url, guard).await {
            Ok(connection) => connection,
            Err(error) => return Outcome::Error(classify::connecting(&error)),
        };
        match connection.send(request).await {
            Ok(response) => self.read(key, connection, response).await,
            Err(error) => Outcome::Error(classify::answering(&error)),
        }
    }

    /// Reads what is kept of the answer. A connection with an unfinished answer is closed.
    async fn read(
        &self,
        key: Key,
        mut connection: Connection,
        response: http::Response<Incoming>,
    ) -> Outcome {
        let (outcome, complete) = read::answer(&mut connection, response).await;
        if complete {
            self.idle.put(key, connection).await;
        }
        outcome
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("rules", &self.rules).finish_non_exhaustive()
    }
}

fn failed(kind: ErrorKind, detail: String) -> Outcome {
    Outcome::Error(AttemptError { kind, detail })
}

/// The request with what HTTP needs: the host, and that any answer will do.
fn http_request(url: &TargetUrl, request: WireRequest) -> Result<Request<Full<Bytes>>, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        let (Ok(key), Ok(value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value))
        else {
            return Err(format!("the header {name} has no valid value"));
        };
        headers.append(key, value);
    }
    let host = HeaderValue::from_str(url.authority());
    headers.insert(HOST, host.map_err(|_| "the URL's host cannot be a header".to_owned())?);
    headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
    let mut http = Request::new(Full::from(request.body));
    *http.method_mut() = Method::POST;
    *http.uri_mut() =
        url.resource().parse().map_err(|e| format!("the URL cannot be requested: {e}"))?;
    *http.headers_mut() = headers;
    Ok(http)
}
