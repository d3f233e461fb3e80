//! The sender against good and bad receivers on the loopback interface.

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

fn rules() -> NetworkRules {
    NetworkRules::parse("127.0.0.0/8", "443,1024-65535").unwrap()
}

fn request(body: &str) -> WireRequest {
    let headers = vec![
        ("Content-Type".to_owned(), "application/json".to_owned()),
        ("User-Agent".to_owned(), "Hooklane/1.0".to_owned()),
        ("webhook-id".to_owned(), "e1".to_owned()),
    ];
    WireRequest { headers, body: body.to_owned(), shown_headers: Vec::new() }
}

async fn post(url: &str, limit: Duration) -> Sent {
    post_body(url, r#"{"a":1}"#, limit).await
}

async fn post_body(url: &str, body: &str, limit: Duration) -> Sent {
    let sender = Sender::new(rules(), &TrustedCas::default());
    let url = TargetUrl::from_stored(url).unwrap();
    let tenant = "acme".parse().unwrap();
    let to = Destination { tenant: &tenant, url: &url, only: None };
    sender.post(to, request(body), limit).await
}

/// A receiver that accepts one connection, reads its request and answers as told. Its task returns what
/// it read and the number of bytes that it could write.
async fn receiver(answer: Answer) -> (String, JoinHandle<(String, usize)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook?a=1", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut read = Vec::new();
        while !read.ends_with(br#"{"a":1}"#) {
            let mut chunk = [0; 4096];
            match socket.read(&mut chunk).await.unwrap() {
                0 => break,
                n => read.extend_from_slice(&chunk[..n]),
            }
        }
        let mut written = 0;
        match answer {
            Answer::Bytes(bytes) => {
                socket.write_all(bytes.as_bytes()).await.unwrap();
                written = bytes.len();
            }
            Answer::Stall(bytes) => {
                socket.write_all(bytes.as_bytes()).await.unwrap();
                tokio::time::sleep(Duration::from_secs(30)).await;
            }
            Answer::Endless => {
                let chunk = [b'x'; 65_536];
                socket.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
                while written < 1_000_000_000 && socket.write_all(&chunk).await.is_ok() {
                    written += chunk.len();
                }
            }
            Answer::Reset => socket.set_zero_linger().unwrap(),
        }
        (String::from_utf8(read).unwrap(), written)
    });
    (url, task)
}

enum Answer {
    Bytes(String),
    /// These bytes, and then silence.
    Stall(&'static str),
    Endless,
    Reset,
}

fn bytes(text: &str) -> Answer {
    Answer::Bytes(text.to_owned())
}

const SECONDS: Duration = Duration::from_secs(5);

fn kind(sent: &Sent) -> Option<ErrorKind> {
    sent.outcome.error().map(|error| error.kind)
}

#[tokio::test]
async fn the_request_is_what_was_asked_for_and_the_answer_is_kept() {
    let (url, task) = receiver(bytes(
        "HTTP/1.1 202 Accepted\r\nX-A: b\r\nSet-Cookie: a=1; Expires=Mon, 15 Jan 2024 10:31:00 GMT\r\n\
         Set-Cookie: b=2\r\nContent-Length: 6\r\n\r\nthanks",
    ))
    .await;
    let sent = post(&url, SECONDS).await;
    let Outcome::Answered(response) = sent.outcome else { panic!("{sent:?}") };
    assert_eq!((response.status, response.status_text.as_str()), (202, "Accepted"));
    assert_eq!(response.body, "thanks");
    let names: Vec<_> = response.headers.iter().map(|(n, _)| n.as_str()).collect();
    assert_eq!(names, ["x-a", "set-cookie", "set-cookie", "content-length"]);
    assert_eq!(response.headers[2].1, "b=2", "both cookies are kept");
    let (read, _) = task.await.unwrap();
    let host = url.trim_start_matches("http://").split('/').next().unwrap();
    let mut lines: Vec<_> = read.split("\r\n").collect();
    lines[1..].sort_unstable();
    let mut expected = [
        "POST /hook?a=1 HTTP/1.1",
        &format!("Host: {host}"),
        "Content-Length: 7",
        "Content-Type: application/json",
        "User-Agent: Hooklane/1.0",
        "webhook-id: e1",
        "Accept: */*",
        "",
        r#"{"a":1}"#,
    ];
    expected[1..].sort_unstable();
    assert_eq!(lines, expected, "nothing is added but what HTTP needs");
}

#[tokio::test]
async fn a_redirect_is_a_response_and_is_not_followed() {
    let (url, _task) = receiver(bytes(
        "HTTP/1.1 307 Temporary Redirect\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n",
    ))
    .await;
    assert_eq!(post(&url, SECONDS).await.outcome.status(), Some(307));
}

#[tokio::test]
async fn a_thousand_bytes_of_an_endless_body_are_kept() {
    let (url, task) = receiver(Answer::Endless).await;
    let sent = post(&url, SECONDS).await;
    let Outcome::Answered(response) = sent.outcome else { panic!("{sent:?}") };
    assert_eq!(response.body.len(), 1_000);
    let (_, written) = task.await.unwrap();
    assert!(written < 1_000_000_000, "the rest was not read");
}

#[tokio::test]
async fn each_failure_has_its_kind() {
    let limit = Duration::from_millis(300);
    let huge = "x".repeat(2_000_000);
    for (name, answer, expected) in [
        ("silence", Answer::Stall(""), ErrorKind::Timeout),
        ("half a status line", Answer::Stall("HTTP/1.1 200 OK"), ErrorKind::Timeout),
        (
            "only an informational answer",
            Answer::Stall("HTTP/1.1 100 Continue\r\n\r\n"),
            ErrorKind::Timeout,
        ),
        (
            "a line before the status line",
            bytes("x\r\nHTTP/1.1 200 OK\r\n\r\n"),
            ErrorKind::Response,
        ),
        ("no HTTP", bytes("220 mail.example.com ESMTP\r\n\r\n"), ErrorKind::Response),
        ("endless headers", bytes(&format!("HTTP/1.1 200 OK\r\nX-A: {huge}")), ErrorKind::Response),
        ("a closed connection", bytes(""), ErrorKind::Response),
        ("a reset connection", Answer::Reset, ErrorKind::Response),
    ] {
        let (url, _task) = receiver(answer).await;
        let sent = post(&url, limit).await;
        assert_eq!(kind(&sent), Some(expected), "{name}: {:?}", sent.outcome);
    }
}

/// The status line decides the outcome. What could not be read after it is a remark.
#[tokio::test]
async fn a_head_that_arrived_counts_though_its_body_cannot_be_read() {
    let limit = Duration::from_millis(300);
    let busy = "HTTP/1.1 503 Busy\r\nRetry-After: 9\r\nContent-Length: 9\r\n\r\nabc";
    for (name, answer, status, remark) in [
        (
            "no length, left open",
            Answer::Stall("HTTP/1.1 200 OK\r\n\r\nok"),
            200,
            Remark::BodyStalled,
        ),
        (
            "half a body, left open",
            Answer::Stall("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"),
            200,
            Remark::BodyStalled,
        ),
        (
            "no last chunk",
            Answer::Stall("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"),
            200,
            Remark::BodyStalled,
        ),
        (
            "headers left open",
            Answer::Stall("HTTP/1.1 200 OK\r\nX-A: b\r\n"),
            200,
            Remark::HeadersTruncated,
        ),
        (
            "a body cut short",
            bytes("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"),
            200,
            Remark::BodyTruncated,
        ),
        (
            "chunks cut short",
            bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"),
            200,
            Remark::BodyTruncated,
        ),
        (
            "no chunks",
            bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nok"),
            200,
            Remark::BodyMalformed,
        ),
        (
            "gone, cut short",
            bytes("HTTP/1.1 410 Gone\r\nContent-Length: 9\r\n\r\nabc"),
            410,
            Remark::BodyTruncated,
        ),
        ("busy, left open", Answer::Stall(busy), 503, Remark::BodyStalled),
        ("busy, cut short", bytes(busy), 503, Remark::BodyTruncated),
    ] {
        let (url, _task) = receiver(answer).await;
        let sent = post(&url, limit).await;
        assert_eq!(
            (sent.outcome.status(), &sent.remarks[..]),
            (Some(status), &[remark][..]),
            "{name}"
        );
        let Outcome::Answered(response) = sent.outcome else { panic!("{name}") };
        let wait = response.headers.iter().find(|(name, _)| name == "retry-after");
        assert_eq!(wait.is_some(), status == 503, "{name}");
    }
}

/// `curl` and browsers take these for answers.
#[tokio::test]
async fn strict_parsing_of_answers_is_none() {
    let many =
        format!("HTTP/1.1 200 OK\r\n{}Content-Length: 2\r\n\r\nok", "X-A: b\r\n".repeat(300));
    for (name, answer) in [
        ("a blank before the colon", "HTTP/1.1 200 OK\r\nX-A : b\r\nContent-Length : 2\r\n\r\nok"),
        ("a name with a blank", "HTTP/1.1 200 OK\r\nX A: b\r\nContent-Length: 2\r\n\r\nok"),
        ("a line without a colon", "HTTP/1.1 200 OK\r\nnonsense\r\nContent-Length: 2\r\n\r\nok"),
        ("over 100 header lines", &many),
        ("a folded line", "HTTP/1.1 200 OK\r\nX-A: b\r\n\tc\r\nContent-Length: 2\r\n\r\nok"),
        ("bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok"),
        ("no reason", "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok"),
        ("a null in a value", "HTTP/1.1 200 OK\r\nX-A: b\0\r\nContent-Length: 2\r\n\r\nok"),
        ("letters of another alphabet", "HTTP/1.1 200 Ök\r\nX-Ä: ö\r\nContent-Length: 2\r\n\r\nok"),
    ] {
        let (url, _task) = receiver(bytes(answer)).await;
        let sent = post(&url, SECONDS).await;
        let Outcome::Answered(response) = sent.outcome else { panic!("{name}: {sent:?}") };
        assert_eq!(
            (response.status, response.body.as_str(), &sent.remarks[..]),
            (200, "ok", &[][..]),
            "{name}"
        );
    }
}

/// A PHP page echoes its progress and commits at its end. It is ended when its client hangs up.
#[tokio::test]
async fn hanging_up_on_an_answer_that_is_longer_than_what_is_kept_is_no_more() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let page = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut read = [0; 4096];
        assert!(socket.read(&mut read).await.unwrap() > 0);
        socket.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await.unwrap();
        for _ in 0..60 {
            socket.write_all(format!("3e8\r\n{}\r\n", "x".repeat(1_000)).as_bytes()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        socket.write_all(b"0\r\n\r\n").await.unwrap();
    });
    let sent = post(&url, SECONDS).await;
    let Outcome::Answered(response) = sent.outcome else { panic!("{sent:?}") };
    assert_eq!((response.body.len(), &sent.remarks[..]), (1_000, &[][..]));
    page.await.expect("the page comes to its commit");
}

/// The receiver refuses the request by its head, and hangs up on the rest.
#[tokio::test]
async fn an_early_answer_while_the_body_is_being_sent_counts() {
    // More than the systems of both sides buffer.
    let huge = "x".repeat(32_000_000);
    for (status, reads) in [(413, 0), (401, 1), (200, 0), (200, 1)] {
        for _ in 0..5 {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}/", listener.local_addr().unwrap());
            tokio::spawn(async move {
                let (mut socket, _) = listener.accept().await.unwrap();
                for _ in 0..reads {
                    let _ = socket.read(&mut [0; 4096]).await.unwrap();
                }
                let answer = format!(
                    "HTTP/1.1 {status} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                );
                socket.write_all(answer.as_bytes()).await.unwrap();
            });
            let sent = post_body(&url, &huge, SECONDS).await;
            assert_eq!(sent.outcome.status(), Some(status), "{sent:?}");
            assert_eq!(sent.remarks, [Remark::RequestTruncated]);
        }
    }
}

/// After an early 2xx the receiver may still want the rest of what it has accepted.
#[tokio::test]
async fn an_early_success_is_followed_by_the_rest_of_the_body() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let body = "x".repeat(32_000_000);
    let length = body.len();
    let task = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        socket.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        let (mut read, mut chunk) = (0, vec![0; 65_536]);
        while read < length {
            match socket.read(&mut chunk).await.unwrap() {
                0 => break,
                n => read += n,
            }
        }
        read
    });
    let sent = post_body(&url, &body, SECONDS).await;
    assert_eq!((sent.outcome.status(), &sent.remarks[..]), (Some(202), &[][..]));
    assert!(task.await.unwrap() >= length);
}

#[tokio::test]
async fn a_closed_port_and_an_unknown_name_are_errors_of_their_own_kinds() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    assert_eq!(kind(&post(&url, SECONDS).await), Some(ErrorKind::Connect));
    let sent = post("https://no-such-host.invalid/", SECONDS).await;
    assert_eq!(kind(&sent), Some(ErrorKind::Dns), "{:?}", sent.outcome);
}

#[tokio::test]
async fn a_receiver_without_tls_is_a_tls_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    });
    let sent = post(&url, SECONDS).await;
    assert_eq!(kind(&sent), Some(ErrorKind::Tls), "{:?}", sent.outcome);
}

#[tokio::test]
async fn targets_are_judged_again_when_they_are_called() {
    let strict = Sender::new(NetworkRules::default(), &TrustedCas::default());
    for url in [
        "http://127.0.0.1:9/",
        "https://127.0.0.1/",
        "https://[::ffff:10.0.0.1]/",
        "https://localhost/",
    ] {
        let url = TargetUrl::from_stored(url).unwrap();
        let tenant = "acme".parse().unwrap();
        let to = Destination { tenant: &tenant, url: &url, only: None };
        let sent = strict.post(to, request("{}"), SECONDS).await;
        assert_eq!(kind(&sent), Some(ErrorKind::Blocked), "{url}");
    }
}
