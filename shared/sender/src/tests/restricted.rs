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
    let sender = Sender::new(open(), &TrustedCas::default());
    let (inside, outside) = (within(&["127.0.0.1"]), within(&["127.0.0.2", "198.51.100.0/24"]));
    let sent = post(&sender, &url, Some(&inside)).await;
    assert_eq!(sent.outcome.status(), Some(200));
    let sent = post(&sender, &url, Some(&outside)).await;
    assert_eq!(
        error_of(&sent),
        (ErrorKind::Blocked, "the URL must be within the webhook's targetCidrs")
    );
}

#[tokio::test]
async fn a_name_has_to_resolve_into_the_ranges() {
    let url = TargetUrl::from_stored("https://hooks.example.com:8443/").unwrap();
    let names = Names::of("hooks.example.com", &[&["127.0.0.1"]]);
    let sender = sender_with(open(), names);
    let outside = within(&["127.0.0.2"]);
    let sent = post(&sender, &url, Some(&outside)).await;
    assert_eq!(
        error_of(&sent),
        (
            ErrorKind::Blocked,
            "hooks.example.com resolves to no address within the webhook's targetCidrs"
        )
    );
    // Its own ranges allow it, and the operator's rules still refuse it.
    let strict =
        sender_with(NetworkRules::default(), Names::of("hooks.example.com", &[&["127.0.0.1"]]));
    let inside = within(&["127.0.0.0/8"]);
    let sent = post(&strict, &url, Some(&inside)).await;
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
    let sender = Sender::new(open(), &TrustedCas::default());
    let _other = sender.idle.begin();
    for _ in 0..2 {
        assert_eq!(post(&sender, &url, None).await.outcome.status(), Some(200));
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1, "the connection is kept");
    let inside = within(&["127.0.0.0/8"]);
    for _ in 0..2 {
        assert_eq!(post(&sender, &url, Some(&inside)).await.outcome.status(), Some(200));
    }
    assert_eq!(connections.load(Ordering::SeqCst), 2, "one for each set of rules");
    let other = within(&["127.0.0.1"]);
    assert_eq!(post(&sender, &url, Some(&other)).await.outcome.status(), Some(200));
    assert_eq!(connections.load(Ordering::SeqCst), 3);
}

/// The operator's range for `acme` is closed to others, whatever connection is open.
#[tokio::test]
async fn finding_12_a_range_of_one_tenant_serves_no_other() {
    let (url, connections) = receiver().await;
    let url = TargetUrl::from_stored(&url).unwrap();
    let rules = NetworkRules::parse("127.0.0.0/8=acme|beta", "1024-65535").unwrap();
    let sender = Sender::new(rules, &TrustedCas::default());
    let _other = sender.idle.begin();
    for name in ["acme", "acme", "beta"] {
        let sent = post_for(&sender, name, &url, None).await;
        assert_eq!(sent.outcome.status(), Some(200), "{name}");
    }
    assert_eq!(connections.load(Ordering::SeqCst), 2, "one for each tenant");
    let sent = post_for(&sender, "gamma", &url, None).await;
    assert_eq!(error_of(&sent).0, ErrorKind::Blocked);
    assert_eq!(connections.load(Ordering::SeqCst), 2);
    // The same for a name.
    let rules = NetworkRules::parse("127.0.0.0/8=acme", "1024-65535").unwrap();
    let sender = sender_for_name(rules);
    let url = TargetUrl::from_stored("https://hooks.example.com:8443/").unwrap();
    for (name, expected) in [("acme", ErrorKind::Connect), ("gamma", ErrorKind::Blocked)] {
        assert_eq!(error_of(&post_for(&sender, name, &url, None).await).0, expected, "{name}");
    }
}

fn sender_for_name(rules: NetworkRules) -> Sender {
    sender_with(rules, Names::of("hooks.example.com", &[&["127.0.0.1"]]))
}

/// Hooklane's own API is refused by name, in each spelling, before anything is looked up.
#[tokio::test]
async fn finding_13_the_senders_own_api_is_refused() {
    let rules = NetworkRules::default()
        .with_own_hosts("https://a1.execute-api.eu-west-1.amazonaws.com,,Hooks.Example.org,");
    let names = Names::of("never.asked", &[&[]]);
    let sender = sender_with(rules, Arc::clone(&names));
    for host in [
        "a1.execute-api.eu-west-1.amazonaws.com",
        "A1.execute-api.eu-west-1.amazonaws.com.",
        "hooks.example.org",
        "hooks.example.org.:8443",
        "hooks%2eexample.org",
    ] {
        let url = TargetUrl::from_stored(&format!("https://{host}/api/v1/events")).unwrap();
        let sent = post(&sender, &url, None).await;
        let expected = "the URL must not point to Hooklane's own API";
        assert_eq!(error_of(&sent), (ErrorKind::Blocked, expected), "{host}");
    }
    assert_eq!(names.asked.load(Ordering::SeqCst), 0);
    let other = TargetUrl::from_stored("https://a2.execute-api.eu-west-1.amazonaws.com/").unwrap();
    assert_eq!(error_of(&post(&sender, &other, None).await).0, ErrorKind::Dns);
}
