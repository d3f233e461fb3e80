use proptest::prelude::*;

use super::*;

/// A contract that sets three headers.
fn set_by(lower: &str) -> Option<ContractName> {
    let own = ["x-webhook-event", "x-webhook-signature", "x-webhook-signature-next"];
    own.contains(&lower).then(|| "virtual-queue".parse().unwrap())
}

fn errors(headers: &[(&str, &str)]) -> Vec<InvalidHeader> {
    let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let judged = CustomHeaders::new(headers, set_by);
    judged.err().into_iter().flatten().map(|(_, error)| error).collect()
}

#[test]
fn a_reserved_or_malformed_header_is_refused() {
    use InvalidHeader::{Name, Reserved};
    let of_contract = || InvalidHeader::OfContract("virtual-queue".parse().unwrap());
    for (name, value, expected) in [
        ("Host", "evil.example", Reserved),
        ("hOsT", "evil.example", Reserved),
        ("X_Real_IP", "10.0.0.1", Reserved),
        ("Content_Length", "0", Reserved),
        ("x_forwarded_FOR", "10.0.0.1", Reserved),
        ("X_Webhook_Signature", "forged", of_contract()),
        ("True-Client-IP", "10.0.0.1", Reserved),
        ("CF-Connecting-IP", "10.0.0.1", Reserved),
        ("X-Original-URL", "/admin", Reserved),
        ("Set-Cookie", "a=b", Reserved),
        ("Connection", "close, X-Webhook-Signature", Reserved),
        ("Keep-Alive", "timeout=5", Reserved),
        ("Transfer-Encoding", "chunked", Reserved),
        ("TE", "trailers", Reserved),
        ("Trailer", "X-A", Reserved),
        ("Upgrade", "h2c", Reserved),
        ("HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA", Reserved),
        ("Expect", "100-continue", Reserved),
        ("Content-Length", "0", Reserved),
        ("Content-Type", "text/plain", Reserved),
        ("Content-Encoding", "gzip", Reserved),
        ("Content-Digest", "sha-256=:x:", Reserved),
        ("Content-Location", "/other", Reserved),
        ("Proxy-Authorization", "Basic x", Reserved),
        ("Proxy-Authenticate", "Basic", Reserved),
        ("Proxy-Connection", "keep-alive", Reserved),
        ("Proxy-Anything", "x", Reserved),
        ("Accept-Encoding", "gzip", Reserved),
        ("Cookie", "session=1", Reserved),
        ("Date", "Mon, 15 Jan 2024 10:30:00 GMT", Reserved),
        ("Via", "1.1 proxy", Reserved),
        ("Range", "bytes=0-1", Reserved),
        ("Max-Forwards", "1", Reserved),
        ("Early-Data", "1", Reserved),
        ("Forwarded", "for=10.0.0.1", Reserved),
        ("X-Forwarded-For", "10.0.0.1", Reserved),
        ("X-Forwarded-Host", "internal", Reserved),
        ("X-Real-IP", "10.0.0.1", Reserved),
        ("X-HTTP-Method-Override", "DELETE", Reserved),
        ("X-Webhook-Signature", "sha256=00", of_contract()),
        ("x-webhook-signature", "sha256=00", of_contract()),
        ("X-Webhook-Signature-Next", "sha256=00", of_contract()),
        ("X-Webhook-Event", "other", of_contract()),
        ("", "x", Name),
        (" X-A", "x", Name),
        ("X A", "x", Name),
        ("X-A:", "x", Name),
        (":authority", "evil.example", Name),
        ("X-A\r\nHost: evil", "x", Name),
        ("X-A\n", "x", Name),
        ("X-Ä", "x", Name),
        ("X-A\0", "x", Name),
    ] {
        assert_eq!(errors(&[(name, value)]), [expected], "{name:?}: {value:?}");
    }
}

#[test]
fn a_character_that_a_header_value_cannot_have_is_named_with_its_position() {
    for (value, expected) in [
        ("x\r\nHost: evil", "character 2 is U+000D (carriage return)"),
        ("x\n folded", "character 2 is U+000A (line feed)"),
        ("x\r", "character 2 is U+000D (carriage return)"),
        ("x\0", "character 2 is U+0000 (null)"),
        ("x\u{7f}", "character 2 is U+007F (a control character)"),
        ("\u{1b}[0m", "character 1 is U+001B (a control character)"),
        ("snow\u{2603}", "character 5 is U+2603"),
        ("x\u{85}y", "character 2 is U+0085 (a control character)"),
        ("Bearer abc\u{a0}", "character 11 is U+00A0 (no-break space)"),
        ("Bearer \u{200b}abc", "character 8 is U+200B (zero width space)"),
    ] {
        let said: Vec<_> = errors(&[("X-A", value)]).iter().map(ToString::to_string).collect();
        let why = "must have visible ASCII, spaces and tabs only, but ";
        assert_eq!(said, [format!("{why}{expected}")], "{value:?}");
    }
}

#[test]
fn other_headers_are_accepted() {
    for (name, value) in [
        ("Authorization", "Bearer abc"),
        ("User-Agent", "YourApp/1.0"),
        ("X-Api-Key", "key"),
        ("X-Webhook-Token", "t"),
        ("Accept", "application/json"),
        ("X-Tab", "a\tb"),
        ("X-Empty", ""),
        ("x-forwards", "not of the family"),
        ("X-Next", "1"),
        ("!#$%&'*+-.^_`|~09azAZ", "every character a name may have"),
    ] {
        assert_eq!(errors(&[(name, value)]), [], "{name}");
    }
}

/// What proxies tell the servers behind them, which may trust Hooklane's addresses like a proxy's.
#[test]
#[rustfmt::skip]
fn finding_17_headers_that_proxies_set_are_refused() {
    for name in [
        "X-Client-IP", "X-ClientIP", "Client-IP", "X-Azure-ClientIP", "X-Azure-SocketIP",
        "True-Client-IP", "CF-Connecting-IP", "CF-Connecting-IPv6", "CF-IPCountry", "CF-Visitor",
        "Fastly-Client-IP", "Fly-Client-IP", "X-Real-IP", "X-Real-Port", "X-Cluster-Client-IP",
        "X-ProxyUser-Ip", "X-Originating-IP", "X-Remote-IP", "X-Remote-Addr", "X-Remote-User",
        "Remote-Addr", "REMOTE_ADDR", "Remote-User", "X-Source-IP", "X-True-IP", "X_Real_Ip",
        "WL-Proxy-Client-IP", "Incap-Client-IP", "X-Sucuri-ClientIP", "Akamai-Origin-Hop",
        "X-Nf-Client-Connection-Ip", "X-Vercel-Forwarded-For", "X-Appengine-User-IP",
        "X-Appengine-Inbound-Appid", "X-Amzn-Trace-Id", "X-Amzn-Oidc-Data", "X-Amz-Date",
        "CloudFront-Viewer-Address", "X-Envoy-External-Address", "X-Envoy-Original-Path",
        "X-Goog-Authenticated-User-Email", "X-Goog-IAP-JWT-Assertion", "X-MS-Client-Principal",
        "X-ARR-ClientCert", "X-Auth-Request-User", "X-WEBAUTH-USER", "X-Apigateway-Api-Userinfo",
        "Forwarded", "Forwarded-For", "X-Forwarded", "X-Forward-For", "X-Forwarded-For",
        "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-User", "X-Forwarded-Prefix",
        "X-Original-URL", "X-Original-Host", "X-Original-Method", "X-Original-Forwarded-For",
        "X-Rewrite-URL", "X-Host", "X-HTTP-Host-Override", "X-HTTP-Method-Override",
        "X-HTTP-Method", "X-Method-Override", "Via", "Client-Cert", "X-SSL-Client-Cert",
        "SSL-Client-Verify", "X-Client-Cert", "Front-End-Https", "X-Scheme", "X-Url-Scheme",
        "X-Middleware-Subrequest", "Sec-Fetch-Site", "Proxy-Authorization", "Connection",
    ] {
        assert_eq!(errors(&[(name, "10.0.0.1")]), [InvalidHeader::Reserved], "{name}");
    }
    for name in [
        "Authorization", "X-Api-Key", "Api-Key", "X-Auth-Token", "X-Access-Token", "X-Functions-Key",
        "Ocp-Apim-Subscription-Key", "X-Custom-Header", "User-Agent", "X-Customer", "X-Partner",
        "X-Team", "X-Tenant", "X-Shop-Id", "X-Ship-To", "X-Zip", "X-Tip", "X-Address", "X-Source",
        "X-Request-Id", "X-Correlation-Id", "Traceparent", "Accept", "Accept-Language", "Referer",
        "X-Gitlab-Token", "X-Webhook-Token", "X-Client", "X-Origin", "X-Vault-Token", "CFG-Key",
    ] {
        assert_eq!(errors(&[(name, "a")]), [], "{name}");
    }
}

#[test]
fn count_and_size_are_limited() {
    use InvalidHeader::{Name, TooLarge, TooMany, Twice, Value};
    let many = |count: usize, value: &str| -> Vec<InvalidHeader> {
        let names: Vec<_> = (0..count).map(|n| format!("X-{n}")).collect();
        let headers: Vec<_> = names.iter().map(|name| (name.as_str(), value)).collect();
        errors(&headers)
    };
    assert_eq!(many(MAX_HEADERS, "x"), []);
    assert_eq!(many(MAX_HEADERS + 1, "x"), [TooMany]);
    let longest = "x".repeat(MAX_VALUE_BYTES);
    assert_eq!(many(2, &longest), []);
    assert_eq!(many(3, &longest), [TooLarge]);
    assert_eq!(errors(&[("X-A", &format!("{longest}x"))]), [Value]);
    assert_eq!(errors(&[(&"n".repeat(MAX_NAME_BYTES), "x")]), []);
    assert_eq!(errors(&[(&"n".repeat(MAX_NAME_BYTES + 1), "x")]), [Name]);
    assert_eq!(errors(&[("X-A", "1"), ("x-a", "2")]), [Twice]);
}

proptest! {
    /// An accepted header is one line: it adds no other header and does not end the headers.
    #[test]
    fn no_accepted_header_breaks_its_line(name in any::<String>(), value in any::<String>()) {
        let written = format!("{name}: {value}");
        if errors(&[(&name, &value)]).is_empty() {
            prop_assert!(!written.chars().any(|c| c != '\t' && c.is_control()));
            prop_assert_eq!(written.split(':').next(), Some(name.as_str()));
        }
    }
}

#[test]
fn finding_06_of_too_many_headers_none_is_looked_at() {
    let looked_at = std::cell::Cell::new(0);
    let count = |_: &str| {
        looked_at.set(looked_at.get() + 1);
        None
    };
    let headers = |n: usize| (0..n).map(|i| (format!("X-{i}"), "v".to_owned())).collect();
    let wrong = CustomHeaders::new(headers(20_000), count).unwrap_err();
    assert_eq!(wrong, [(String::new(), InvalidHeader::TooMany)]);
    assert_eq!(looked_at.get(), 0);
    assert!(CustomHeaders::new(headers(MAX_HEADERS), count).is_ok());
    assert_eq!(looked_at.get(), MAX_HEADERS);
}
