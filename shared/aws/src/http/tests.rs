//! The HTTP client against servers that hang up, fail, or speak TLS.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_sqs::error::{DisplayErrorContext, SdkError};
use aws_sdk_sqs::operation::list_queues::{ListQueuesError, ListQueuesOutput};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::BodyExt as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// A certificate for 127.0.0.1, made for this test, and its key.
const CERTIFICATE: &str = "MIIBjjCCATOgAwIBAgIUKZp+m6mkbHRw/WZDOHxSwSQ93iAwCgYIKoZIzj0EAwIwFDESMBAGA1UEAwwJMTI3LjAuMC4x\
    MCAXDTI2MTEyODE2MjQ1NVoYDzIxMjYxMTA0MTYyNDU1WjAUMRIwEAYDVQQDDAkxMjcuMC4wLjEwWTATBgcqhkjOPQIB\
    BggqhkjOPQMBBwNCAATUw52w61bqOSNpW9mU6GmVpQiPxAgWhaaG3UVF2m3O7vszNO1ejQs7TjaKWeVhNz86l7AFsllP\
    4qUapKJmNT0Go2EwXzAdBgNVHQ4EFgQUtl3Ikks7kRR9joafqcy7/+1pNIowHwYDVR0jBBgwFoAUtl3Ikks7kRR9joaf\
    qcy7/+1pNIowDwYDVR0RBAgwBocEfwAAATAMBgNVHRMBAf8EAjAAMAoGCCqGSM49BAMCA0kAMEYCIQD6HQrSN/jQD7Rg\
    0V1M1GW20lnejhyPGfHT7QKAWJCUJwIhALQz4k/Vgx8J2NGUe9/uIBTA4ei1TbUA/rWA6qziGAKB";
const KEY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgLSxIZLwWW8v05n1yQvseTuGEEi/eg8zxu8JYN+e94yih\
    RANCAATUw52w61bqOSNpW9mU6GmVpQiPxAgWhaaG3UVF2m3O7vszNO1ejQs7TjaKWeVhNz86l7AFsllP4qUapKJmNT0G";

fn certificate() -> CertificateDer<'static> {
    CertificateDer::from(STANDARD.decode(CERTIFICATE).unwrap())
}

fn acceptor() -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(STANDARD.decode(KEY).unwrap()));
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate()], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

/// What a server does with a request.
#[derive(Clone, Copy)]
enum Reply {
    Status(u16),
    HangUp,
}

use Reply::{HangUp, Status};

/// A server that has these replies, one after the other, and notes the connection that each request came by.
#[derive(Clone)]
struct Server {
    replies: Arc<std::sync::Mutex<Vec<Reply>>>,
    connections: Arc<std::sync::Mutex<Vec<usize>>>,
}

impl Server {
    async fn start(replies: &[Reply], tls: Option<TlsAcceptor>) -> (Self, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let replies: Vec<_> = replies.iter().rev().copied().collect();
        let server = Self { replies: Arc::new(replies.into()), connections: Arc::default() };
        let serving = server.clone();
        tokio::spawn(async move {
            for connection in 0.. {
                let Ok((stream, _)) = listener.accept().await else { return };
                let (serving, tls) = (serving.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serving.serve(stream, connection).await,
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => serving.serve(stream, connection).await,
                            Err(_) => None,
                        },
                    }
                });
            }
        });
        (server, port)
    }

    async fn serve(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin,
        connection: usize,
    ) -> Option<()> {
        let mut stream = BufReader::new(stream);
        loop {
            let mut length = 0;
            loop {
                let mut line = String::new();
                if stream.read_line(&mut line).await.ok()? == 0 {
                    return None;
                }
                if line.trim().is_empty() {
                    break;
                }
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().ok()?;
                }
            }
            stream.read_exact(&mut vec![0; length]).await.ok()?;
            self.connections.lock().unwrap().push(connection);
            let reply = self.replies.lock().unwrap().pop();
            let Some(Status(status)) = reply else { return None };
            let head = format!("HTTP/1.1 {status} x\r\ncontent-length: 2\r\n\r\n{{}}");
            stream.write_all(head.as_bytes()).await.ok()?;
            stream.flush().await.ok()?;
        }
    }

    /// The connections by which requests came.
    fn connections(&self) -> Vec<usize> {
        self.connections.lock().unwrap().clone()
    }
}

async fn call(client: &aws_sdk_sqs::Client) -> Result<ListQueuesOutput, SdkError<ListQueuesError>> {
    client.list_queues().send().await
}

fn client_of(url: &str, http: Http) -> aws_sdk_sqs::Client {
    let credentials = Credentials::new("test", "test", None, None, "a test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(url)
        .http_client(http.shared())
        .build();
    aws_sdk_sqs::Client::new(&config)
}

#[tokio::test]
async fn a_connection_is_used_again_unless_its_server_failed_or_hung_up() {
    for (replies, expected) in [
        (&[Status(200), Status(200)][..], &[0, 0][..]),
        (&[Status(500), Status(200), Status(200)], &[0, 1, 1]),
        (&[Status(503), Status(503), Status(200), Status(200)], &[0, 1, 2, 2]),
        (&[HangUp, Status(200), Status(200)], &[0, 1, 1]),
        (&[Status(200), HangUp, Status(200)], &[0, 0, 1]),
    ] {
        let (server, port) = Server::start(replies, None).await;
        let client = client_of(&format!("http://127.0.0.1:{port}"), super::client(CONNECT_TIMEOUT));
        for _ in 0..2 {
            call(&client).await.unwrap();
        }
        assert_eq!(server.connections(), expected);
    }
}

#[tokio::test]
async fn past_the_sdk_a_connection_whose_server_failed_is_not_used_again_either() {
    let (server, port) =
        Server::start(&[Status(200), Status(500), Status(400), Status(200)], None).await;
    let http = super::client(CONNECT_TIMEOUT);
    for _ in 0..4 {
        let request = http::Request::post(format!("http://127.0.0.1:{port}"));
        let answer = http.send(request.body(SdkBody::from("{}")).unwrap()).await.unwrap();
        answer.into_body().collect().await.unwrap();
    }
    assert_eq!(server.connections(), [0, 0, 1, 1]);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_tried_three_times_and_is_an_error() {
    // Nobody listens on a port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let client = client_of(&format!("http://127.0.0.1:{port}"), super::client(CONNECT_TIMEOUT));
    let error = call(&client).await.unwrap_err();
    assert!(matches!(&error, SdkError::DispatchFailure(failure) if failure.is_io()), "{error:?}");
}

#[tokio::test]
async fn tls_is_spoken_over_http_1_with_servers_under_a_trusted_authority_alone() {
    let (server, port) = Server::start(&[Status(200); 2], Some(acceptor())).await;
    let url = format!("https://127.0.0.1:{port}");
    let mut roots = RootCertStore::empty();
    roots.add(certificate()).unwrap();
    let client = client_of(&url, trusting(roots, CONNECT_TIMEOUT));
    for _ in 0..2 {
        call(&client).await.unwrap();
    }
    assert_eq!(server.connections(), [0, 0]);

    let error = call(&client_of(&url, super::client(CONNECT_TIMEOUT))).await.unwrap_err();
    let error = DisplayErrorContext(&error).to_string();
    assert!(error.contains("UnknownIssuer"), "{error}");
    assert_eq!(server.connections().len(), 2, "it has seen no request");
}
