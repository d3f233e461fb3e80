//! Makes one POST to a receiver.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hooklane_app::ports::{Destination, Post, Sent};
use hooklane_contract::WireRequest;
use hooklane_domain::delivery::outcome::AttemptError;
use hooklane_domain::delivery::outcome::ErrorKind;
use hooklane_domain::webhook::network::NetworkRules;

use crate::connection::{Broken, Connection};
use crate::connector::{self, Connector};
use crate::guard::Guard;
use crate::lookup::{Lookup, Lookups, System};
use crate::pool::{Key, Pool};
use crate::record::{End, Record};
use crate::trust::TrustedCas;
use crate::{classify, request};

/// Sends requests to receivers, each to an address that the operator's rules and the webhook allow.
#[derive(Clone)]
pub struct Sender {
    rules: Arc<NetworkRules>,
    lookups: Lookups,
    connector: Connector,
    pub(crate) idle: Pool,
}

impl Post for Sender {
    async fn post(&self, to: Destination<'_>, request: WireRequest, limit: Duration) -> Sent {
        Self::post(self, to, request, limit).await
    }
}

impl Sender {
    /// A sender that also reaches receivers with certificates of the operator's own authorities.
    #[must_use]
    pub fn new(rules: NetworkRules, trusted: &TrustedCas) -> Self {
        Self::with(rules, Arc::new(System), connector::tls(trusted))
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

    /// Makes one POST. `limit` bounds it from resolving the name to reading the last byte of the answer.
    #[expect(clippy::disallowed_methods, reason = "durations are measured here only")]
    pub async fn post(&self, to: Destination<'_>, request: WireRequest, limit: Duration) -> Sent {
        let started = Instant::now();
        let _under_way = self.idle.begin();
        // Outlives the attempt, whose answer may have begun when the time is over.
        let mut record = Record::default();
        let end = tokio::time::timeout(limit, self.attempt(to, request, &mut record)).await;
        let (outcome, remarks) = record.result(end.unwrap_or(End::TimeOver(limit)));
        Sent { outcome, remarks, took: started.elapsed() }
    }

    async fn attempt(&self, to: Destination<'_>, request: WireRequest, record: &mut Record) -> End {
        let rules = self.rules.for_tenant(to.tenant);
        // A literal address never reaches the resolver, and the rules may be newer than the URL.
        if let Err(refusal) = to.url.judge_within(&rules, to.only) {
            return failed(ErrorKind::Blocked, format!("the URL {refusal}"));
        }
        let request = match request::write(to.url, &request) {
            Ok(request) => request,
            Err(what) => return failed(ErrorKind::Body, what),
        };
        let key = Key {
            origin: to.url.origin(),
            tenant: matches!(rules, Cow::Owned(_)).then(|| to.tenant.clone()),
            only: to.only.cloned(),
        };
        if let Some(mut idle) = self.idle.take(&key).await {
            let exchanged = idle.exchange(&request, &mut record.exchange).await;
            // The receiver hung up while the request was on its way. Nothing of an answer came, so the attempt
            // goes on over a new connection.
            if exchanged.is_ok() || !record.exchange.answer.is_empty() {
                return self.finish(key, idle, record, exchanged).await;
            }
            record.resend();
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
            Err(error) => return End::Unsent(classify::connecting(&error)),
        };
        let exchanged = connection.exchange(&request, &mut record.exchange).await;
        self.finish(key, connection, record, exchanged).await
    }

    /// Keeps the connection if it can serve another request, and closes it otherwise.
    async fn finish(
        &self,
        key: Key,
        connection: Connection,
        record: &Record,
        exchanged: Result<(), Broken>,
    ) -> End {
        match exchanged {
            Err(broken) => return End::Broken(broken),
            Ok(()) if record.exchange.leaves_connection() => self.idle.put(key, connection).await,
            Ok(()) => connection.close().await,
        }
        End::Answered
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("rules", &self.rules).finish_non_exhaustive()
    }
}

fn failed(kind: ErrorKind, detail: String) -> End {
    End::Unsent(AttemptError { kind, detail })
}
