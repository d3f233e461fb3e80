use super::*;
use crate::catalog::EventCatalog;
use hooklane_catalog::Catalogs;
use hooklane_contract::Contracts;
use hooklane_domain::webhook::network::NetworkRules;

fn contracts() -> Contracts {
    let standard = include_str!("../../../../../contracts/standard.toml");
    let github = include_str!("../../../../../contracts/github.toml");
    let task_hub = include_str!("../../../../../contracts/task-hub.toml");
    let files = [("standard.toml", standard), ("github.toml", github), ("task-hub.toml", task_hub)];
    Contracts::load(files).unwrap()
}

/// A catalog of the types that these tests name, whose samples say nothing.
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
    EventCatalog::new(Catalogs::load([("default.toml", text.as_str())]).unwrap())
}

fn types(catalog: &EventCatalog) -> TenantTypes<'_> {
    let files = catalog.files().iter().next().unwrap();
    TenantTypes { catalog: files, platform: Default::default(), tenant: Default::default() }
}

/// With expressions tried on no sample: no wildcard takes an operational event.
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
    let catalog = catalog();
    let rules = Rules {
        contracts: &contracts,
        network: &network,
        catalog: &catalog,
        tenant_contract: None,
    };
    let later = Timestamp::from_second(60).unwrap();
    Draft::of_change(body, rules)?.apply(current, rules, &types(&catalog), later)
}

#[test]
fn what_a_policy_leaves_out_is_as_the_webhooks_contract_has_it() {
    let delays = |webhook: &Webhook| {
        let policy = webhook.retry_policy.clone().unwrap();
        (1..=4).map_while(|n| policy.delay(n, 0.0)).map(|d| d.as_secs()).collect::<Vec<_>>()
    };
    let four = r#""retryPolicy":{"maxRetries":4}"#;
    let plain = read(&least(four)).unwrap();
    assert_eq!(delays(&plain), [1, 2, 4, 8]);
    let completed = read(&least(&format!(r#""contract":"task-hub",{four}"#))).unwrap();
    assert_eq!(delays(&completed), [5, 25, 125, 625]);

    let changed = change(&completed, r#"{"retryPolicy":{"maxRetries":2}}"#).unwrap();
    assert_eq!(delays(&changed), [5, 25]);
    // With the contract that the webhook is to have; and what it has is its own from then on.
    let moved = change(&plain, &format!(r#"{{"contract":"task-hub",{four}}}"#)).unwrap();
    assert_eq!(delays(&moved), [5, 25, 125, 625]);
    let back = change(&moved, r#"{"contract":"standard"}"#).unwrap();
    assert_eq!(delays(&back), [5, 25, 125, 625]);
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

/// A body with the least that is needed, and `extra`.
fn least(extra: &str) -> String {
    format!(r#"{{"url":"https://example.com/","events":["*"],{extra}}}"#)
}

#[test]
fn a_webhook_may_have_limits_of_its_own() {
    for extra in [
        r#""timeout":7,"rateLimit":{"requests":60,"perSeconds":30}"#,
        r#""timeoutSeconds":7,"rate_limit":{"requests":60,"per_seconds":30}"#,
    ] {
        let webhook = read(&least(extra)).unwrap();
        assert_eq!(webhook.timeout.map(TimeLimit::seconds), Some(7), "{extra}");
        assert_eq!(webhook.rate_limit, Some(RateLimit::new(60, 30).unwrap()), "{extra}");
        let renamed = change(&webhook, r#"{"name":"N"}"#).unwrap();
        assert_eq!((renamed.timeout, renamed.rate_limit), (webhook.timeout, webhook.rate_limit));
        let taken = change(&webhook, r#"{"timeout":null,"rateLimit":null}"#).unwrap();
        assert_eq!((taken.timeout, taken.rate_limit), (None, None));
    }
    for (extra, expected) in [
        (r#""timeout":0"#, "timeout"),
        (r#""timeout":31"#, "timeout"),
        (r#""timeout":1.5"#, "timeout"),
        (r#""timeoutSeconds":"7""#, "timeoutSeconds"),
        (r#""timeout":7,"timeoutSeconds":7"#, "timeoutSeconds"),
        (r#""rateLimit":60"#, "rateLimit"),
        (r#""rateLimit":{"perSeconds":1}"#, "rateLimit.requests"),
        (r#""rateLimit":{"requests":0,"perSeconds":1}"#, "rateLimit.requests"),
        (r#""rateLimit":{"requests":1,"perSeconds":3601}"#, "rateLimit.perSeconds"),
        (r#""rateLimit":{"requests":1,"perSeconds":"s"}"#, "rateLimit.perSeconds"),
        (r#""rateLimit":{"requests":1,"perSeconds":1,"burst":1}"#, "rateLimit.burst"),
    ] {
        assert_eq!(paths(&least(extra)), [expected], "{extra}");
    }
}

#[test]
fn null_takes_a_policy_back() {
    let webhook = read(&least(r#""retryPolicy":"immediate""#)).unwrap();
    assert!(webhook.retry_policy.is_some());
    assert_eq!(change(&webhook, r#"{"retry_policy":null}"#).unwrap().retry_policy, None);
    assert!(change(&webhook, "{}").unwrap().retry_policy.is_some());
}

#[test]
fn a_webhook_may_sign_with_a_key_where_its_contract_can() {
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
fn expressions_are_read_shown_and_taken_back() {
    let extra = r#""filter":"event.data.total > 5.0","transform":"{'t': event.data.total}""#;
    let webhook = read(&least(extra)).unwrap();
    assert_eq!(webhook.filter.as_ref().unwrap().as_str(), "event.data.total > 5.0");
    let renamed = change(&webhook, r#"{"name":"N","events":["a.b"]}"#).unwrap();
    assert_eq!((&renamed.filter, &renamed.transform), (&webhook.filter, &webhook.transform));
    let taken = change(&webhook, r#"{"filter":null,"transform":null}"#).unwrap();
    assert!(taken.filter.is_none() && taken.transform.is_none());
}

#[test]
fn an_expression_that_is_wrong_is_named_with_its_place() {
    for (extra, path, message) in [
        (r#""filter":"event.type ==""#, "filter", "line 1, column 14: mismatched input"),
        (r#""filter":"true &&\n evnt.x""#, "filter", "line 2, column 2: there is no variable evnt"),
        (
            r#""transform":"{'a': lower('x')}""#,
            "transform",
            "line 1, column 7: there is no function",
        ),
        (r#""filter":7"#, "filter", "must be a string"),
        (
            r#""filter":"event.type + 1 > 2""#,
            "filter",
            "fails on every event: add does not take string",
        ),
        (r#""filter":"event.type""#, "filter", "fails on every event: must be true or false"),
        (r#""transform":"event.type""#, "transform", "fails on every event: must make a map"),
    ] {
        let errors = read(&least(extra)).unwrap_err().into_vec();
        assert_eq!(errors.len(), 1, "{extra}: {errors:?}");
        assert_eq!(errors[0].path, path, "{extra}");
        assert!(errors[0].message.starts_with(message), "{extra}: {}", errors[0].message);
    }
    // What an event of an unknown type may have or be is nobody's to say.
    for filter in [
        "event.data.total > 5",
        "event.data.contains('x')",
        "event.data.items[0].price * 2.0 > 1.0",
        "event.data > 5",
        "event.data.exists(x, x == 'a')",
        "event.metadata.source == 'api'",
        "event.version == '2'",
    ] {
        assert!(read(&least(&format!(r#""filter":"{filter}""#))).is_ok(), "{filter}");
    }
}

#[test]
fn expressions_are_tried_on_the_samples_of_their_events() {
    let sample = catalog_of(&["order.created"], r#"{"total":99.9,"status":"paid"}"#);
    for (extra, expected) in [
        (r#""filter":"event.data.total > 5.0""#, None),
        (r#""filter":"event.data.note == 'x'""#, None),
        (r#""filter":"event.data.status > 5""#, Some("filter")),
        (r#""filter":"event.type == 'x' && event.data.status > 5""#, None),
        (r#""transform":"{'t': event.data.total * 2}""#, Some("transform")),
        (r#""filter":"event.type == 'x'","transform":"{'t': event.data.total * 2}""#, None),
    ] {
        let result = read_with(&least(extra), &sample);
        let path = result.err().map(|errors| {
            let error = errors.as_slice()[0].clone();
            assert!(
                error.message.starts_with("fails on the sample of order.created: "),
                "{error:?}"
            );
            error.path
        });
        assert_eq!(path.as_deref(), expected, "{extra}");
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
    for lifted in [r#"{"targetCidrs":[]}"#, r#"{"target_cidrs":null}"#] {
        assert_eq!(change(&current, lifted).unwrap().target_cidrs, None, "{lifted}");
    }
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

/// The bounds that the documents set, just inside and just outside.
#[test]
fn bounds() {
    let text = |n: usize| "x".repeat(n);
    let events = |n: usize| vec![r#""a""#; n].join(",");
    let headers =
        |n: usize| (0..n).map(|i| format!(r#""X-{i}":"v""#)).collect::<Vec<_>>().join(",");
    for (good, bad, path) in [
        (format!(r#""name":"{}""#, text(255)), format!(r#""name":"{}""#, text(256)), "name"),
        (r#""name":"ä""#.to_owned(), r#""name":"""#.to_owned(), "name"),
        (
            format!(r#""description":"{}""#, text(1_000)),
            format!(r#""description":"{}""#, text(1_001)),
            "description",
        ),
        (format!(r#""secret":"{}""#, text(8)), format!(r#""secret":"{}""#, text(7)), "secret"),
        (format!(r#""secret":"{}""#, text(255)), format!(r#""secret":"{}""#, text(256)), "secret"),
        (
            format!(r#""headers":{{{}}}"#, headers(20)),
            format!(r#""headers":{{{}}}"#, headers(21)),
            "headers",
        ),
        (
            r#""headers":{"X-A":"1","X-B":"1"}"#.to_owned(),
            r#""headers":{"X-A":"1","X-A":"2"}"#.to_owned(),
            "headers.X-A",
        ),
    ] {
        assert!(read(&least(&good)).is_ok(), "{path} {good:.40}");
        assert_eq!(paths(&least(&bad)), [path], "{bad:.40}");
    }
    let with = |n| format!(r#"{{"url":"https://example.com/","events":[{}]}}"#, events(n));
    assert!(read(&with(1)).is_ok() && read(&with(100)).is_ok());
    assert_eq!(paths(&with(0)), ["events"]);
    assert_eq!(paths(&with(101)), ["events"]);
    for (good, bad, field) in [
        (r#""maxAttempts":10"#, r#""maxAttempts":11"#, "maxAttempts"),
        (r#""maxAttempts":1"#, r#""maxAttempts":0"#, "maxAttempts"),
        (r#""maxRetries":10"#, r#""maxRetries":11"#, "maxRetries"),
        (r#""maxRetries":0"#, r#""maxRetries":-1"#, "maxRetries"),
        (r#""initialDelay":100"#, r#""initialDelay":99"#, "initialDelay"),
        (
            r#""maxRetries":0,"initialDelay":0"#,
            r#""maxRetries":1,"initialDelay":0"#,
            "initialDelay",
        ),
        (r#""maxDelay":1000"#, r#""maxDelay":999"#, "maxDelay"),
        (r#""maxDelay":86400000"#, r#""maxDelay":86400001"#, "maxDelay"),
        (r#""multiplier":1"#, r#""multiplier":0.9"#, "multiplier"),
        (r#""jitter":1"#, r#""jitter":1.1"#, "jitter"),
        (r#""schedule":[1,86400]"#, r#""schedule":[1,86401]"#, "schedule[1]"),
        (r#""strategy":"fixed""#, r#""strategy":"sometimes""#, "strategy"),
    ] {
        let policy = |fields: &str| least(&format!(r#""retryPolicy":{{{fields}}}"#));
        assert!(read(&policy(good)).is_ok(), "{good}");
        assert_eq!(paths(&policy(bad)), [format!("retryPolicy.{field}")], "{bad}");
    }
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
