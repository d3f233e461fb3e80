//! Connections that are kept, and given up.

use hooklane_domain::delivery::remark::Remark;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

fn open() -> NetworkRules {
    NetworkRules::parse("127.0.0.0/8", "1024-65535").unwrap()
}

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/// Serves one connection after the other, each until its client ends it.
async fn one_at_a_time() -> TargetUrl {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut read = [0; 4096];
            while socket.read(&mut read).await.is_ok_and(|n| n > 0) {
                socket.write_all(OK).await.unwrap();
            }
        }
    });
    TargetUrl::from_stored(&url).unwrap()
}

/// Each function has a sender of its own. The first one's connection must not keep the receiver busy, whether
/// its function is frozen (its timers do not run then) or not.
#[tokio::test]
async fn idle_connections_held_a_receiver_of_one_connection_serves_a_test_and_then_an_event() {
    let url = one_at_a_time().await;
    let (api, delivery) =
        (Sender::new(open(), &TrustedCas::default()), Sender::new(open(), &TrustedCas::default()));
    for sender in [&api, &delivery, &api] {
        let sent = post(sender, &url, None).await;
        assert_eq!(sent.outcome.status(), Some(200));
        assert!(sent.took < Duration::from_millis(500), "{:?}", sent.took);
    }
}

/// While others are under way, a connection may stay for a second.
#[tokio::test]
async fn idle_connections_held_for_a_second_at_most() {
    let url = one_at_a_time().await;
    let (busy, other) =
        (Sender::new(open(), &TrustedCas::default()), Sender::new(open(), &TrustedCas::default()));
    let _under_way = busy.idle.begin();
    assert_eq!(post(&busy, &url, None).await.outcome.status(), Some(200));
    let sent = post(&other, &url, None).await;
    assert_eq!(sent.outcome.status(), Some(200));
    assert!(sent.took < Duration::from_millis(2_500), "{:?}", sent.took);
}

/// A receiver closes an idle connection whenever it likes.
#[tokio::test]
async fn a_reused_connection_that_dies_before_an_answer_is_replaced_within_the_attempt() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url =
        TargetUrl::from_stored(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&requests);
    tokio::spawn(async move {
        // The first connection answers once and dies on its second request; the second one answers.
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut read = [0; 4096];
            while socket.read(&mut read).await.is_ok_and(|n| n > 0) {
                if counted.fetch_add(1, Ordering::SeqCst) == 1 {
                    break;
                }
                socket.write_all(OK).await.unwrap();
            }
        }
    });
    let sender = Sender::new(open(), &TrustedCas::default());
    let _other = sender.idle.begin();
    for remarks in [vec![], vec![Remark::Resent]] {
        let sent = post(&sender, &url, None).await;
        assert_eq!(sent.outcome.status(), Some(200));
        assert_eq!(sent.remarks, remarks, "its record says so");
    }
    assert_eq!(requests.load(Ordering::SeqCst), 3);
}

/// An answer that has begun is the attempt's, on a reused connection, too.
#[tokio::test]
async fn a_reused_connection_that_dies_within_an_answer_is_not_replaced() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url =
        TargetUrl::from_stored(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let mut read = [0; 4096];
            for answer in [OK, &b"HTTP/1.1 2"[..]] {
                assert!(socket.read(&mut read).await.unwrap() > 0);
                socket.write_all(answer).await.unwrap();
            }
        }
    });
    let sender = Sender::new(open(), &TrustedCas::default());
    let _other = sender.idle.begin();
    assert_eq!(post(&sender, &url, None).await.outcome.status(), Some(200));
    let sent = post(&sender, &url, None).await;
    assert_eq!(error_of(&sent).0, ErrorKind::Response);
    assert_eq!((connections.load(Ordering::SeqCst), sent.remarks), (1, vec![]));
}
