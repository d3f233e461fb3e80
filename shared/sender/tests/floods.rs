//! Receivers that send without end. What counts is what they could send: no test measures time.

#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

use std::time::Duration;

use hooklane_contract::WireRequest;
use hooklane_domain::delivery::outcome::{ErrorKind, Outcome};
use hooklane_domain::delivery::remark::Remark;
use hooklane_domain::webhook::network::NetworkRules;
use hooklane_domain::webhook::target::TargetUrl;
use hooklane_sender::{Destination, Sender, Sent, TrustedCas};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What a receiver sends first, and what it then repeats.
struct Flood {
    first: &'static [u8],
    again: &'static [u8],
}

/// What a flooding receiver tries to send: far more than is read, and more than a system buffers.
const TRIED: usize = 64 * 1024 * 1024;
/// What is read of an answer, and what the two systems' socket buffers may hold beside it.
const MOST: usize = 32 * 1024 * 1024;

/// A receiver that answers one request with a flood. Its task returns the bytes that it could send.
async fn receiver(scheme: &str, flood: Flood) -> (TargetUrl, JoinHandle<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("{scheme}://{}/", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut read = [0; 4096];
        assert!(socket.read(&mut read).await.unwrap() > 0);
        socket.write_all(flood.first).await.unwrap();
        let piece = flood.again.repeat(16 * 1024 / flood.again.len() + 1);
        let mut sent = flood.first.len();
        while sent < TRIED && socket.write_all(&piece).await.is_ok() {
            sent += piece.len();
        }
        sent
    });
    (TargetUrl::from_stored(&url).unwrap(), task)
}

async fn post(url: &TargetUrl) -> Outcome {
    send(url).await.outcome
}

async fn send(url: &TargetUrl) -> Sent {
    let sender = Sender::new(
        NetworkRules::parse("127.0.0.0/8", "1024-65535").unwrap(),
        &TrustedCas::default(),
    );
    let request =
        WireRequest { headers: Vec::new(), body: "{}".to_owned(), shown_headers: Vec::new() };
    let tenant = "acme".parse().unwrap();
    let to = Destination { tenant: &tenant, url, only: None };
    sender.post(to, request, Duration::from_secs(60)).await
}

/// The time limit is a minute, so only a limit of bytes can end these.
#[tokio::test]
async fn finding_08_a_flood_before_the_answer_ends_the_attempt_and_its_connection() {
    let head = b"HTTP/1.1 200 OK\r\n";
    for (name, first, again) in [
        ("endless 100", &b""[..], &b"HTTP/1.1 100 Continue\r\n\r\n"[..]),
        ("endless 102", b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
        ("endless 103", b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"),
        ("endless 199", b"", b"HTTP/1.1 199 X\r\nContent-Length: 5\r\n\r\n"),
        ("blank lines", b"", b"\r\n"),
        ("bare newlines", b"", b"\n"),
        ("an endless reason", b"HTTP/1.1 200 ", b"x"),
        ("an endless version", b"HTTP/1.", b"1"),
        ("many headers", head, b"X-A: b\r\n"),
        ("one long header", b"HTTP/1.1 200 OK\r\nX-A: ", b"x"),
        ("a long name", head, b"x"),
        ("folded lines", b"HTTP/1.1 200 OK\r\nX-A: b\r\n", b" x\r\n"),
        ("bytes that are no HTTP", b"", b"\0"),
        (
            "100 and then headers",
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n",
            b"X-A: b\r\n",
        ),
    ] {
        let (url, task) = receiver("http", Flood { first, again }).await;
        let outcome = post(&url).await;
        assert_eq!(
            outcome.error().map(|e| e.kind),
            Some(ErrorKind::Response),
            "{name}: {outcome:?}"
        );
        assert!(task.await.unwrap() < MOST, "{name}");
    }
}

/// The head has come, so its status counts. What follows is bounded all the same.
#[tokio::test]
async fn finding_08_a_flood_after_the_head_ends_the_connection_and_leaves_its_status() {
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (name, first, again) in [
        ("a long chunk size", &chunked[..], &b"0"[..]),
        ("a long chunk extension", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x"),
        ("trailers", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X-A: b\r\n"),
        ("a long trailer", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-A: ", b"x"),
        ("an extension on each chunk", chunked, b"1;xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\na\r\n"),
    ] {
        let (url, task) = receiver("http", Flood { first, again }).await;
        let sent = send(&url).await;
        assert_eq!(sent.outcome.status(), Some(200), "{name}: {sent:?}");
        let remark = sent.remarks.first();
        assert!(
            matches!(remark, Some(Remark::BodyTooLong | Remark::BodyMalformed)),
            "{name}: {sent:?}"
        );
        assert!(task.await.unwrap() < MOST, "{name}");
    }
}

/// The owner of the webhook is told what was wrong.
#[tokio::test]
async fn finding_08_endless_informational_answers_are_named() {
    let (url, task) =
        receiver("http", Flood { first: b"", again: b"HTTP/1.1 100 Continue\r\n\r\n" }).await;
    let outcome = post(&url).await;
    let expected = "more than 65536 bytes, or more than 1000 pieces, came before the answer's headers were complete";
    assert_eq!(outcome.error().map(|e| e.detail.as_str()), Some(expected));
    assert!(task.await.unwrap() < MOST);
}

/// A body that is longer than what is kept is no fault: its status counts.
#[tokio::test]
async fn finding_08_a_thousand_bytes_of_tiny_chunks_are_kept() {
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let (url, task) = receiver("http", Flood { first: chunked, again: b"1\r\na\r\n" }).await;
    let Outcome::Answered(response) = post(&url).await else { panic!("an answer") };
    assert_eq!((response.status, response.body.len()), (200, 1_000));
    assert!(task.await.unwrap() < MOST);
}

/// Floods of TLS records before there is a session: handshake fragments, alerts, empty records.
#[tokio::test]
async fn finding_08_a_flood_within_tls_ends_the_attempt_and_its_connection() {
    for (name, again) in [
        ("handshake fragments of one byte", &b"\x16\x03\x03\x00\x01\x0b"[..]),
        ("an endless certificate", b"\x16\x03\x03\x00\x04\x0b\xff\xff\xff"),
        ("change cipher spec", b"\x14\x03\x03\x00\x01\x01"),
        ("warning alerts", b"\x15\x03\x03\x00\x02\x01\x5a"),
        ("empty handshake records", b"\x16\x03\x03\x00\x00"),
        ("empty application data", b"\x17\x03\x03\x00\x00"),
        ("a record that is never complete", b"\x16"),
        ("hello requests", b"\x16\x03\x03\x00\x04\x00\x00\x00\x00"),
    ] {
        let (url, task) = receiver("https", Flood { first: b"", again }).await;
        let outcome = post(&url).await;
        let kind = outcome.error().map(|e| e.kind);
        assert!(matches!(kind, Some(ErrorKind::Tls | ErrorKind::Response)), "{name}: {outcome:?}");
        assert!(task.await.unwrap() < MOST, "{name}");
    }
}

/// A real answer after a few informational ones is the answer.
#[tokio::test]
async fn informational_answers_are_skipped() {
    let first = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n\
        HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok";
    let (url, _task) = receiver("http", Flood { first, again: b"x" }).await;
    let Outcome::Answered(response) = post(&url).await else { panic!("an answer") };
    assert_eq!((response.status, response.body.as_str()), (201, "ok"));
}
