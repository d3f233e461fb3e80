//! Makes connections: a name is looked up and judged by the guard, TCP is connected, TLS is set up.

use std::sync::Arc;
use std::time::Duration;

use hooklane_domain::webhook::target::{Origin, TargetUrl};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;
use tower::Service as _;

use crate::connection::{ByteStream, Connection};
use crate::guard::{BoxError, Guard};
use crate::meter::{HANDSHAKE, Meter, Metered};
use crate::trust::TrustedCas;

/// The part of an attempt's time that connecting, TLS included, may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The connection was not made within its part of the attempt's time.
#[derive(Debug, thiserror::Error)]
#[error("the connection was not made in time")]
pub(crate) struct TooSlow;

/// Makes connections, all with one TLS configuration.
#[derive(Clone)]
pub(crate) struct Connector {
    tls: TlsConnector,
}

impl Connector {
    pub(crate) fn new(tls: rustls::ClientConfig) -> Self {
        Self { tls: TlsConnector::from(Arc::new(tls)) }
    }

    /// A new connection to where the URL leads, to an address that the guard lets through.
    pub(crate) async fn connect(
        &self,
        url: &TargetUrl,
        guard: Guard,
    ) -> Result<Connection, BoxError> {
        match tokio::time::timeout(CONNECT_TIMEOUT, self.within_time(url, guard)).await {
            Ok(connected) => connected,
            Err(_) => Err(Box::new(TooSlow)),
        }
    }

    async fn within_time(&self, url: &TargetUrl, guard: Guard) -> Result<Connection, BoxError> {
        // It tries several addresses as RFC 8305 says (Happy Eyeballs), and skips the guard for literal
        // addresses, which were judged before.
        let mut tcp = HttpConnector::new_with_resolver(guard);
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let stream = tcp.call(url.as_str().parse()?).await?.into_inner();
        // Below TLS, so that TLS's own messages count, too.
        let wire = Meter::default();
        let stream = Metered::new(stream, wire.clone());
        let stream: Box<dyn ByteStream> = match url.origin() {
            Origin { https: false, .. } => Box::new(stream),
            Origin { host, .. } => {
                wire.allow(HANDSHAKE);
                let name = host.trim_start_matches('[').trim_end_matches(']').to_owned();
                Box::new(self.tls.connect(ServerName::try_from(name)?, stream).await?)
            }
        };
        Ok(Connection::new(stream, wire))
    }
}

/// Public certificate authorities and the operator's own, and no client certificate. No protocol is offered by
/// ALPN: a receiver then speaks HTTP/1.1.
pub(crate) fn tls(trusted: &TrustedCas) -> rustls::ClientConfig {
    let public = webpki_roots::TLS_SERVER_ROOTS.iter().cloned();
    tls_with(public.chain(trusted.anchors()).collect())
}

pub(crate) fn tls_with(roots: rustls::RootCertStore) -> rustls::ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    match rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
    {
        Ok(builder) => builder.with_root_certificates(roots).with_no_client_auth(),
        Err(_) => unreachable!("ring supports the default TLS versions"),
    }
}
