//! The certificate of the receiver, and the authority that signed it, which functions and the plain loop are told to
//! trust. Both were made for this harness, are valid for a hundred years, and guard nothing.

use std::sync::Arc;

use anyhow::Context as _;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

/// The authority's certificate: what the parameter `TrustedTargetCas` gets.
pub const AUTHORITY: &str = include_str!("authority.pem");
/// Signed by it, for 127.0.0.1 and `localhost`.
const CERTIFICATE: &str = include_str!("certificate.pem");
const KEY: &str = include_str!("key.pem");

pub(super) fn acceptor() -> anyhow::Result<TlsAcceptor> {
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE.as_bytes());
    let certificate = certificate.context("the receiver's certificate cannot be read")?;
    let key = PrivateKeyDer::from_pem_slice(KEY.as_bytes());
    let key = key.context("the receiver's key cannot be read")?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)?;
    // No session is resumed: a new connection costs the most that it can, and always the same.
    config.send_tls13_tickets = 0;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// A client's configuration that trusts the authority, and no other.
pub fn client() -> anyhow::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(AUTHORITY.as_bytes())?)?;
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let builder = builder.with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
