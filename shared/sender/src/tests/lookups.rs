//! Name servers that do not answer.

use super::*;

/// A resolver that never answers for some names, and counts what it was asked.
#[derive(Default)]
struct Hanging {
    asked: AtomicUsize,
}

impl Lookup for Hanging {
    fn addresses(
        &self,
        name: String,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            if name.ends_with("hangs.example.com") {
                std::future::pending::<()>().await;
            }
            Ok(vec!["10.0.0.1".parse().unwrap()])
        })
    }
}

fn url(host: &str) -> TargetUrl {
    TargetUrl::from_stored(&format!("https://{host}/")).unwrap()
}

const NO_ANSWER: &str = "the name servers do not answer";

/// Each lookup that hangs holds a thread of the instance. A tenant has only some of them, and the others'
/// names resolve as before.
#[tokio::test(start_paused = true)]
async fn suspected_hanging_name_servers_take_few_threads_and_none_of_other_tenants() {
    let names = Arc::new(Hanging::default());
    let sender = &sender_with(NetworkRules::default(), Arc::clone(&names));
    let attempts = (0..100).map(|n| async move {
        post_for(sender, "acme", &url(&format!("{n}.hangs.example.com")), None).await
    });
    for sent in futures::future::join_all(attempts).await {
        let (kind, detail) = error_of(&sent);
        assert_eq!(kind, ErrorKind::Dns);
        assert!(detail.ends_with(NO_ANSWER), "{detail}");
    }
    assert_eq!(names.asked.load(Ordering::SeqCst), 4);
    // Another tenant's name is looked up. That it resolves shows in what is refused.
    let sent = post_for(sender, "beta", &url("good.example.com"), None).await;
    assert_eq!(error_of(&sent).0, ErrorKind::Blocked);
    // However many tenants ask for such names, there is a limit.
    for tenant in 0..20 {
        let host = format!("{tenant}.also.hangs.example.com");
        post_for(sender, &format!("t{tenant}"), &url(&host), None).await;
    }
    assert_eq!(names.asked.load(Ordering::SeqCst), 1 + 16);
}

/// All that ask for a name wait for one lookup, and nobody waits again for one that hangs.
#[tokio::test(start_paused = true)]
async fn suspected_hanging_name_servers_are_asked_once_for_a_name() {
    let names = Arc::new(Hanging::default());
    let sender = &sender_with(NetworkRules::default(), Arc::clone(&names));
    let host = url("hangs.example.com");
    let attempts = (0..50).map(|n| {
        let host = host.clone();
        async move { post_for(sender, &format!("t{n}"), &host, None).await }
    });
    for sent in futures::future::join_all(attempts).await {
        assert_eq!(error_of(&sent).0, ErrorKind::Dns);
    }
    let before = tokio::time::Instant::now();
    assert_eq!(error_of(&post(sender, &host, None).await).0, ErrorKind::Dns);
    assert_eq!(before.elapsed(), Duration::ZERO, "refused at once, in the clock of the test");
    assert_eq!(names.asked.load(Ordering::SeqCst), 1);
}
