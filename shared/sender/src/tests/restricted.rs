//! Webhooks that list ranges of their own.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

fn open() -> NetworkRules {
    NetworkRules::parse("127.0.0.0/8", "1024-65535").unwrap()
}

fn within(ranges: &[&str]) -> TargetCidrs {
    TargetCidrs::new(ranges).unwrap()
}

/// Answers 200 to everything, keeps its connections open and counts them.
async fn receiver() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut read = [0; 4096];
                while socket.read(&mut read).await.is_ok_and(|n| n > 0) {
                    let ok = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
                    socket.write_all(ok).await.unwrap();
                }
            });
        }
    });
    (url, connections)
}

#[tokio::test]
async fn an_address_in_the_url_has_to_be_within_the_ranges() {
    let (url, _) = receiver().await;
    let url = TargetUrl::from_stored(&url).unwrap();
    let sender = Sender::new(open()).unwrap();
    let (inside, outside) = (within(&["127.0.0.1"]), within(&["127.0.0.2", "198.51.100.0/24"]));
    let sent =
        sender.post(Destination { url: &url, only: Some(&inside) }, request(), SECONDS).await;
    assert_eq!(sent.outcome.status(), Some(200));
    let sent =
        sender.post(Destination { url: &url, only: Some(&outside) }, request(), SECONDS).await;
    assert_eq!(
        error_of(&sent),
        (ErrorKind::Blocked, "the URL must be within the webhook's targetCidrs")
    );
}

#[tokio::test]
async fn a_name_has_to_resolve_into_the_ranges() {
    let url = TargetUrl::from_stored("https://hooks.example.com:8443/").unwrap();
    let names = Names::of("hooks.example.com", &[&["127.0.0.1"]]);
    let sender = Sender::with_lookup(open(), names).unwrap();
    let outside = within(&["127.0.0.2"]);
    let sent =
        sender.post(Destination { url: &url, only: Some(&outside) }, request(), SECONDS).await;
    assert_eq!(
        error_of(&sent),
        (
            ErrorKind::Blocked,
            "hooks.example.com resolves to no address within the webhook's targetCidrs"
        )
    );
    // Its own ranges allow it, and the operator's rules still refuse it.
    let strict = Sender::with_lookup(
        NetworkRules::default(),
        Names::of("hooks.example.com", &[&["127.0.0.1"]]),
    )
    .unwrap();
    let inside = within(&["127.0.0.0/8"]);
    let sent =
        strict.post(Destination { url: &url, only: Some(&inside) }, request(), SECONDS).await;
    let (kind, detail) = error_of(&sent);
    assert_eq!(kind, ErrorKind::Blocked);
    assert!(detail.ends_with("may not be called"), "{detail}");
}

/// A kept connection leads to an address that a webhook with narrower rules may not reach. That webhook
/// must not get it, whatever the name resolves to by then.
#[tokio::test]
async fn a_connection_made_under_wider_rules_serves_no_narrower_webhook() {
    let (url, connections) = receiver().await;
    let url = TargetUrl::from_stored(&url).unwrap();
    let sender = Sender::new(open()).unwrap();
    for _ in 0..2 {
        assert_eq!(sender.post(&url, request(), SECONDS).await.outcome.status(), Some(200));
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1, "the connection is kept");
    let inside = within(&["127.0.0.0/8"]);
    for _ in 0..2 {
        let to = Destination { url: &url, only: Some(&inside) };
        assert_eq!(sender.post(to, request(), SECONDS).await.outcome.status(), Some(200));
    }
    assert_eq!(connections.load(Ordering::SeqCst), 2, "one for each set of rules");
    let other = within(&["127.0.0.1"]);
    let to = Destination { url: &url, only: Some(&other) };
    assert_eq!(sender.post(to, request(), SECONDS).await.outcome.status(), Some(200));
    assert_eq!(connections.load(Ordering::SeqCst), 3);
}

#[test]
fn a_client_is_built_for_any_number_of_ranges() {
    let sender = Sender::new(open()).unwrap();
    for last in 0..200 {
        let range = within(&[&format!("10.0.0.{last}")]);
        assert!(sender.clients.within(Some(&range)).is_ok());
    }
}
