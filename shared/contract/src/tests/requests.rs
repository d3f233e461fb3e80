//! Requests under `standard` and small changes of it.

use super::*;

#[test]
fn a_request_under_standard_is_this() {
    let request =
        request(&standard(), &webhook(&[]), r#"{"n": 1234567890123456789, "s": "\u00e9"}"#);
    insta::assert_snapshot!(request.body, @r#"{"type":"user.created","timestamp":"2024-01-15T10:30:00.500Z","data":{"n":1234567890123456789,"s":"\u00e9"}}"#);
    let headers: Vec<_> = request.headers.iter().map(|(n, v)| format!("{n}: {v}")).collect();
    insta::assert_snapshot!(headers.join("\n"), @r"
    Content-Type: application/json
    User-Agent: Hooklane/1.0
    webhook-id: evt-1
    webhook-signature: v1,6rSAEvvyU6CPgzQmgCKnZ5JuS8iq2i251JiQX9dI8yU=
    webhook-timestamp: 1705314602
    ");
}

#[test]
fn the_shown_headers_of_a_request_reveal_no_secret() {
    let request =
        request(&standard(), &webhook(&[("Authorization", "Bearer secret")]), r#"{"a":1}"#);
    let shown = format!("{:?}", request.shown_headers);
    assert!(shown.contains("***") && !shown.contains("Bearer"));
    let signature = &request.headers.iter().find(|(n, _)| n == "webhook-signature").unwrap().1;
    assert!(!shown.contains(signature.as_str()) && shown.contains(&signature[..12]));
}

#[test]
fn a_webhooks_own_limits_take_precedence() {
    let limited =
        STANDARD.replace("retry = ", "rate_limit = { requests = 9, perSeconds = 3 }\nretry = ");
    let limited = contract(&[("standard.toml", &limited)]).unwrap();
    let plain = webhook(&[]);
    assert_eq!(limited.timeout_of(&plain), Duration::from_secs(20));
    assert_eq!(limited.rate_limit_of(&plain), Some(RateLimit::new(9, 3).unwrap()));
    assert_eq!(standard().rate_limit_of(&plain), None);
    let own = Webhook {
        timeout: Some(7.try_into().unwrap()),
        rate_limit: Some(RateLimit::new(1, 2).unwrap()),
        ..plain
    };
    assert_eq!(limited.timeout_of(&own), Duration::from_secs(7));
    assert_eq!(limited.rate_limit_of(&own), Some(RateLimit::new(1, 2).unwrap()));
}

#[test]
fn the_shown_headers_during_a_rotation_reveal_no_signature() {
    let one = STANDARD.replace("another = ", "# another = ");
    let contract = contract(&[("standard.toml", &one)]).unwrap();
    let rotated = Webhook {
        retiring_secret: Some(hooklane_domain::webhook::RetiringSecret {
            secret: "an-older-secret".parse().unwrap(),
            until: at("2024-01-15T11:00:00Z"),
        }),
        ..webhook(&[])
    };
    let request = request(&contract, &rotated, "1");
    let shown = |name: &str| request.shown_headers.iter().find(|(n, _)| n == name).unwrap().1.len();
    for name in ["webhook-signature", "webhook-signature-Next"] {
        assert!(request.headers.iter().any(|(n, v)| n == name && v.len() > 40), "{name}");
        assert!(shown(name) < 20, "{name}");
    }
}

#[test]
fn a_webhooks_own_user_agent_takes_precedence() {
    let request = request(&standard(), &webhook(&[("user-agent", "Mine/1.0")]), "{}");
    let agents: Vec<_> = request
        .headers
        .iter()
        .filter(|(n, _)| n.eq_ignore_ascii_case("user-agent"))
        .map(|(_, v)| v.as_str())
        .collect();
    assert_eq!(agents, ["Mine/1.0"]);
}

#[test]
fn custom_headers_are_checked_against_the_contract() {
    let contract = standard();
    let check = |name: &str, value: &str| {
        contract.custom_headers(vec![(name.to_owned(), value.to_owned())])
    };
    assert!(check("X-Custom-Header", "custom-value").is_ok());
    assert!(check("User-Agent", "YourApp/1.0").is_ok());
    assert!(check("Authorization", "Bearer x").is_ok());
    for (name, value) in [
        ("", "x"),
        ("a b", "x"),
        ("x:", "x"),
        ("Host", "x"),
        ("content-length", "1"),
        ("Transfer-Encoding", "chunked"),
        ("Webhook-Signature", "x"),
        ("X-A", "a\r\nb: c"),
        ("X-A", "é"),
        ("X-A", "\u{0}"),
    ] {
        assert!(check(name, value).is_err(), "{name}: {value}");
    }
    let one = STANDARD.replace("another = ", "# another = ");
    let one = self::contract(&[("standard.toml", &one)]).unwrap();
    let next = || vec![("Webhook-Signature-next".to_owned(), "x".to_owned())];
    assert!(one.custom_headers(next()).is_err(), "the contract sets it during rotations");
    assert!(contract.custom_headers(next()).is_ok(), "this contract does not set it");
    let twice = vec![("X-A".to_owned(), "1".to_owned()), ("x-a".to_owned(), "2".to_owned())];
    assert!(contract.custom_headers(twice).is_err());
}
