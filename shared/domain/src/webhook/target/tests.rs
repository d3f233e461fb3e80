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
