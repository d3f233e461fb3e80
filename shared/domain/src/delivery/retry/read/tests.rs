use super::*;

/// The platform guide of `task-hub` promises 5 s, 25 s, 125 s and "up to 10 attempts" of the same, that
/// of `aegisx` a minute at most.
#[test]
fn a_policy_takes_over_what_it_leaves_out_from_its_contract() {
    let task_hub = r#"{"initialDelay":5000,"multiplier":5,"maxDelay":86400000,"maxRetries":3}"#;
    let aegisx = r#"{"maxAttempts":3,"initialDelay":1000,"maxDelay":60000}"#;
    let day = 86_400;
    for (contract, policy, seconds) in [
        (
            task_hub,
            r#"{"maxRetries":10}"#,
            vec![5, 25, 125, 625, 3_125, 15_625, 78_125, day, day, day],
        ),
        (task_hub, "{}", vec![5, 25, 125]),
        (task_hub, r#"{"initialDelay":1000,"multiplier":2}"#, vec![1, 2, 4]),
        (aegisx, r#"{"maxAttempts":9}"#, vec![1, 2, 4, 8, 16, 32, 60, 60]),
        (aegisx, r#"{"backoffStrategy":"linear"}"#, vec![1, 2]),
        (aegisx, r#"{"initialDelay":90000}"#, vec![90, 90]),
        (aegisx, r#""quick""#, vec![5, 15, 60, 120, 300]),
        (aegisx, r#"{"preset":"quick","strategy":null}"#, vec![5, 15, 60, 120, 300]),
        (aegisx, r#"{"preset":null,"maxAttempts":3}"#, vec![1, 2]),
        (aegisx, r#"{"schedule":[7]}"#, vec![7]),
        (r#"{"schedule":[7,8]}"#, "{}", vec![1, 2, 4]),
    ] {
        let contract = RetryPolicy::read("", contract).unwrap();
        let read = RetryPolicy::read_under(&contract, "", policy).unwrap();
        let delays = (1..=MAX_RETRIES).map_while(|n| read.delay(n, 0.0));
        assert_eq!(delays.map(|d| d.as_secs()).collect::<Vec<_>>(), seconds, "{policy}");
    }
}

fn paths(json: &str) -> Vec<String> {
    let errors = RetryPolicy::read("retryPolicy", json).unwrap_err();
    errors.into_vec().into_iter().map(|e| e.path).collect()
}

#[test]
fn the_spellings_of_the_platform_guides_are_one_policy() {
    let canonical = RetryPolicy::read(
        "",
        r#"{"strategy":"exponential","initialDelay":1000,"maxDelay":60000,"maxRetries":2}"#,
    );
    for json in [
        r#"{"maxAttempts":3,"backoffStrategy":"exponential","initialDelay":1000,"maxDelay":60000}"#,
        r#"{"max_attempts":3,"backoff_strategy":"exponential","initial_delay":1000,"max_delay":60000}"#,
        r#"{"maxRetries":2,"retryDelay":1000,"backoffMultiplier":2,"maxDelay":60000}"#,
        r#"{"max_retries":2,"retry_delay":1000,"backoff_multiplier":2.0,"max_delay":60000}"#,
        r#"{"retries":2,"backoff":"exponential","multiplier":2,"maxDelay":60000}"#,
    ] {
        assert_eq!(RetryPolicy::read("", json), canonical, "{json}");
    }
}

#[test]
fn max_attempts_counts_the_first_attempt() {
    let policy = RetryPolicy::read("", r#"{"maxAttempts":10}"#).unwrap();
    assert_eq!(policy.max_retries(), 9);
    assert_eq!(RetryPolicy::read("", r#"{"maxAttempts":1}"#).unwrap().max_retries(), 0);
}

#[test]
fn bounds_are_checked_and_named() {
    for (json, expected) in [
        (r#""sometimes""#, vec!["retryPolicy"]),
        (r#"{"preset":"sometimes"}"#, vec!["retryPolicy.preset"]),
        (r#"{"preset":7}"#, vec!["retryPolicy.preset"]),
        (r#"{"preset":"quick","maxRetries":3}"#, vec!["retryPolicy.maxRetries"]),
        // A word of one platform guide, whose contract knows it.
        (r#""standard""#, vec!["retryPolicy"]),
        ("7", vec!["retryPolicy"]),
        (r#"{"maxRetries":11}"#, vec!["retryPolicy.maxRetries"]),
        (r#"{"maxAttempts":0}"#, vec!["retryPolicy.maxAttempts"]),
        (r#"{"maxAttempts":11}"#, vec!["retryPolicy.maxAttempts"]),
        (r#"{"maxAttempts":2,"maxRetries":1}"#, vec!["retryPolicy.maxAttempts"]),
        (r#"{"initialDelayMs":99}"#, vec!["retryPolicy.initialDelayMs"]),
        (r#"{"maxDelayMs":999}"#, vec!["retryPolicy.maxDelayMs"]),
        (r#"{"multiplier":0.5,"jitter":2}"#, vec!["retryPolicy.jitter", "retryPolicy.multiplier"]),
        (r#"{"strategy":"random"}"#, vec!["retryPolicy.strategy"]),
        (
            r#"{"scheduleSeconds":[0,5,86401]}"#,
            vec!["retryPolicy.scheduleSeconds[0]", "retryPolicy.scheduleSeconds[2]"],
        ),
        (r#"{"schedule":[1,1,1,1,1,1,1,1,1,1,1]}"#, vec!["retryPolicy.schedule"]),
        (r#"{"schedule":[1],"maxRetries":3}"#, vec!["retryPolicy.maxRetries"]),
        (r#"{"maxRetry":3}"#, vec!["retryPolicy.maxRetry"]),
    ] {
        assert_eq!(paths(json), expected, "{json}");
    }
}
