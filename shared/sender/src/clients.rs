//! One client for each set of rules. A kept connection was judged by the rules of its client, so a webhook
//! with narrower rules never gets a connection that was made under wider ones.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hooklane_app::cache::Bounded;
use hooklane_domain::webhook::network::{NetworkRules, TargetCidrs};
use reqwest::redirect::Policy;

use crate::guard::{Guard, Lookup};

/// The part of an attempt's time that connecting, TLS included, may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The number of clients kept for webhooks with ranges of their own, which are few.
const MAX_NARROWED: usize = 64;

/// The HTTP client could not be built.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client for receivers could not be built")]
pub struct ClientError(#[from] reqwest::Error);

/// The clients, by what they may reach.
pub(crate) struct Clients {
    tls: rustls::ClientConfig,
    lookup: Arc<dyn Lookup>,
    rules: Arc<NetworkRules>,
    /// For webhooks without ranges of their own, which are nearly all.
    open: reqwest::Client,
    narrowed: Bounded<TargetCidrs, reqwest::Client>,
}

impl Clients {
    pub(crate) fn new(
        rules: Arc<NetworkRules>,
        lookup: Arc<dyn Lookup>,
    ) -> Result<Self, ClientError> {
        let tls = tls();
        let guard = Guard { lookup: Arc::clone(&lookup), rules: Arc::clone(&rules), only: None };
        let open = build(tls.clone(), guard)?;
        Ok(Self { tls, lookup, rules, open, narrowed: Bounded::new(MAX_NARROWED) })
    }

    /// The client that may reach what both the rules and these ranges allow.
    pub(crate) fn within(
        &self,
        only: Option<&TargetCidrs>,
    ) -> Result<reqwest::Client, ClientError> {
        let Some(only) = only else { return Ok(self.open.clone()) };
        if let Some(client) = self.narrowed.get(only) {
            return Ok(client);
        }
        let guard = Guard {
            lookup: Arc::clone(&self.lookup),
            rules: Arc::clone(&self.rules),
            only: Some(only.clone()),
        };
        let client = build(self.tls.clone(), guard)?;
        self.narrowed.put(only.clone(), client.clone());
        Ok(client)
    }
}

impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients").field("rules", &self.rules).finish_non_exhaustive()
    }
}

fn build(tls: rustls::ClientConfig, guard: Guard) -> Result<reqwest::Client, ClientError> {
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(guard)
        .redirect(Policy::none())
        .no_proxy()
        .referer(false)
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(Duration::from_secs(30))
        .build()?;
    Ok(client)
}

fn tls() -> rustls::ClientConfig {
    let roots = rustls::RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    match rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
    {
        Ok(builder) => builder.with_root_certificates(roots).with_no_client_auth(),
        Err(_) => unreachable!("ring supports the default TLS versions"),
    }
}
