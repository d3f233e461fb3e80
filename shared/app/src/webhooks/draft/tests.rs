use super::*;
use crate::catalog::EventCatalog;
use hooklane_domain::catalog::Catalogs;
use hooklane_domain::contract::Contracts;
use hooklane_domain::network::NetworkRules;

fn contracts() -> Contracts {
    let standard = include_str!("../../../../../contracts/standard.toml");
    Contracts::load([("standard.toml", standard)]).unwrap()
}

/// A catalog of `user.created` and what is everywhere.
fn catalog() -> EventCatalog {
    let types = "[types.\"user.created\"]\ncategory = \"users\"\ndescription = \"A user\"\nsample = '1'\nschema = '{}'\n";
    let default = format!("description = \"All\"\nsource = \"Us\"\n{types}");
    EventCatalog::new(Catalogs::load([("default.toml", default.as_str())]).unwrap())
}

fn types(catalog: &EventCatalog) -> Known<'_> {
    let files = catalog.files().iter().next().unwrap();
    Known { catalog: files, platform: Default::default(), tenant: Default::default() }
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
    let catalog = catalog();
    let rules = Rules { contracts: &contracts, network: &network, catalog: &catalog };
    Draft::of_new(body, rules, &types(&catalog))?.create(rules, identity)
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
    let catalog = catalog();
    let rules = Rules { contracts: &contracts, network: &network, catalog: &catalog };
    let later = Timestamp::from_second(60).unwrap();
    Draft::of_change(body, rules)?.apply(current, rules, &types(&catalog), later)
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

#[test]
fn an_event_type_that_nobody_knows_is_refused_under_its_place() {
    let body = r#"{"url":"https://e.com","events":["user.created","user.created","*","user.create","shop.*"]}"#;
    assert_eq!(
        read(body).unwrap_err().to_string(),
        "events[3]: is not a known event type; did you mean user.created?; \
         events[4]: matches no known event type"
    );
    let mut current = read(r#"{"url":"https://e.com","events":["*"]}"#).unwrap();
    let changed = r#"{"events":["user.gone","user.created"]}"#;
    assert_eq!(change(&current, changed).unwrap_err().as_slice()[0].path, "events[0]");
    current.events = vec!["user.gone".parse().unwrap()];
    assert!(change(&current, changed).is_ok(), "what it has it may keep");
}
