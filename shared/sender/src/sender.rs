//! Makes one POST to a receiver.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hooklane_app::ports::{Destination, Post, Sent};
use hooklane_contract::WireRequest;
use hooklane_domain::delivery::outcome::{AttemptError, ErrorKind, Outcome};
use hooklane_domain::webhook::network::NetworkRules;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::clients::{ClientError, Clients};
use crate::guard::{self, Lookup};
use crate::{classify, read};

/// Sends requests to receivers, each to an address that the operator's rules and the webhook allow.
#[derive(Debug, Clone)]
pub struct Sender {
    pub(crate) clients: Arc<Clients>,
    rules: Arc<NetworkRules>,
}

impl Post for Sender {
    async fn post(&self, to: Destination<'_>, request: WireRequest, limit: Duration) -> Sent {
        Self::post(self, to, request, limit).await
    }
}

impl Sender {
    pub fn new(rules: NetworkRules) -> Result<Self, ClientError> {
        Self::with_lookup(rules, Arc::new(guard::System))
    }

    pub(crate) fn with_lookup(
        rules: NetworkRules,
        lookup: Arc<dyn Lookup>,
    ) -> Result<Self, ClientError> {
        let rules = Arc::new(rules);
        let clients = Arc::new(Clients::new(Arc::clone(&rules), lookup)?);
        Ok(Self { clients, rules })
    }

    /// Makes one POST. `limit` bounds it from resolving the name to reading the last byte that is kept.
    #[expect(clippy::disallowed_methods, reason = "durations are measured here only")]
    pub async fn post(
        &self,
        to: impl Into<Destination<'_>>,
        request: WireRequest,
        limit: Duration,
    ) -> Sent {
        let started = Instant::now();
        let outcome = match tokio::time::timeout(limit, self.attempt(to.into(), request)).await {
            Ok(outcome) => outcome,
            Err(_) => failed(ErrorKind::Timeout, format!("no complete answer in {limit:?}")),
        };
        Sent { outcome, took: started.elapsed() }
    }

    async fn attempt(&self, to: Destination<'_>, request: WireRequest) -> Outcome {
        // A literal address never reaches the resolver, and the rules may be newer than the URL.
        if let Err(refusal) = to.url.judge_within(&self.rules, to.only) {
            return failed(ErrorKind::Blocked, format!("the URL {refusal}"));
        }
        let client = match self.clients.within(to.only) {
            Ok(client) => client,
            Err(error) => return failed(ErrorKind::Connect, error.to_string()),
        };
        let headers = match header_map(&request.headers) {
            Ok(headers) => headers,
            Err(name) => {
                return failed(ErrorKind::Body, format!("the header {name} has no valid value"));
            }
        };
        let sent = client.post(to.url.as_str()).headers(headers).body(request.body).send().await;
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
