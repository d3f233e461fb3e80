//! Receivers with TLS, under a certificate that only this test trusts.

use base64::Engine as _;
use hooklane_domain::delivery::remark::Remark;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::*;

/// A certificate for `receiver.example.com`, made for this test, and its key.
const CERTIFICATE: &str = "MIIBtDCCAVmgAwIBAgIUc/Owlmb6cxCNTM7qLfFeJ/RiFJowCgYIKoZIzj0EAwIwHzEdMBsGA1UEAwwUcmVjZWl2ZXIu\
    ZXhhbXBsZS5jb20wIBcNMjYxMTI2MTc0NzE4WhgPMjEyNjExMDIxNzQ3MThaMB8xHTAbBgNVBAMMFHJlY2VpdmVyLmV4\
    YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEmOoE8/Qv22pjQCTuqkBmbY/vBNZiI3zZnA2Pu00RDuhh\
    QBX6jSoHxYoiXIdJketUSXaMKNJ39TFlgrA2tUorH6NxMG8wHQYDVR0OBBYEFEX8qm1sZCfEiS3ucirb9usK7PpCMB8G\
    A1UdIwQYMBaAFEX8qm1sZCfEiS3ucirb9usK7PpCMB8GA1UdEQQYMBaCFHJlY2VpdmVyLmV4YW1wbGUuY29tMAwGA1Ud\
    EwEB/wQCMAAwCgYIKoZIzj0EAwIDSQAwRgIhAIfvFTTp9LgzKj4eHCQJxI2ZdOIiZhlerT+mDNgzq4FdAiEA9pwKHEjV\
    +v2lf6mATYPVhlaCP8+zMY9a36lJkHLGTxw=";
const KEY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgGOkz3H6U+4m3eoDBwrV0Mi3zmn2wezbfymmrQ9vFlX2h\
    RANCAASY6gTz9C/bamNAJO6qQGZtj+8E1mIjfNmcDY+7TREO6GFAFfqNKgfFiiJch0mR61RJdowo0nf1MWWCsDa1Sisf";

/// An authority that nobody knows, made for this test.
const AUTHORITY: &str = include_str!("authority.pem");
/// What it signed for `receiver.example.com`, and the key of that.
const SIGNED: &str = "MIIB1zCCAX2gAwIBAgIURZ/c5KGYkmFWib0O4R9Rp8lBjAYwCgYIKoZIzj0EAwIwHDEaMBgGA1UEAwwRRXhhbXBsZSBh\
    dXRob3JpdHkwIBcNMjYxMTI4MTU1NjEwWhgPMjEyNjExMDQxNTU2MTBaMB8xHTAbBgNVBAMMFHJlY2VpdmVyLmV4YW1w\
    bGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEhdUicYPFPGlqF88j+Jo78mk7tYKV4CsWWK3cViwQCAAftTuR\
    gGE6RKCHYSWbaDxyj/2A7xDKgGapHNw91CLAq6OBlzCBlDAMBgNVHRMBAf8EAjAAMA4GA1UdDwEB/wQEAwIHgDATBgNV\
    HSUEDDAKBggrBgEFBQcDATAfBgNVHREEGDAWghRyZWNlaXZlci5leGFtcGxlLmNvbTAdBgNVHQ4EFgQUsCU4fQo9hLW5\
    PkBFxq8XvPUo29IwHwYDVR0jBBgwFoAUHwOG8C9D8KONOYJkDJg3ZbXzyp4wCgYIKoZIzj0EAwIDSAAwRQIhAKDfKNEu\
    2IOOU+fSdNRYj/5d0++wLOHZKB0i/ZcSjsyDAiBWLKCjrs0xZBwHqgTYHt9JYdR/WYEDxy9HOfKUUMOoKg==";
const SIGNED_KEY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg9hSz1FeMj8JBMfcDm4pyotbGXbX2t8m41IjB5SBz2gGh\
    RANCAASF1SJxg8U8aWoXzyP4mjvyaTu1gpXgKxZYrdxWLBAIAB+1O5GAYTpEoIdhJZtoPHKP/YDvEMqAZqkc3D3UIsCr";

fn der(text: &str) -> Vec<u8> {
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}

fn trusting() -> rustls::ClientConfig {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from(der(CERTIFICATE))).unwrap();
    connector::tls_with(roots)
}

fn acceptor(certificate: &str, key: &str) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(der(key)));
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(der(certificate))], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

/// Accepts connections and hands each one, with its TLS session, to `serve`.
async fn receiver<F, S>(serve: S) -> TargetUrl
where
    S: Fn(TlsStream<TcpStream>) -> F + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    receiver_by(acceptor(CERTIFICATE, KEY), serve).await
}

async fn receiver_by<F, S>(acceptor: TlsAcceptor, serve: S) -> TargetUrl
where
    S: Fn(TlsStream<TcpStream>) -> F + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            if let Ok(session) = acceptor.accept(socket).await {
                tokio::spawn(serve(session));
            }
        }
    });
    TargetUrl::from_stored(&format!("https://receiver.example.com:{port}/hook")).unwrap()
}

fn trusting_sender() -> Sender {
    let rules = NetworkRules::parse("127.0.0.0/8", "1024-65535").unwrap();
    let names = Names::of("receiver.example.com", &[&["127.0.0.1"]]);
    Sender::with(rules, names, trusting())
}

#[tokio::test]
async fn http_1_is_spoken_over_tls_and_a_connection_is_kept() {
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    let url = receiver(move |mut session| {
        counted.fetch_add(1, Ordering::SeqCst);
        async move {
            assert_eq!(session.get_ref().1.alpn_protocol(), None, "HTTP/2 is not offered");
            assert_eq!(session.get_ref().1.server_name(), Some("receiver.example.com"));
            let mut read = [0; 4096];
            while let Ok(n @ 1..) = session.read(&mut read).await {
                assert!(read[..n].starts_with(b"POST /hook HTTP/1.1\r\n"));
                let ok = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
                session.write_all(ok).await.unwrap();
            }
        }
    })
    .await;
    let sender = trusting_sender();
    let _other = sender.idle.begin();
    for _ in 0..3 {
        assert_eq!(post(&sender, &url, None).await.outcome.status(), Some(200));
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

/// A certificate that is not trusted, or is another name's, ends the attempt before the request is sent.
#[tokio::test]
async fn a_certificate_is_checked() {
    let url = receiver(|_| async {}).await;
    let rules = || NetworkRules::parse("127.0.0.0/8", "1024-65535").unwrap();
    let untrusting = sender_with(rules(), Names::of("receiver.example.com", &[&["127.0.0.1"]]));
    assert_eq!(error_of(&post(&untrusting, &url, None).await).0, ErrorKind::Tls);
    let other = url.as_str().replace("receiver", "other");
    let other = TargetUrl::from_stored(&other).unwrap();
    let names = Names::of("other.example.com", &[&["127.0.0.1"]]);
    let sender = Sender::with(rules(), names, trusting());
    assert_eq!(error_of(&post(&sender, &other, None).await).0, ErrorKind::Tls);
}

/// The operator's own authority is enough, and only for a sender that was given it.
#[tokio::test]
async fn a_receiver_is_reached_under_an_authority_of_the_operators_own() {
    let posts = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&posts);
    let url = receiver_by(acceptor(SIGNED, SIGNED_KEY), move |mut session| {
        let counted = Arc::clone(&counted);
        async move {
            let mut read = [0; 4096];
            if session.read(&mut read).await.is_ok_and(|n| read[..n].starts_with(b"POST ")) {
                counted.fetch_add(1, Ordering::SeqCst);
                let ok = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
                session.write_all(ok).await.unwrap();
            }
        }
    })
    .await;
    let sender = |trusted: &str| {
        let rules = NetworkRules::parse("127.0.0.0/8", "1024-65535").unwrap();
        let names = Names::of("receiver.example.com", &[&["127.0.0.1"]]);
        Sender::with(rules, names, connector::tls(&trusted.parse().unwrap()))
    };
    let another = include_str!("alone.pem");
    for (trusted, is_reached) in [
        ("", false),
        (another, false),
        (AUTHORITY, true),
        (&*format!("{another}{AUTHORITY}").replace('\n', " "), true),
    ] {
        let before = posts.load(Ordering::SeqCst);
        let sent = post(&sender(trusted), &url, None).await;
        assert_eq!(sent.outcome.status(), is_reached.then_some(200), "{trusted}: {sent:?}");
        assert_eq!(posts.load(Ordering::SeqCst) - before, usize::from(is_reached), "{trusted}");
        if !is_reached {
            assert_eq!(error_of(&sent).0, ErrorKind::Tls, "{trusted}");
        }
    }
}

/// Once a session stands, records that carry next to nothing count by what they are on the wire.
#[tokio::test]
async fn finding_08_tiny_tls_records_count_with_what_tls_adds() {
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    let url = receiver(move |mut session| {
        let counted = Arc::clone(&counted);
        async move {
            let mut read = [0; 4096];
            assert!(session.read(&mut read).await.unwrap() > 0);
            session.write_all(b"HTTP/1.1 200 OK\r\nX-A: ").await.unwrap();
            // One record for each byte: 23 bytes on the wire.
            while session.write_all(b"x").await.is_ok() && session.flush().await.is_ok() {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        }
    })
    .await;
    let sent_to = post(&trusting_sender(), &url, None).await;
    let (kind, detail) = error_of(&sent_to);
    assert_eq!(kind, ErrorKind::Response, "{detail}");
    assert!(detail.starts_with("more than 65536 bytes"), "{detail}");
    // Their bytes alone would be far below the limit.
    let read = 64 * 1024 / 23;
    assert!(sent.load(Ordering::SeqCst) >= read.min(1_000));
}

/// New keys cost both sides work, and carry nothing. rustls has a limit of its own for them.
#[tokio::test]
async fn finding_08_endless_key_updates_end_the_attempt() {
    let url = receiver(|mut session| async move {
        let mut read = [0; 4096];
        assert!(session.read(&mut read).await.unwrap() > 0);
        loop {
            let (_, tls) = session.get_mut();
            if tls.refresh_traffic_keys().is_err() || session.flush().await.is_err() {
                return;
            }
        }
    })
    .await;
    let sent = post(&trusting_sender(), &url, None).await;
    let (kind, detail) = error_of(&sent);
    assert!(matches!(kind, ErrorKind::Response | ErrorKind::Tls), "{kind:?} {detail}");
}

/// What a receiver under TLS answers before it ends the connection without `close_notify`.
async fn without_close_notify(answer: &'static [u8]) -> Sent {
    let url = receiver(move |mut session| async move {
        let mut read = [0; 4096];
        assert!(session.read(&mut read).await.unwrap() > 0);
        session.write_all(answer).await.unwrap();
        session.flush().await.unwrap();
        // TCP ends, and TLS says nothing.
        session.get_mut().0.shutdown().await.unwrap();
    })
    .await;
    post(&trusting_sender(), &url, None).await
}

#[tokio::test]
async fn a_head_that_arrived_counts_though_tls_ends_without_close_notify() {
    for (answer, status, remark) in [
        (&b"HTTP/1.1 200 OK\r\n\r\nok"[..], 200, Some(Remark::TlsTruncated)),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", 200, Some(Remark::BodyTruncated)),
        (
            b"HTTP/1.1 410 Gone\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
            410,
            Some(Remark::BodyTruncated),
        ),
        (b"HTTP/1.1 503 Busy\r\nRetry-After: 9\r\n", 503, Some(Remark::HeadersTruncated)),
    ] {
        let sent = without_close_notify(answer).await;
        assert_eq!(sent.outcome.status(), Some(status), "{sent:?}");
        assert_eq!(sent.remarks.first().copied(), remark, "{sent:?}");
    }
    let nothing = without_close_notify(b"HTTP/1.1 20").await;
    assert_eq!(error_of(&nothing).0, ErrorKind::Response);
}
