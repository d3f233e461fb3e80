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
    let rules = Rules { contracts: &contracts, network: &network, tenant_contract: None };
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

#[test]
fn a_webhook_that_names_no_contract_takes_its_tenants() {
    let contracts = Contracts::load([
        ("standard.toml", include_str!("../../../../../contracts/standard.toml")),
        ("prism.toml", include_str!("../../../../../contracts/prism.toml")),
    ])
    .unwrap();
    let network = NetworkRules::default();
    let read = |tenants: Option<&str>, body: &str| {
        let tenant_contract = tenants.map(|name| name.parse().unwrap());
        let tenant_contract = tenant_contract.as_ref();
        let rules = Rules { contracts: &contracts, network: &network, tenant_contract };
        let now = Timestamp::UNIX_EPOCH;
        let (id, tenant) = (WebhookId::new(now, 1), "t1".parse().unwrap());
        let identity = Identity { id, tenant, now, secret: [7; 32] };
        Draft::of_new(body, rules)?.create(rules, identity)
    };
    let silent = r#"{"url":"https://example.com/","events":["*"]}"#;
    let named = r#"{"url":"https://example.com/","events":["*"],"contract":"standard"}"#;
    let webhook = read(Some("prism"), silent).unwrap();
    assert_eq!(webhook.contract.as_str(), "prism");
    assert!(!webhook.secret.expose().starts_with("whsec_"), "the form its contract reads");
    assert_eq!(read(Some("prism"), named).unwrap().contract.as_str(), "standard");
    assert_eq!(read(None, silent).unwrap().contract.as_str(), "standard");
    // The contract that the tenant was set to has gone with a deployment.
    let errors = read(Some("gone"), silent).unwrap_err().into_vec();
    assert_eq!((errors.len(), errors[0].path.as_str()), (1, "contract"));
    assert_eq!(read(Some("gone"), named).unwrap().contract.as_str(), "standard");
    let nonsense = named.replace("standard", "nonsense");
    assert_eq!(read(Some("gone"), &nonsense).unwrap_err().into_vec().len(), 1);
}

fn change(current: &Webhook, body: &str) -> Result<Webhook, FieldErrors> {
    let contracts = contracts();
    let network = NetworkRules::default();
    let rules = Rules { contracts: &contracts, network: &network, tenant_contract: None };
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
