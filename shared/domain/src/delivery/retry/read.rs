//! Reads a retry policy in the forms the documents and the API use.

use std::time::Duration;

use serde_json::{Value, json};

use super::{MAX_DELAY, MAX_RETRIES, Plan, RetryPolicy, Strategy};
use crate::json::fields::{FieldErrors, Fields};

/// Five minutes: the `maxDelay` of a policy that names none, where its contract does not either.
const DEFAULT_MAX_DELAY_MS: u64 = 300_000;
const MIN_DELAY_MS: u64 = 100;
const MIN_MAX_DELAY_MS: u64 = 1_000;
const MAX_MULTIPLIER: f64 = 100.0;
const PRESETS: &str = "immediate, standard, aggressive, conservative";

impl RetryPolicy {
    /// Reads a preset's name, `{"schedule": [seconds, …]}`, or
    /// `{strategy, initialDelay, multiplier, maxDelay, maxRetries}` (milliseconds) and its synonyms.
    /// `path` is where the policy stands in its body.
    pub fn read(path: &str, json: &str) -> Result<Self, FieldErrors> {
        Self::complete(path, json, &Rest::default())
    }

    /// The same for a webhook of a contract with a back-off of its own: what the policy leaves out is as
    /// the contract has it. A schedule completes nothing.
    pub fn read_under(contract: &Self, path: &str, json: &str) -> Result<Self, FieldErrors> {
        Self::complete(path, json, &Rest::of(&contract.plan))
    }

    fn complete(path: &str, json: &str, rest: &Rest) -> Result<Self, FieldErrors> {
        if let Ok(name) = serde_json::from_str::<String>(json) {
            return preset(&name).ok_or_else(|| {
                FieldErrors::one(path, format!("must be an object or one of {PRESETS}"))
            });
        }
        let mut fields = Fields::of(path, json)?;
        let jitter = fields.read::<f64>(&["jitter"], "a number from 0 to 1").unwrap_or(0.0);
        if !(0.0..=1.0).contains(&jitter) {
            fields.error("jitter", "must be a number from 0 to 1");
        }
        let plan = if fields.has(&["schedule"]) {
            read_schedule(&mut fields)
        } else {
            read_backoff(&mut fields, rest)
        };
        fields.finish()?;
        Ok(Self { plan, jitter })
    }

    /// The canonical form, which [`RetryPolicy::read`] reads back.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut value = match &self.plan {
            Plan::Schedule(delays) => {
                json!({ "schedule": delays.iter().map(Duration::as_secs).collect::<Vec<_>>() })
            }
            Plan::Backoff { strategy, initial, multiplier, max, retries } => json!({
                "strategy": strategy,
                "initialDelay": millis(*initial),
                "multiplier": multiplier,
                "maxDelay": millis(*max),
                "maxRetries": retries,
            }),
        };
        if self.jitter > 0.0 {
            value["jitter"] = self.jitter.into();
        }
        value
    }
}

/// What a back-off is where it says nothing of it.
#[derive(Debug)]
struct Rest {
    strategy: Strategy,
    initial_ms: u64,
    multiplier: f64,
    max_ms: u64,
    retries: u8,
}

impl Default for Rest {
    fn default() -> Self {
        Self {
            strategy: Strategy::Exponential,
            initial_ms: 1_000,
            multiplier: 2.0,
            max_ms: DEFAULT_MAX_DELAY_MS,
            retries: 3,
        }
    }
}

impl Rest {
    fn of(plan: &Plan) -> Self {
        match *plan {
            Plan::Backoff { strategy, initial, multiplier, max, retries } => Self {
                strategy,
                initial_ms: millis(initial),
                multiplier,
                max_ms: millis(max),
                retries,
            },
            Plan::Schedule(_) => Self::default(),
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn preset(name: &str) -> Option<RetryPolicy> {
    let (retries, initial_ms, multiplier) = match name {
        "immediate" => (0, 0, 1.0),
        "standard" => (3, 1_000, 2.0),
        "aggressive" => (5, 500, 1.5),
        "conservative" => (10, 2_000, 2.0),
        _ => return None,
    };
    let plan = Plan::Backoff {
        strategy: Strategy::Exponential,
        initial: Duration::from_millis(initial_ms),
        multiplier,
        max: Duration::from_millis(DEFAULT_MAX_DELAY_MS),
        retries,
    };
    Some(RetryPolicy { plan, jitter: 0.0 })
}

fn read_schedule(fields: &mut Fields) -> Plan {
    let seconds =
        fields.read::<Vec<u64>>(&["schedule"], "a list of whole seconds").unwrap_or_default();
    if seconds.len() > usize::from(MAX_RETRIES) {
        fields.error("schedule", format!("must have at most {MAX_RETRIES} delays"));
    }
    for (i, s) in seconds.iter().enumerate() {
        if !(1..=MAX_DELAY.as_secs()).contains(s) {
            let message = format!("must be from 1 to {} seconds", MAX_DELAY.as_secs());
            fields.error(&format!("schedule[{i}]"), message);
        }
    }
    Plan::Schedule(seconds.into_iter().map(Duration::from_secs).collect())
}

fn read_backoff(fields: &mut Fields, rest: &Rest) -> Plan {
    let strategy = fields
        .read(
            &["strategy", "backoffStrategy", "backoff_strategy", "backoff"],
            "one of fixed, linear, exponential",
        )
        .unwrap_or(rest.strategy);
    let retries = read_retries(fields).unwrap_or(rest.retries);
    let initial = whole(
        fields,
        &["initialDelay", "initial_delay", "retryDelay", "retry_delay"],
        "milliseconds",
    )
    .unwrap_or(rest.initial_ms);
    let max = whole(fields, &["maxDelay", "max_delay"], "milliseconds");
    let multiplier = fields
        .read::<f64>(
            &["multiplier", "backoffMultiplier", "backoff_multiplier"],
            "a number from 1 to 100",
        )
        .unwrap_or(rest.multiplier);
    if !(1.0..=MAX_MULTIPLIER).contains(&multiplier) {
        fields.error("multiplier", "must be a number from 1 to 100");
    }
    let day = millis(MAX_DELAY);
    // Without a retry there is no delay, and the documents then write 0.
    let least = if retries > 0 { MIN_DELAY_MS } else { 0 };
    if !(least..=day).contains(&initial) {
        fields.error("initialDelay", format!("must be from {least} to {day} milliseconds"));
    }
    if let Some(max) = max
        && !(MIN_MAX_DELAY_MS..=day).contains(&max)
    {
        fields.error("maxDelay", format!("must be from {MIN_MAX_DELAY_MS} to {day} milliseconds"));
    }
    Plan::Backoff {
        strategy,
        initial: Duration::from_millis(initial),
        multiplier,
        max: Duration::from_millis(max.unwrap_or(rest.max_ms.max(initial))),
        retries,
    }
}

/// `maxRetries` counts the retries, `maxAttempts` the first attempt too.
fn read_retries(fields: &mut Fields) -> Option<u8> {
    let retries = whole(fields, &["maxRetries", "max_retries", "retries"], "a number of retries");
    let attempts = whole(fields, &["maxAttempts", "max_attempts"], "a number of attempts");
    let most = u64::from(MAX_RETRIES);
    if retries.is_some_and(|n| n > most) {
        fields.error("maxRetries", format!("must be from 0 to {MAX_RETRIES}"));
    }
    if attempts.is_some_and(|n| !(1..=most).contains(&n)) {
        fields.error("maxAttempts", format!("must be from 1 to {MAX_RETRIES}"));
    }
    if retries.is_some() && attempts.is_some() {
        fields.error("maxAttempts", "says the same as maxRetries; send one of them");
    }
    let count = retries.or(attempts.map(|n| n.saturating_sub(1)))?;
    Some(u8::try_from(count.min(most)).unwrap_or(MAX_RETRIES))
}

fn whole(fields: &mut Fields, names: &[&str], what: &str) -> Option<u64> {
    fields.read_whole(names, &format!("a whole number ({what})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `task-hub` promises 5 s, 25 s, 125 s and "up to 10 attempts" of the same; `aegisx` a minute at most.
    #[test]
    fn what_a_policy_leaves_out_is_as_its_contract_has_it() {
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
            (aegisx, r#""conservative""#, vec![2, 4, 8, 16, 32, 64, 128, 256, 300, 300]),
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
    fn the_documents_spellings_are_one_policy() {
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
    fn attempts_count_the_first() {
        let policy = RetryPolicy::read("", r#"{"maxAttempts":10}"#).unwrap();
        assert_eq!(policy.max_retries(), 9);
        assert_eq!(RetryPolicy::read("", r#"{"maxAttempts":1}"#).unwrap().max_retries(), 0);
    }

    #[test]
    fn bounds_are_checked_and_named() {
        for (json, expected) in [
            (r#""sometimes""#, vec!["retryPolicy"]),
            ("7", vec!["retryPolicy"]),
            (r#"{"maxRetries":11}"#, vec!["retryPolicy.maxRetries"]),
            (r#"{"maxAttempts":0}"#, vec!["retryPolicy.maxAttempts"]),
            (r#"{"maxAttempts":11}"#, vec!["retryPolicy.maxAttempts"]),
            (r#"{"maxAttempts":2,"maxRetries":1}"#, vec!["retryPolicy.maxAttempts"]),
            (r#"{"initialDelay":99}"#, vec!["retryPolicy.initialDelay"]),
            (r#"{"maxDelay":999}"#, vec!["retryPolicy.maxDelay"]),
            (
                r#"{"multiplier":0.5,"jitter":2}"#,
                vec!["retryPolicy.jitter", "retryPolicy.multiplier"],
            ),
            (r#"{"strategy":"random"}"#, vec!["retryPolicy.strategy"]),
            (
                r#"{"schedule":[0,5,86401]}"#,
                vec!["retryPolicy.schedule[0]", "retryPolicy.schedule[2]"],
            ),
            (r#"{"schedule":[1,1,1,1,1,1,1,1,1,1,1]}"#, vec!["retryPolicy.schedule"]),
            (r#"{"schedule":[1],"maxRetries":3}"#, vec!["retryPolicy.maxRetries"]),
            (r#"{"maxRetry":3}"#, vec!["retryPolicy.maxRetry"]),
        ] {
            assert_eq!(paths(json), expected, "{json}");
        }
    }
}
