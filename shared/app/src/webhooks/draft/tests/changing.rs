use super::*;

#[test]
fn a_change_keeps_the_fields_that_it_does_not_name() {
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
    assert_eq!(headers, [("X-B", "2"), ("authorization", "Bearer x")], "masked values are kept");
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
fn a_policy_is_completed_by_the_webhooks_contract() {
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
    // It is completed by the new contract, and a later change of contract does not change it.
    let moved = change(&plain, &format!(r#"{{"contract":"task-hub",{four}}}"#)).unwrap();
    assert_eq!(delays(&moved), [5, 25, 125, 625]);
    let back = change(&moved, r#"{"contract":"standard"}"#).unwrap();
    assert_eq!(delays(&back), [5, 25, 125, 625]);
}

#[test]
fn null_removes_a_policy() {
    let webhook = read(&least(r#""retryPolicy":"none""#)).unwrap();
    assert!(webhook.retry_policy.is_some());
    assert_eq!(change(&webhook, r#"{"retry_policy":null}"#).unwrap().retry_policy, None);
    assert!(change(&webhook, "{}").unwrap().retry_policy.is_some());
}

/// Contracts: the webhook's, and its tenant's.
#[test]
fn the_words_of_a_platform_guide_are_for_its_webhooks_and_its_tenants() {
    let virtual_queue = include_str!("../../../../../../contracts/virtual-queue.toml");
    let standard = include_str!("../../../../../../contracts/standard.toml");
    let contracts =
        Contracts::load([("standard.toml", standard), ("virtual-queue.toml", virtual_queue)]);
    let contracts = contracts.unwrap();
    let (network, catalog) = (NetworkRules::default(), catalog());
    let types = types(&catalog);
    let policy_under = |of_webhook: &str, of_tenant: Option<&str>, preset: &str| {
        let of_tenant = of_tenant.map(|name| name.parse().unwrap());
        let tenant_contract = of_tenant.as_ref();
        let rules =
            Rules { contracts: &contracts, network: &network, catalog: &catalog, tenant_contract };
        let fields = format!(r#""contract":"{of_webhook}","retryPolicy":"{preset}""#);
        let now = Timestamp::UNIX_EPOCH;
        let (id, tenant) = (WebhookId::new(now, 1), "t1".parse().unwrap());
        let identity = Identity { id, tenant, now, secret: [7; 32] };
        let created =
            Draft::of_new(&least(&fields), rules, &types)?.create(rules, &types, identity)?;
        let other = least(&format!(r#""contract":"{of_webhook}""#));
        let change = format!(r#"{{"retryPolicy":"{preset}"}}"#);
        let identity = Identity { id, tenant: "t1".parse().unwrap(), now, secret: [7; 32] };
        let other = Draft::of_new(&other, rules, &types)?.create(rules, &types, identity)?;
        let changed = Draft::of_change(&change, rules, &Map::new())?.unwrap();
        let changed = changed.apply(&other, rules, &types, now)?;
        assert_eq!(changed.retry_policy, created.retry_policy);
        Ok::<_, FieldErrors>(created.retry_policy.unwrap().summary())
    };
    let standard_there = "3 retries in 7 s";
    for (of_webhook, of_tenant, preset, expected) in [
        ("virtual-queue", None, "standard", Some(standard_there)),
        ("virtual-queue", Some("standard"), "standard", Some(standard_there)),
        ("standard", Some("virtual-queue"), "standard", Some(standard_there)),
        ("standard", Some("virtual-queue"), "aggressive", Some("5 retries in 7 s")),
        ("virtual-queue", None, "quick", Some("5 retries in 8 min 20 s")),
        ("standard", None, "standard-webhooks", Some("9 retries in 3 d 3 h 35 min 5 s")),
        ("standard", None, "standard", None),
        ("standard", Some("standard"), "immediate", None),
        ("standard", Some("virtual-queue"), "eager", None),
    ] {
        let policy = policy_under(of_webhook, of_tenant, preset).ok();
        assert_eq!(policy.as_deref(), expected, "{of_webhook} {of_tenant:?} {preset}");
    }
    let canonical = "retryPolicy: must be an object or one of none (no retry), quick (5 retries in 8 min 20 s), \
        standard-webhooks (9 retries in 3 d 3 h 35 min 5 s), patient (10 retries in 4 d 20 h 36 min)";
    let refusal =
        |of_webhook, preset| policy_under(of_webhook, None, preset).unwrap_err().to_string();
    assert_eq!(
        refusal("standard", "standard"),
        format!(
            "{canonical}; standard is a preset of the contract virtual-queue only: 3 retries in 7 s"
        )
    );
    assert_eq!(refusal("standard", "eager"), canonical);
    assert_eq!(
        refusal("virtual-queue", "eager"),
        format!("{canonical}, aggressive, conservative, immediate, standard")
    );
}

/// All mistakes are named at once, in a new webhook and in a change.
#[test]
fn an_unknown_preset_is_one_of_several_mistakes() {
    let body = r#"{"url":"https://e.com","events":["nowhere"],"retryPolicy":"standard"}"#;
    assert_eq!(paths(body), ["retryPolicy", "events[0]"]);
    let webhook = read(&least(r#""retryPolicy":"patient""#)).unwrap();
    let errors = change(&webhook, r#"{"retry_policy":"standard","events":["nowhere"]}"#);
    let paths: Vec<_> = errors.unwrap_err().into_vec().into_iter().map(|e| e.path).collect();
    assert_eq!(paths, ["events[0]", "retry_policy"]);
}

#[test]
fn a_webhook_may_be_restricted_to_address_ranges() {
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

/// A token that may change a webhook may not read its header values. So they do not follow the URL.
#[test]
fn finding_11_header_values_do_not_follow_the_url_to_another_origin() {
    let with_headers = |url: &str| {
        read(&format!(
            r#"{{"url":"{url}","events":["*"],"headers":{{"Authorization":"Bearer x","X-A":"1"}}}}"#
        ))
        .unwrap()
    };
    let current = with_headers("https://example.com/hook");
    let to = |url: &str, headers: &str| change(&current, &format!(r#"{{"url":"{url}"{headers}}}"#));
    for url in [
        "https://evil.example.org/hook",
        "https://example.com:8443/hook",
        "https://example.com.evil.org/hook",
        "https://www.example.com/hook",
    ] {
        for (headers, named) in [
            ("", "Authorization, X-A"),
            (r#","headers":{"authorization":"***"}"#, "Authorization"),
            (r#","headers":{"X-a":"***","Authorization":"Bearer mine"}"#, "X-A"),
            (r#","headers":{"X-A":"***","Authorization":"***","X-B":"2"}"#, "Authorization, X-A"),
        ] {
            let errors = to(url, headers).unwrap_err().into_vec();
            assert_eq!(errors.len(), 1, "{url} {headers}");
            assert_eq!(errors[0].path, "headers", "{url} {headers}");
            assert!(errors[0].message.contains(&format!("values of {named} again")), "{errors:?}");
        }
        for headers in [r#","headers":{}"#, r#","headers":null"#] {
            assert!(to(url, headers).unwrap().headers.is_empty(), "{url} {headers}");
        }
        let given = to(url, r#","headers":{"Authorization":"Bearer mine"}"#).unwrap();
        assert_eq!(given.headers.iter().collect::<Vec<_>>(), [("Authorization", "Bearer mine")]);
    }
    // The same origin in another spelling, or another path of it.
    for url in ["https://example.com/other?x=1", "https://EXAMPLE.com:443/hook"] {
        assert_eq!(to(url, "").unwrap().headers.iter().count(), 2, "{url}");
        let masked = r#","headers":{"Authorization":"***","X-A":"***"}"#;
        assert_eq!(to(url, masked).unwrap().headers.iter().count(), 2, "{url}");
    }
    // Without custom headers the URL alone is enough, as the platform guides have it.
    let plain = read(r#"{"url":"https://example.com/","events":["*"]}"#).unwrap();
    assert!(change(&plain, r#"{"url":"https://elsewhere.example.org/"}"#).is_ok());
}
