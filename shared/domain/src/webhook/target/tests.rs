use super::*;

#[test]
fn only_public_https_urls_are_accepted() {
    let rules = NetworkRules::default();
    for (url, allowed) in [
        ("https://example.com/hook?a=1", true),
        ("https://example.com:8443/", true),
        ("https://93.184.216.34/", true),
        ("http://example.com/", false),
        ("ftp://example.com/", false),
        ("https://user@example.com/", false),
        ("https://user:secret@example.com/", false),
        ("https://example.com/#top", false),
        ("https://example.com:80/", false),
        ("https://example.com:22/", false),
        ("https://localhost/", false),
        ("https://localhost./", false),
        ("https://a.localhost:8443/", false),
        ("https://127.0.0.1/", false),
        ("https://127.1/", false),
        ("https://2130706433/", false),
        ("https://0x7f000001/", false),
        ("https://0177.0.0.1/", false),
        ("https://[::1]/", false),
        ("https://[::ffff:127.0.0.1]/", false),
        ("https://169.254.169.254/latest/meta-data", false),
        ("https://10.0.0.1/", false),
        ("https://a..b/", false),
        ("https://example.com../", false),
        ("https://example.com./", true),
        ("https://intranet/", false),
        ("https://ip-10-0-0-1.ec2.internal/", false),
        ("https://exa\nmple.com/", false),
        ("https://example.com\\@127.0.0.1/", false),
        ("example.com", false),
        ("", false),
    ] {
        assert_eq!(TargetUrl::parse(url, &rules).is_ok(), allowed, "{url}");
    }
    let long = format!("https://example.com/{}", "x".repeat(MAX_URL_BYTES));
    assert_eq!(TargetUrl::parse(&long, &rules), Err(InvalidTarget::Length));
}

#[test]
fn single_label_hosts_are_refused_unless_a_network_is_listed() {
    // As on a local stack: the machine itself is listed, and no network.
    let local = NetworkRules::parse("127.0.0.0/8,::1/128", "443,1024-65535").unwrap();
    let network = NetworkRules::parse("127.0.0.0/8,10.1.0.0/16", "443,1024-65535").unwrap();
    for (url, in_network) in [
        ("https://intranet/", true),
        ("https://intranet./", true),
        ("https://INTRANET:8443/hook", true),
        ("https://in%74ranet/", true),
        ("https://intranet\u{3002}/", true),
        ("https://com/", true),
        ("https://xn--p1ai/", true),
        ("https://a_b/", true),
        ("https://1x/", true),
        ("https://hooks.internal/", true),
        ("https://printer.local./", true),
        ("https:///x", false),
        ("https:////x", false),
        ("https:/x", false),
        ("https:x", false),
        ("https:///example.com/", false),
        ("https:/example.com/", false),
        ("https:example.com", false),
        ("https:?x", false),
        ("https://./", false),
        ("https://../", false),
        ("https://0x/", false),
        ("https://1/", false),
        ("https://10.1/", false),
        ("https://1.2.3.4.5/", false),
        ("https://example.1/", false),
        ("https://localhost./", false),
    ] {
        for rules in [&NetworkRules::default(), &local] {
            assert!(TargetUrl::parse(url, rules).is_err(), "{url}");
        }
        assert_eq!(TargetUrl::parse(url, &network).is_ok(), in_network, "{url}");
    }
    let refused = |url| TargetUrl::parse(url, &local).unwrap_err().to_string();
    assert_eq!(
        refused("https://intranet./"),
        "must have a fully qualified host name: intranet has no dot, so it is a name on a private network"
    );
    assert_eq!(refused("https:///x"), "must name its host right after https://");
    for url in [
        "https://example.com./",
        "http://127.0.0.1:9000/",
        "https://127.1:8443/",
        "HTTPS://Example.COM/",
    ] {
        assert!(TargetUrl::parse(url, &local).is_ok(), "{url}");
    }
}

#[test]
fn plain_http_is_accepted_for_a_listed_address() {
    let rules = NetworkRules::parse("127.0.0.0/8", "443,1024-65535").unwrap();
    assert!(TargetUrl::parse("http://127.0.0.1:8080/hook", &rules).is_ok());
    assert!(TargetUrl::parse("http://127.0.0.1/hook", &rules).is_ok());
    assert!(TargetUrl::parse("http://localhost:8080/hook", &rules).is_err());
    assert!(TargetUrl::parse("http://10.0.0.1:8080/hook", &rules).is_err());
}

#[test]
fn private_names_are_accepted_where_the_operator_listed_a_range() {
    let rules = NetworkRules::parse("10.1.0.0/16", "443").unwrap();
    assert!(TargetUrl::parse("https://hooks.corp.internal/", &rules).is_ok());
    assert!(TargetUrl::parse("https://hooks/", &rules).is_ok());
    for never in ["https://localhost/", "https://a.localhost./", "https://a..internal/"] {
        assert!(TargetUrl::parse(never, &rules).is_err(), "{never}");
    }
}

#[test]
fn finding_13_no_webhook_points_to_hooklanes_own_api() {
    let own = "https://abc123.execute-api.eu-central-1.amazonaws.com,Hooks.Example.com,,";
    let rules = NetworkRules::default().with_own_hosts(own);
    let open = NetworkRules::parse("10.0.0.0/8", "443").unwrap().with_own_hosts(own);
    for url in [
        "https://abc123.execute-api.eu-central-1.amazonaws.com/api/v1/events",
        "https://ABC123.execute-api.eu-central-1.amazonaws.com./events",
        "https://hooks.example.com/",
        "https://h%6Foks.example.com:443/",
    ] {
        for rules in [&rules, &open] {
            assert_eq!(TargetUrl::parse(url, rules), Err(InvalidTarget::OwnHost), "{url}");
        }
        // Before the operator named its hosts, such a webhook may have been saved: an attempt refuses it.
        let stored = TargetUrl::from_stored(url).unwrap();
        assert_eq!(stored.judge_within(&rules, None), Err(InvalidTarget::OwnHost), "{url}");
    }
    for url in ["https://other.execute-api.eu-central-1.amazonaws.com/", "https://example.com/"] {
        assert!(TargetUrl::parse(url, &rules).is_ok(), "{url}");
    }
}

const TOKEN: &str = "acme.AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

/// The one door of Hooklane's own API that is open to webhooks, against every way of getting through it to
/// something else.
#[test]
fn of_its_own_api_only_the_inboxes_are_open_to_webhooks() {
    let own = "https://abc123.execute-api.eu-central-1.amazonaws.com,hooks.example.com";
    let rules = NetworkRules::parse("", "443").unwrap().with_own_hosts(own);
    let off = rules.clone();
    let rules = rules.with_inboxes("https://hooks.example.com").unwrap();
    let judged = |url: &str| TargetUrl::parse(url, &rules).map(|url| url.as_str().to_owned());
    let inbox = format!("https://hooks.example.com/inbox/{TOKEN}");
    // Spellings that mean the same: what is requested is what was judged.
    for same in [
        inbox.clone(),
        format!("https://HOOKS.Example.com/inbox/{TOKEN}"),
        format!("https://h%6Foks.example.com:443/inbox/{TOKEN}"),
        format!("https://hooks.example.com/events/../inbox/{TOKEN}"),
        format!("https://hooks.example.com/%2e%2E/./inbox/{TOKEN}"),
    ] {
        assert_eq!(judged(&same), Ok(inbox.clone()), "{same}");
    }
    for path in [
        "/".to_owned(),
        "/events".to_owned(),
        "/inbox".to_owned(),
        "/inbox/".to_owned(),
        "/inbox/requests".to_owned(),
        "/inbox/rotate".to_owned(),
        format!("/inbox/{TOKEN}/"),
        format!("/inbox/{TOKEN}/../../events"),
        format!("/inbox/{TOKEN}/%2e%2e/%2e%2e/events"),
        format!("/inbox/{TOKEN}/..%2f..%2fevents"),
        format!("/inbox/{TOKEN}%2f..%2fevents"),
        format!("/inbox/{TOKEN}?x=1"),
        format!("/inbox/{TOKEN}?"),
        format!("/inbox/{TOKEN};x=1"),
        format!("/inbox/{TOKEN}%00"),
        format!("/inbox/%61{}", &TOKEN[1..]),
        format!("/inbox/{}=", &TOKEN[..TOKEN.len() - 1]),
        format!("/inbox/{}", &TOKEN[..TOKEN.len() - 1]),
        format!("/inbox//{TOKEN}"),
        format!("//inbox/{TOKEN}"),
        format!("/Inbox/{TOKEN}"),
        format!("/%69nbox/{TOKEN}"),
        format!("/inbox%2f{TOKEN}"),
        format!("/api/v1/inbox/{TOKEN}"),
        format!("/api/inbox/{TOKEN}"),
    ] {
        let url = format!("https://hooks.example.com{path}");
        assert_eq!(judged(&url), Err(InvalidTarget::OwnHost), "{url}");
    }
    for (url, why) in [
        (format!("https://hooks.example.com./inbox/{TOKEN}"), InvalidTarget::OwnHost),
        (
            format!("https://abc123.execute-api.eu-central-1.amazonaws.com/inbox/{TOKEN}"),
            InvalidTarget::OwnHost,
        ),
        (format!("https://hooks.example.com:8443/inbox/{TOKEN}"), InvalidTarget::OwnHost),
        (format!("http://hooks.example.com/inbox/{TOKEN}"), InvalidTarget::Scheme),
        (format!("https://a@hooks.example.com/inbox/{TOKEN}"), InvalidTarget::UserInfo),
        (format!("https://hooks.example.com/inbox/{TOKEN}#x"), InvalidTarget::Fragment),
    ] {
        assert_eq!(judged(&url), Err(why), "{url}");
        let stored = TargetUrl::from_stored(&url).unwrap();
        assert!(stored.judge_within(&rules, None).is_err(), "{url}");
    }
    // A host of somebody else that looks like it is a receiver like any other.
    assert!(judged(&format!("https://hooks.example.com.evil.example/inbox/{TOKEN}")).is_ok());
    let stored = TargetUrl::from_stored(&inbox).unwrap();
    assert_eq!(stored.judge_within(&rules, None), Ok(()));
    assert_eq!(stored.judge_within(&off, None), Err(InvalidTarget::InboxOff));
    let events = TargetUrl::from_stored("https://hooks.example.com/events").unwrap();
    assert_eq!(events.judge_within(&off, None), Err(InvalidTarget::OwnHost));
}

#[test]
fn an_inbox_may_have_a_port_of_its_own_and_no_address_of_its_own() {
    // As on a local stack, whose API is at a port that webhooks may not use.
    let at = |cidrs: &str, address: &str| {
        NetworkRules::parse(cidrs, "443").unwrap().with_inboxes(address).unwrap()
    };
    let url = format!("http://127.0.0.1:4567/inbox/{TOKEN}");
    let local = at("127.0.0.0/8", "http://127.0.0.1:4567");
    assert!(TargetUrl::parse(&url, &local).is_ok());
    let only = TargetCidrs::new(&["93.184.216.0/24"]).unwrap();
    let stored = TargetUrl::from_stored(&url).unwrap();
    assert!(stored.judge_within(&local, Some(&only)).is_err(), "its webhook lists other ranges");
    for other in ["http://127.0.0.1:4567/events", "http://127.0.0.1:4568/inbox/x"] {
        assert!(TargetUrl::parse(other, &local).is_err(), "{other}");
    }
    let refused = TargetUrl::parse(&url, &at("", "http://127.0.0.1:4567"));
    assert_eq!(refused, Err(InvalidTarget::Scheme), "the operator lists no such address");
    for wrong in
        ["x", "https://a.example/api", "https://a.example?x", "https://b@a.example", "data:x"]
    {
        assert!(NetworkRules::default().with_inboxes(wrong).is_err(), "{wrong}");
    }
    assert_eq!(NetworkRules::default().with_inboxes("").unwrap().inboxes(), None);
}
