use hooklane_catalog::Catalogs;
use hooklane_contract::Contracts;
use hooklane_domain::Timestamp;
use hooklane_domain::ids::WebhookId;
use hooklane_domain::webhook::Webhook;
use hooklane_domain::webhook::network::NetworkRules;

use super::*;
use crate::catalog::EventCatalog;

mod changing;
mod expressions;
mod limits;

fn contracts() -> Contracts {
    let standard = include_str!("../../../../../contracts/standard.toml");
    let github = include_str!("../../../../../contracts/github.toml");
    let task_hub = include_str!("../../../../../contracts/task-hub.toml");
    let files = [("standard.toml", standard), ("github.toml", github), ("task-hub.toml", task_hub)];
    Contracts::load(files).unwrap()
}

/// A catalog of the types that these tests name, with empty samples.
fn catalog() -> EventCatalog {
    catalog_of(&["a", "a.b", "user.created"], "{}")
}

fn catalog_of(names: &[&str], sample: &str) -> EventCatalog {
    let mut text = "description = \"All\"\nsource = \"Us\"\n".to_owned();
    for name in names {
        text.push_str(&format!(
            "[types.\"{name}\"]\ncategory = \"all\"\ndescription = \"One\"\nsample = '{sample}'\nschema = '{{}}'\n"
        ));
    }
    EventCatalog::new(Catalogs::load([("hooklane.toml", text.as_str())]).unwrap())
}

fn types(catalog: &EventCatalog) -> TenantTypes<'_> {
    let files = catalog.files().iter().next().unwrap();
    TenantTypes { catalog: files, platform: Default::default(), tenant: Default::default() }
}

/// Reads a webhook whose expressions are checked on no sample, since wildcards match no operational event.
fn read(body: &str) -> Result<Webhook, FieldErrors> {
    read_with(body, &catalog_of(&["webhook.failing"], "{}"))
}

fn read_with(body: &str, samples: &EventCatalog) -> Result<Webhook, FieldErrors> {
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
    let rules = Rules {
        contracts: &contracts,
        network: &network,
        catalog: &catalog,
        tenant_contract: None,
    };
    Draft::of_new(body, rules, &types(&catalog))?.create(rules, &types(samples), identity)
}

fn paths(body: &str) -> Vec<String> {
    read(body).unwrap_err().into_vec().into_iter().map(|e| e.path).collect()
}

#[test]
fn a_url_and_events_are_enough() {
    let webhook = read(r#"{"url":"https://example.com/hook","events":["user.created"]}"#).unwrap();
    assert_eq!(webhook.name, "example.com");
    assert!(webhook.secret.expose().starts_with("whsec_"));
    assert!(webhook.state.is_active() && !webhook.test_mode);
}

#[test]
fn the_field_names_of_the_platform_guides_are_understood() {
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
fn a_webhook_that_names_no_contract_gets_its_tenants() {
    let contracts = Contracts::load([
        ("standard.toml", include_str!("../../../../../contracts/standard.toml")),
        ("prism.toml", include_str!("../../../../../contracts/prism.toml")),
    ])
    .unwrap();
    let network = NetworkRules::default();
    let catalog = catalog();
    let read = |tenants: Option<&str>, body: &str| {
        let tenant_contract = tenants.map(|name| name.parse().unwrap());
        let tenant_contract = tenant_contract.as_ref();
        let rules =
            Rules { contracts: &contracts, network: &network, catalog: &catalog, tenant_contract };
        let types = types(&catalog);
        let now = Timestamp::UNIX_EPOCH;
        let (id, tenant) = (WebhookId::new(now, 1), "t1".parse().unwrap());
        let identity = Identity { id, tenant, now, secret: [7; 32] };
        Draft::of_new(body, rules, &types)?.create(rules, &types, identity)
    };
    let silent = r#"{"url":"https://example.com/","events":["*"]}"#;
    let named = r#"{"url":"https://example.com/","events":["*"],"contract":"standard"}"#;
    let webhook = read(Some("prism"), silent).unwrap();
    assert_eq!(webhook.contract.as_str(), "prism");
    assert!(
        !webhook.secret.expose().starts_with("whsec_"),
        "it has the form that its contract reads"
    );
    assert_eq!(read(Some("prism"), named).unwrap().contract.as_str(), "standard");
    assert_eq!(read(None, silent).unwrap().contract.as_str(), "standard");
    // A later deployment no longer has the tenant's contract.
    let errors = read(Some("gone"), silent).unwrap_err().into_vec();
    assert_eq!((errors.len(), errors[0].path.as_str()), (1, "contract"));
    assert_eq!(read(Some("gone"), named).unwrap().contract.as_str(), "standard");
    let nonsense = named.replace("standard", "nonsense");
    assert_eq!(read(Some("gone"), &nonsense).unwrap_err().into_vec().len(), 1);
}

fn change(current: &Webhook, body: &str) -> Result<Webhook, FieldErrors> {
    let contracts = contracts();
    let network = NetworkRules::default();
    let catalog = catalog();
    let rules = Rules {
        contracts: &contracts,
        network: &network,
        catalog: &catalog,
        tenant_contract: None,
    };
    let later = Timestamp::from_second(60).unwrap();
    match Draft::of_change(body, rules, &Map::new())? {
        Some(draft) => draft.apply(current, rules, &types(&catalog), later),
        None => Ok(current.clone()),
    }
}

/// A body with the required fields and `extra`.
fn least(extra: &str) -> String {
    format!(r#"{{"url":"https://example.com/","events":["*"],{extra}}}"#)
}

#[test]
fn a_webhook_signs_with_a_key_if_its_contract_can() {
    let webhook = read(&least(r#""signing":"ed25519""#)).unwrap();
    assert_eq!(webhook.signing(), Signing::Ed25519);
    let given = format!(r#""secret":"{}""#, webhook.secret.expose());
    assert_eq!(read(&least(&given)).unwrap().signing(), Signing::Ed25519);
    assert_eq!(read(&least(r#""signing":"hmac""#)).unwrap().signing(), Signing::Hmac);
    for (extra, expected) in [
        (r#""signing":"ed25519","contract":"github""#.to_owned(), "signing"),
        (format!(r#"{given},"contract":"github""#), "secret"),
        (format!(r#"{given},"signing":"hmac""#), "secret"),
        (r#""signing":"ed25519","secret":"your-webhook-secret""#.to_owned(), "secret"),
        (r#""signing":"rsa""#.to_owned(), "signing"),
    ] {
        assert_eq!(paths(&least(&extra)), [expected], "{extra}");
    }
    for (body, expected) in
        [(r#"{"contract":"github"}"#, "contract"), (r#"{"signing":"hmac"}"#, "signing")]
    {
        assert_eq!(change(&webhook, body).unwrap_err().as_slice()[0].path, expected, "{body}");
    }
    assert!(change(&webhook, r#"{"signing":"ed25519","contract":"standard"}"#).is_ok());
}

#[test]
fn an_unknown_event_type_is_refused_with_its_index() {
    let body = r#"{"url":"https://e.com","events":["user.created","user.created","*","user.create","shop.*"]}"#;
    assert_eq!(
        read(body).unwrap_err().to_string(),
        "events[3]: is not a known event type; did you mean user.created?; to add it, send \"register\": true, \
         or PUT /event-types/user.create with a body such as {\"sample\": {\"id\": \"1\"}}; \
         events[4]: matches no known event type; to subscribe to it all the same, send \"register\": true"
    );
    let mut current = read(r#"{"url":"https://e.com","events":["*"]}"#).unwrap();
    let changed = r#"{"events":["user.gone","user.created"]}"#;
    assert_eq!(change(&current, changed).unwrap_err().as_slice()[0].path, "events[0]");
    current.events = vec!["user.gone".parse().unwrap()];
    assert!(change(&current, changed).is_ok(), "it may keep a subscription that it has");
}
