//! The HTTP client under the SDK, and beside it: the one of hyper-util, with TLS by rustls on ring.
//!
//! The SDK brings a client of its own (`aws-smithy-http-client`). It reads and parses the certificates of the
//! system once for each service's client, which was two fifths of a cold start of `delivery`, and it links
//! HTTP/2, which DynamoDB and SQS do not speak (ADR 93). This one trusts the same public authorities, from a
//! table that is compiled in, and speaks HTTP/1.1.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::retries::ErrorKind;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::{CaptureConnection, capture_connection};
use hyper_util::client::legacy::{self, Client, connect};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::RootCertStore;

type BoxError = Box<dyn Error + Send + Sync>;

/// The client of every service, so that all share their connections.
#[derive(Debug, Clone)]
pub(crate) struct Http(Arc<Client<HttpsConnector<connect::HttpConnector>, SdkBody>>);

impl Http {
    /// The same client, for the SDK.
    pub(crate) fn shared(&self) -> SharedHttpClient {
        SharedHttpClient::new(self.clone())
    }

    /// Sends a request past the SDK. As with the SDK, a connection whose server failed is not used again.
    pub(crate) async fn send(
        &self,
        mut request: http::Request<SdkBody>,
    ) -> Result<http::Response<Incoming>, legacy::Error> {
        let connection = capture_connection(&mut request);
        let answer = self.0.request(request).await?;
        if answer.status().is_server_error() {
            poison(&connection);
        }
        Ok(answer)
    }
}

/// A client that trusts public certificate authorities, and makes a connection within `connect_timeout`.
#[must_use]
pub(crate) fn client(connect_timeout: Duration) -> Http {
    let roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    trusting(roots, connect_timeout)
}

fn trusting(roots: RootCertStore, connect_timeout: Duration) -> Http {
    let mut tcp = connect::HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(connect_timeout));
    let https = HttpsConnectorBuilder::new()
        .with_tls_config(tls(roots))
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp);
    // Without a timer, connections that nobody uses any more would be kept.
    let client = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(https);
    Http(Arc::new(client))
}

fn tls(roots: RootCertStore) -> rustls::ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    match rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
    {
        Ok(builder) => builder.with_root_certificates(roots).with_no_client_auth(),
        Err(_) => unreachable!("ring supports the default TLS versions"),
    }
}

impl HttpClient for Http {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Http {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(error) => {
                return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into())));
            }
        };
        // The SDK wants no second request on a connection whose server has failed.
        let connection = capture_connection(&mut request);
        if let Some(capture) = request.extensions().get::<CaptureSmithyConnection>() {
            capture.set_connection_retriever(move || metadata(&connection));
        }
        let answer = self.0.request(request);
        HttpConnectorFuture::new(async move {
            let answer = answer.await.map_err(failed)?.map(SdkBody::from_body_1_x);
            HttpResponse::try_from(answer)
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

fn metadata(connection: &CaptureConnection) -> Option<ConnectionMetadata> {
    connection.connection_metadata().as_ref()?;
    let connection = connection.clone();
    let poison = move || poison(&connection);
    Some(ConnectionMetadata::builder().proxied(false).poison_fn(poison).build())
}

fn poison(connection: &CaptureConnection) {
    if let Some(connected) = connection.connection_metadata().as_ref() {
        connected.poison();
    }
}

/// What failed, as the SDK decides by it whether the call is repeated. Nothing of an answer was read, and every
/// call of ours can be made again.
fn failed(error: legacy::Error) -> ConnectorError {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    let is_user =
        causes.filter_map(|cause| cause.downcast_ref::<hyper::Error>()).any(hyper::Error::is_user);
    let is_connect = error.is_connect();
    let error: BoxError = error.into();
    match (is_user, is_connect) {
        (true, _) => ConnectorError::user(error),
        (false, true) => ConnectorError::io(error),
        (false, false) => ConnectorError::other(error, Some(ErrorKind::TransientError)),
    }
}

#[cfg(test)]
mod tests;
