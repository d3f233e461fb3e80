use super::*;

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
        (r#""timeoutSeconds":0"#, "timeoutSeconds"),
        (r#""timeout":31"#, "timeout"),
        (r#""timeout":1.5"#, "timeout"),
        (r#""timeoutSeconds":"7""#, "timeoutSeconds"),
        (r#""timeout":7,"timeoutSeconds":7"#, "timeout"),
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
fn all_wrong_fields_are_reported_at_once() {
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

/// The limits of the platform guides, just inside and just outside.
#[test]
fn limits_of_texts_and_lists_are_exact() {
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
}

#[test]
fn limits_of_a_retry_policy_are_exact() {
    for (good, bad, field) in [
        (r#""maxAttempts":10"#, r#""maxAttempts":11"#, "maxAttempts"),
        (r#""maxAttempts":1"#, r#""maxAttempts":0"#, "maxAttempts"),
        (r#""maxRetries":10"#, r#""maxRetries":11"#, "maxRetries"),
        (r#""maxRetries":0"#, r#""maxRetries":-1"#, "maxRetries"),
        (r#""initialDelayMs":100"#, r#""initialDelayMs":99"#, "initialDelayMs"),
        (
            r#""maxRetries":0,"initialDelayMs":0"#,
            r#""maxRetries":1,"initialDelayMs":0"#,
            "initialDelayMs",
        ),
        (r#""maxDelayMs":1000"#, r#""maxDelayMs":999"#, "maxDelayMs"),
        (r#""maxDelayMs":86400000"#, r#""maxDelayMs":86400001"#, "maxDelayMs"),
        (r#""multiplier":1"#, r#""multiplier":0.9"#, "multiplier"),
        (r#""jitter":1"#, r#""jitter":1.1"#, "jitter"),
        (r#""scheduleSeconds":[1,86400]"#, r#""scheduleSeconds":[1,86401]"#, "scheduleSeconds[1]"),
        (r#""strategy":"fixed""#, r#""strategy":"sometimes""#, "strategy"),
    ] {
        let policy = |fields: &str| least(&format!(r#""retryPolicy":{{{fields}}}"#));
        assert!(read(&policy(good)).is_ok(), "{good}");
        assert_eq!(paths(&policy(bad)), [format!("retryPolicy.{field}")], "{bad}");
    }
}

/// One mistake for each list that is too long, whatever is in it.
#[test]
fn finding_06_a_list_that_is_too_long_is_one_mistake() {
    let many =
        |n: usize, one: &dyn Fn(usize) -> String| (0..n).map(one).collect::<Vec<_>>().join(",");
    let headers = many(20_000, &|i| format!(r#""X-{i}":"v\u0000""#));
    let texts = many(60_000, &|i| format!(r#""no such type {i}""#));
    for (extra, path, message) in [
        (format!(r#""headers":{{{headers}}}"#), "headers", "must have at most 20 headers"),
        (format!(r#""targetCidrs":[{texts}]"#), "targetCidrs", "must list at most 20 ranges"),
        (
            format!(r#""retryPolicy":{{"schedule":[{}]}}"#, many(60_000, &|_| "0".to_owned())),
            "retryPolicy.schedule",
            "must have at most 10 elements",
        ),
    ] {
        let errors = read(&least(&extra)).unwrap_err();
        assert_eq!(errors.to_string(), format!("{path}: {message}"));
    }
    let body = format!(r#"{{"url":"https://example.com/","events":[{texts}]}}"#);
    let errors = read(&body).unwrap_err();
    assert_eq!(errors.to_string(), "events: must name 1 to 100 event types");
    assert!(super::super::subscriptions_in(&body).is_empty(), "none is looked up either");
}
