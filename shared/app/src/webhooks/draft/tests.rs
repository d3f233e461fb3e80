use super::*;
use hooklane_domain::contract::Contracts;
use hooklane_domain::network::NetworkRules;

fn contracts() -> Contracts {
    let standard = include_str!("../../../../../contracts/standard.toml");
    Contracts::load([("standard.toml", standard)]).unwrap()
}

fn read(body: &str) -> Result<Webhook, FieldErrors> {
    let contracts = contracts();
    let network = NetworkRules::default();
    let now = Timestamp::UNIX_EPOCH;
    let identity = Identity {
        id: WebhookId::new(now, 1),
        tenant: "t1".parse().unwrap(),
        now,
        secret: [7; 32],
    };
    let rules = Rules { contracts: &contracts, network: &network };
    Draft::of_new(body, rules)?.create(rules, identity)
}

fn paths(body: &str) -> Vec<String> {
    read(body).unwrap_err().into_vec().into_iter().map(|e| e.path).collect()
}

#[test]
fn the_least_that_is_needed() {
    let webhook = read(r#"{"url":"https://example.com/hook","events":["user.created"]}"#).unwrap();
    assert_eq!(webhook.name, "example.com");
    assert!(webhook.secret.expose().starts_with("whsec_"));
    assert!(webhook.state.is_active() && !webhook.test_mode);
}

#[test]
fn the_documents_words_are_understood() {
    let body = |extra: &str| {
        format!(
            r#"{{"url":"https://example.com/","events":["*"],"secret":"your-webhook-secret"{extra}}}"#
        )
    };
    for off in [r#","active":false"#, r#","isActive":false"#, r#","status":"inactive""#] {
        assert!(!read(&body(off)).unwrap().state.is_active(), "{off}");
    }
    let webhook = read(&body(
        r#","name":"N","description":"D","testMode":true,"headers":{"User-Agent":"YourApp/1.0"},
           "retry_policy":{"max_attempts":3,"backoff_strategy":"linear"}"#,
    ))
    .unwrap();
    assert_eq!(webhook.retry_policy.unwrap().max_retries(), 2);
    assert!(webhook.test_mode && !webhook.headers.is_empty());
}

fn change(current: &Webhook, body: &str) -> Result<Webhook, FieldErrors> {
    let contracts = contracts();
    let network = NetworkRules::default();
    let rules = Rules { contracts: &contracts, network: &network };
    let later = Timestamp::from_second(60).unwrap();
    Draft::of_change(body, rules)?.apply(current, rules, later)
}

#[test]
fn a_change_leaves_what_it_does_not_name() {
    let current = read(
        r#"{"url":"https://example.com/","events":["*"],"description":"D",
            "headers":{"Authorization":"Bearer x","X-A":"1"}}"#,
    )
    .unwrap();
    let changed = change(
        &current,
        r#"{"name":"New","events":["user.*"],"isActive":false,
            "headers":{"authorization":"***","X-B":"2"}}"#,
    )
    .unwrap();
    assert_eq!((changed.name.as_str(), changed.description.as_deref()), ("New", Some("D")));
    assert_eq!((&changed.url, changed.secret.expose()), (&current.url, current.secret.expose()));
    assert!(!changed.state.is_active());
    assert!(changed.updated_at > current.updated_at);
    let headers: Vec<_> = changed.headers.iter().collect();
    assert_eq!(headers, [("X-B", "2"), ("authorization", "Bearer x")], "masked ones stay");
    assert!(change(&changed, r#"{"status":"active"}"#).unwrap().state.is_active());
    for (body, path) in [
        (r#"{"secret":"another-secret"}"#, "secret"),
        (r#"{"headers":{"webhook-id":"x"}}"#, "headers.webhook-id"),
        (r#"{"headers":{"X-New":"***"}}"#, "headers.X-New"),
        (r#"{"url":"https://10.0.0.1/"}"#, "url"),
        (r#"{"events":[]}"#, "events"),
        (r#"{"id":"wh_1"}"#, "id"),
    ] {
        assert_eq!(change(&current, body).unwrap_err().as_slice()[0].path, path, "{body}");
    }
}

#[test]
fn a_webhook_may_keep_to_ranges() {
    let body = |ranges: &str| format!(r#"{{"url":"https://8.8.8.8/","events":["*"],{ranges}}}"#);
    for name in ["targetCidrs", "target_cidrs"] {
        let ranges = format!(r#""{name}":["8.8.8.0/24","2001:4860::/32"]"#);
        let webhook = read(&body(&ranges)).unwrap();
        assert_eq!(webhook.target_cidrs.unwrap().to_string(), "8.8.8.0/24, 2001:4860::/32");
    }
    assert_eq!(read(&body(r#""targetCidrs":[]"#)).unwrap().target_cidrs, None);
    for (ranges, path) in [
        (r#""targetCidrs":"8.8.8.0/24""#, "targetCidrs"),
        (r#""targetCidrs":["8.8.8.0/24","all"]"#, "targetCidrs[1]"),
        (r#""targetCidrs":["8.8.8.8/24"]"#, "targetCidrs[0]"),
        (r#""targetCidrs":["9.9.9.0/24"]"#, "url"),
    ] {
        assert_eq!(paths(&body(ranges)), [path], "{ranges}");
    }
    let current = read(&body(r#""targetCidrs":["8.8.8.0/24"]"#)).unwrap();
    assert_eq!(change(&current, r#"{"name":"N"}"#).unwrap().target_cidrs, current.target_cidrs);
    assert_eq!(change(&current, r#"{"targetCidrs":[]}"#).unwrap().target_cidrs, None);
    for outside in [r#"{"url":"https://9.9.9.9/"}"#, r#"{"targetCidrs":["9.9.9.9"]}"#] {
        assert_eq!(change(&current, outside).unwrap_err().as_slice()[0].path, "url", "{outside}");
    }
    let both = r#"{"url":"https://9.9.9.9/","target_cidrs":["9.9.9.9"]}"#;
    assert_eq!(change(&current, both).unwrap().url.as_str(), "https://9.9.9.9/");
}

#[test]
fn every_wrong_field_is_named_at_once() {
    assert_eq!(paths("{}"), ["url", "events"]);
    assert_eq!(
        paths(
            r#"{"name":"","url":"http://example.com","events":["a b","*"],"secret":"short",
                "contract":"nonsense","retryPolicy":{"maxRetries":11},"colour":"red"}"#
        ),
        ["name", "url", "events[0]", "secret", "contract", "retryPolicy.maxRetries", "colour"]
    );
    assert_eq!(
        paths(r#"{"url":"https://e.com","events":[],"headers":{"Host":"x","A":"ok"}}"#),
        ["events", "headers.Host"]
    );
    assert_eq!(paths(r#"{"url":7,"events":"*"}"#), ["url", "events"]);
}
