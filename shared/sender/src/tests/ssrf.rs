//! Hostile targets, each with the reason for which it is refused, beside good ones that look alike and are
//! allowed.

use super::*;

/// URLs that show themselves what is wrong with them, each with a part of the reason. They are refused at
/// registration, and again by the sender.
#[rustfmt::skip]
const SHOWN: &[(&str, &str)] = &[
    ("https://127.0.0.1/", "loopback"),
    ("https://127.0.0.1:8443/x", "loopback"),
    ("https://127.255.255.254/", "loopback"),
    ("https://127.1/", "loopback"),
    ("https://127.0.1/", "loopback"),
    ("https://2130706433/", "loopback"),
    ("https://0x7f000001/", "loopback"),
    ("https://0X7F000001/", "loopback"),
    ("https://017700000001/", "loopback"),
    ("https://0177.0.0.1/", "loopback"),
    ("https://0x7f.0.0.1/", "loopback"),
    ("https://0x7f.1/", "loopback"),
    ("https://0177.1/", "loopback"),
    ("https://127.0x0.0.01/", "loopback"),
    ("https://127.0.0.1./", "loopback"),
    ("https://0x7f000001./", "loopback"),
    ("https://%31%32%37.0.0.1/", "loopback"),
    ("https://127%2e0%2e0%2e1/", "loopback"),
    ("https://①②⑦.⓪.⓪.①/", "loopback"),
    ("https://127。0。0。1/", "loopback"),
    ("https://１２７.０.０.１/", "loopback"),
    ("https://0.0.0.0/", "this network"),
    ("https://0/", "this network"),
    ("https://0x0/", "this network"),
    ("https://00000000000/", "this network"),
    ("https://0.1.2.3/", "this network"),
    ("https://10.0.0.1/", "private"),
    ("https://10.255.255.255/", "private"),
    ("https://10.1/", "private"),
    ("https://167772161/", "private"),
    ("https://0xa000001/", "private"),
    ("https://012.0.0.1/", "private"),
    ("https://172.16.0.1/", "private"),
    ("https://172.31.255.255/", "private"),
    ("https://0xac.0x10.0.1/", "private"),
    ("https://192.168.0.1/", "private"),
    ("https://192.168.257/", "private"),
    ("https://3232235777/", "private"),
    ("https://0300.0250.0.1/", "private"),
    ("https://169.254.169.254/latest/meta-data/", "link-local"),
    ("https://169.254.170.2/v2/credentials", "link-local"),
    ("https://2852039166/", "link-local"),
    ("https://0xa9fea9fe/", "link-local"),
    ("https://0251.0376.0251.0376/", "link-local"),
    ("https://169.254.43518/", "link-local"),
    ("https://0xA9.254.0251.0xFE/", "link-local"),
    ("https://100.64.0.1/", "shared address space"),
    ("https://100.100.100.200/", "shared address space"),
    ("https://100.127.255.255/", "shared address space"),
    ("https://192.0.0.1/", "protocol assignments"),
    ("https://192.0.0.192/", "protocol assignments"),
    ("https://192.0.0.170/", "protocol assignments"),
    ("https://192.0.2.1/", "documentation"),
    ("https://198.51.100.1/", "documentation"),
    ("https://203.0.113.1/", "documentation"),
    ("https://192.31.196.1/", "AS112"),
    ("https://192.175.48.1/", "AS112"),
    ("https://192.52.193.1/", "AMT"),
    ("https://192.88.99.1/", "6to4 relay"),
    ("https://198.18.0.1/", "benchmarking"),
    ("https://198.19.255.255/", "benchmarking"),
    ("https://224.0.0.1/", "multicast"),
    ("https://239.255.255.250/", "multicast"),
    ("https://240.0.0.1/", "reserved"),
    ("https://255.255.255.255/", "reserved"),
    ("https://4294967295/", "reserved"),
    ("https://0xffffffff/", "reserved"),
    ("https://[::1]/", "loopback"),
    ("https://[0:0:0:0:0:0:0:1]/", "loopback"),
    ("https://[0000::0001]/", "loopback"),
    ("https://[::]/", "unspecified"),
    ("https://[::127.0.0.1]/", "IPv4-compatible"),
    ("https://[::7f00:1]/", "IPv4-compatible"),
    ("https://[::ffff:127.0.0.1]/", "loopback"),
    ("https://[::ffff:7f00:1]/", "loopback"),
    ("https://[0:0:0:0:0:ffff:10.0.0.1]/", "private"),
    ("https://[::FFFF:A9FE:A9FE]/", "link-local"),
    ("https://[::ffff:0:127.0.0.1]/", "IPv4-translated"),
    ("https://[64:ff9b::127.0.0.1]/", "loopback"),
    ("https://[64:ff9b::a9fe:a9fe]/", "link-local"),
    ("https://[64:ff9b::10.0.0.1]/", "private"),
    ("https://[64:ff9b:1::1]/", "local-use NAT64"),
    ("https://[64:ff9b:1:ffff::5db8:d822]/", "local-use NAT64"),
    ("https://[2002:7f00:1::]/", "6to4"),
    ("https://[2002:a9fe:a9fe::1]/", "6to4"),
    ("https://[2002:5db8:d822::1]/", "6to4"),
    ("https://[2001::1]/", "Teredo"),
    ("https://[2001:0:4136:e378:8000:63bf:80ff:fffe]/", "Teredo"),
    ("https://[2001:2::1]/", "protocol assignments"),
    ("https://[2001:20::1]/", "protocol assignments"),
    ("https://[2001:db8::1]/", "documentation"),
    ("https://[3fff::1]/", "documentation"),
    ("https://[2620:4f:8000::1]/", "AS112"),
    ("https://[3ffe::1]/", "6bone"),
    ("https://[5f00::1]/", "segment routing"),
    ("https://[100::1]/", "discard-only"),
    ("https://[100:0:0:1::1]/", "dummy prefix"),
    ("https://[fc00::1]/", "private"),
    ("https://[fd00:ec2::254]/", "private"),
    ("https://[fdff:ffff::1]/", "private"),
    ("https://[fe80::1]/", "link-local"),
    ("https://[febf::1]/", "link-local"),
    ("https://[fec0::1]/", "site-local"),
    ("https://[ff02::1]/", "multicast"),
    ("https://[ff0e::1]/", "multicast"),
    ("https://[4000::1]/", "not a global unicast address"),
    ("https://[::1:0:0:1]/", "not a global unicast address"),
    ("https://[fe80::1%25eth0]/", "is not a URL"),
    ("https://[::1/", "is not a URL"),
    ("https://1.2.3.4.5/", "is not a URL"),
    ("https://256.0.0.1/", "is not a URL"),
    ("https://0x100000000/", "is not a URL"),
    ("https://example.com%00.evil.com/", "is not a URL"),
    ("https:///", "is not a URL"),
    ("//example.com/", "is not a URL"),
    ("https://localhost/", "localhost"),
    ("https://LOCALHOST/", "localhost"),
    ("https://localhost./", "localhost"),
    ("https://localhost:8443/", "localhost"),
    ("https://app.localhost/", "localhost"),
    ("https://app.localhost./", "localhost"),
    ("https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/", "localhost"),
    ("https://local%68ost/", "localhost"),
    ("https://intranet/", "fully qualified"),
    ("https://kubernetes/", "fully qualified"),
    ("https://db./", "fully qualified"),
    ("https://printer.local/", "private network (local)"),
    ("https://printer.local./", "private network (local)"),
    ("https://ip-10-0-0-1.ec2.internal/", "private network (internal)"),
    ("https://metadata.google.internal/", "private network (internal)"),
    ("https://METADATA.GOOGLE.INTERNAL./", "private network (internal)"),
    ("https://router.home.arpa/", "private network (arpa)"),
    ("https://1.0.0.127.in-addr.arpa/", "private network (arpa)"),
    ("https://git.corp/", "private network (corp)"),
    ("https://nas.lan/", "private network (lan)"),
    ("https://nas.home/", "private network (home)"),
    ("https://localhost.localdomain/", "private network (localdomain)"),
    ("https://wiki.intranet/", "private network (intranet)"),
    ("https://abcdefghij.onion/", "private network (onion)"),
    ("https://name.alt/", "private network (alt)"),
    ("https://a..b/", "invalid host name"),
    ("https://example.com../", "invalid host name"),
    ("https://.example.com/", "invalid host name"),
    ("https://./", "invalid host name"),
    ("https://../", "invalid host name"),
    ("https://exam*ple.com/", "invalid host name"),
    ("https://user@example.com/", "user name"),
    ("https://user:pw@example.com/", "user name"),
    ("https://:pw@example.com/", "user name"),
    ("https://example.com@127.0.0.1/", "user name"),
    ("https://93.184.216.34:443@10.0.0.1/", "user name"),
    ("https://example.com/#top", "fragment"),
    ("https://example.com#@127.0.0.1/", "fragment"),
    ("https://example.com\\@127.0.0.1/", "a backslash"),
    ("https:\\\\127.0.0.1\\", "a backslash"),
    ("https://exa\tmple.com/", "spaces or control"),
    ("https://example.com/\r\nHost: evil", "spaces or control"),
    (" https://example.com/", "spaces or control"),
    ("https://example.com/a b", "spaces or control"),
    ("http://example.com/", "https URL"),
    ("HTTP://93.184.216.34/", "https URL"),
    ("ftp://example.com/", "https URL"),
    ("file:///etc/passwd", "https URL"),
    ("gopher://127.0.0.1:6379/_FLUSHALL", "https URL"),
    ("javascript:alert(1)", "https URL"),
    ("data:text/plain,x", "https URL"),
    ("unix:/var/run/docker.sock", "https URL"),
    ("wss://example.com/", "https URL"),
    ("https://example.com:80/", "port 80"),
    ("https://example.com:22/", "port 22"),
    ("https://example.com:25/", "port 25"),
    ("https://example.com:0/", "port 0"),
    ("https://example.com:1023/", "port 1023"),
    ("https://example.com:65536/", "is not a URL"),
];

/// Answers of a name server that the sender refuses, each with a part of the reason.
#[rustfmt::skip]
const RESOLVED: &[(&[&str], &str)] = &[
    (&["127.0.0.1"], "loopback"),
    (&["127.8.8.8"], "loopback"),
    (&["0.0.0.0"], "this network"),
    (&["10.0.0.1"], "private"),
    (&["172.20.0.1"], "private"),
    (&["192.168.1.1"], "private"),
    (&["169.254.169.254"], "link-local"),
    (&["100.64.0.1"], "shared address space"),
    (&["198.18.0.1"], "benchmarking"),
    (&["224.0.0.251"], "multicast"),
    (&["255.255.255.255"], "reserved"),
    (&["::1"], "loopback"),
    (&["::"], "unspecified"),
    (&["::ffff:127.0.0.1"], "loopback"),
    (&["::ffff:169.254.169.254"], "link-local"),
    (&["64:ff9b::10.0.0.1"], "private"),
    (&["64:ff9b:1::10.0.0.1"], "local-use NAT64"),
    (&["2002:a00:1::"], "6to4"),
    (&["2001:0:1::1"], "Teredo"),
    (&["fd00:ec2::254"], "private"),
    (&["fe80::1"], "link-local"),
    (&["ff02::fb"], "multicast"),
    (&["93.184.216.34", "127.0.0.1"], "loopback"),
    (&["2606:2800:220:1::1", "::1"], "loopback"),
    (&["10.0.0.1", "93.184.216.34"], "private"),
];

/// URLs that can be registered, and called if their names resolve to public addresses.
#[rustfmt::skip]
const GOOD: &[&str] = &[
    "https://example.com/",
    "https://example.com",
    "https://EXAMPLE.com/Hook",
    "https://example.com./hook",
    "https://hooks.example.co.uk/a/b?c=d&e=f",
    "https://example.com:443/",
    "https://example.com:1024/",
    "https://example.com:8443/hook",
    "https://example.com:65535/",
    "https://a.b.c.d.e.f.example.com/",
    "https://under_score.example.com/",
    "https://xn--mnchen-3ya.example/",
    "https://münchen.example/",
    "https://1.example.com/",
    "https://10.0.0.1.example.com/",
    "https://127.0.0.1.example.com/",
    "https://localhost.example.com/",
    "https://internal.example.com/",
    "https://local.example.com/",
    "https://not-localhost.com/",
    "https://xlocal.dev/",
    "https://93.184.216.34/",
    "https://8.8.8.8:8443/",
    "https://172.32.0.1/",
    "https://[2606:2800:220:1::1]/",
    "https://[2a00:1450::1]:8443/",
    "https://[::ffff:93.184.216.34]/",
    "https://[64:ff9b::5db8:d822]/",
    "https://example.com/%2e%2e/x",
    "https://example.com/a@b",
    "https://no-such-host.invalid/",
    "https://receiver.test/",
];

#[test]
fn what_a_url_shows_is_refused_at_registration() {
    assert!(SHOWN.len() + RESOLVED.len() >= 100);
    for (url, reason) in SHOWN {
        let refusal = TargetUrl::parse(url, &NetworkRules::default());
        let refusal = refusal.expect_err(url).to_string();
        assert!(refusal.contains(reason), "{url}: {refusal}, expected {reason}");
    }
}

/// The webhook may have been saved before the rules became what they are.
#[tokio::test]
async fn what_a_url_shows_is_refused_by_the_sender_without_asking_for_a_name() {
    for (url, reason) in SHOWN {
        // A text that is not a URL cannot be stored, and one that a parser corrects is stored corrected.
        let (Ok(stored), false) = (TargetUrl::from_stored(url), is_corrected_by_parsing(reason))
        else {
            continue;
        };
        let names = Names::of("never.asked", &[&[]]);
        let sender = sender_with(NetworkRules::default(), Arc::clone(&names));
        let sent = post(&sender, &stored, None).await;
        let (kind, detail) = error_of(&sent);
        assert_eq!(kind, ErrorKind::Blocked, "{url}: {detail}");
        assert!(detail.contains(reason), "{url}: {detail}, expected {reason}");
        assert_eq!(names.asked.load(Ordering::SeqCst), 0, "{url}");
    }
}

/// Whether parsing the URL removes what is wrong with it: a tab, a space or a backslash.
fn is_corrected_by_parsing(reason: &str) -> bool {
    reason.contains("a backslash") || reason.contains("spaces")
}

#[tokio::test]
async fn what_a_name_resolves_to_is_refused_by_the_sender() {
    let url = TargetUrl::parse("https://rebound.example.com/", &NetworkRules::default()).unwrap();
    for (answer, reason) in RESOLVED {
        let names = Names::of("rebound.example.com", &[answer]);
        let sender = sender_with(NetworkRules::default(), names);
        let sent = post(&sender, &url, None).await;
        let (kind, detail) = error_of(&sent);
        assert_eq!(kind, ErrorKind::Blocked, "{answer:?}: {detail}");
        // The webhook's owner learns neither an address nor of what kind it is.
        let text = "rebound.example.com resolves to an address that may not be called";
        assert_eq!(detail, text, "{answer:?}");
        let mut addresses = answer.iter().map(|address| address.parse().unwrap());
        let why = addresses.find_map(|address| NetworkRules::default().refusal(address)).unwrap();
        assert!(why.contains(reason), "{answer:?}: {why}, expected {reason}");
    }
}

/// They are not blocked: their names are looked up, and literal addresses would be connected to.
#[tokio::test]
async fn good_targets_are_allowed() {
    assert!(GOOD.len() >= 20);
    for url in GOOD {
        let target = TargetUrl::parse(url, &NetworkRules::default()).expect(url);
        assert_eq!(target.judge(&NetworkRules::default()), Ok(()), "{url}");
        if target.literal().is_some() {
            continue;
        }
        // The name does not resolve, so no connection leaves this machine. That error has its own kind.
        let names = Names::of("somebody.else", &[&[]]);
        let sender = sender_with(NetworkRules::default(), Arc::clone(&names));
        let sent = post(&sender, &target, None).await;
        assert_eq!(error_of(&sent).0, ErrorKind::Dns, "{url}");
        assert_eq!(names.asked.load(Ordering::SeqCst), 1, "{url}");
    }
}

/// A listener behind the name would notice a connection.
#[tokio::test]
async fn no_connection_is_made_to_a_blocked_address() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let url = format!("https://rebound.example.com:{port}/");
    let url = TargetUrl::parse(&url, &NetworkRules::default()).unwrap();
    let names = Names::of("rebound.example.com", &[&["127.0.0.1"]]);
    let strict = sender_with(NetworkRules::default(), Arc::clone(&names));
    assert_eq!(error_of(&post(&strict, &url, None).await).0, ErrorKind::Blocked);
    let connection = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
    assert!(connection.is_err(), "a connection was made");
    // With the range allowed a connection is made, so the listener would have noticed.
    let open = NetworkRules::parse("127.0.0.0/8", "1024-65535").unwrap();
    let open = sender_with(open, names);
    let to = Destination { tenant: &tenant("acme"), url: &url, only: None };
    let sent = open.post(to, request(), Duration::from_millis(300));
    let (connection, _) = tokio::join!(listener.accept(), sent);
    assert!(connection.is_ok());
}
