//! Reads a retry policy in the forms of the API and of the platform guides.

use std::time::Duration;

use serde_json::{Value, json};

use super::{MAX_DELAY, MAX_RETRIES, Plan, RetryPolicy, Strategy};
use crate::json::fields::{FieldErrors, Fields};

/// The `maxDelay` where neither the policy nor its contract has one: five minutes.
const DEFAULT_MAX_DELAY_MS: u64 = 300_000;
const MIN_DELAY_MS: u64 = 100;
const MIN_MAX_DELAY_MS: u64 = 1_000;
const MAX_MULTIPLIER: f64 = 100.0;
/// The names of a schedule's delays.
const SCHEDULE: [&str; 3] = ["scheduleSeconds", "schedule_seconds", "schedule"];
const PRESETS: &str = "immediate, standard, aggressive, conservative";

impl RetryPolicy {
    /// Reads a preset's name, `{"scheduleSeconds": [seconds, …]}`, or `{strategy, initialDelayMs, multiplier,
    /// maxDelayMs, maxRetries}` and its synonyms. `path` is where the policy stands in its
    /// body.
    pub fn read(path: &str, json: &str) -> Result<Self, FieldErrors> {
        Self::complete(path, json, &BackoffDefaults::default())
    }

    /// The same for a webhook whose contract has a back-off: the policy takes over what it leaves out.
    /// A contract's schedule gives no defaults.
    pub fn read_under(contract: &Self, path: &str, json: &str) -> Result<Self, FieldErrors> {
        Self::complete(path, json, &BackoffDefaults::of(&contract.plan))
    }

    fn complete(path: &str, json: &str, defaults: &BackoffDefaults) -> Result<Self, FieldErrors> {
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
        let plan = if fields.has(&SCHEDULE) {
            read_schedule(&mut fields)
        } else {
            read_backoff(&mut fields, defaults)
        };
        fields.finish()?;
        Ok(Self { plan, jitter })
    }

    /// The stored form, which [`RetryPolicy::read`] reads back. The API has words of its own.
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

/// The fields of a back-off that leaves them out.
#[derive(Debug)]
struct BackoffDefaults {
    strategy: Strategy,
    initial_ms: u64,
    multiplier: f64,
    max_ms: u64,
    retries: u8,
}

impl Default for BackoffDefaults {
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

impl BackoffDefaults {
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
    let too_many = format!("must have at most {MAX_RETRIES} delays");
    let most = usize::from(MAX_RETRIES);
    let seconds = fields.read_list::<u64>(&SCHEDULE, "a list of whole seconds", most, too_many);
    let seconds = seconds.unwrap_or_default();
    for (i, s) in seconds.iter().enumerate() {
        if !(1..=MAX_DELAY.as_secs()).contains(s) {
            let message = format!("must be from 1 to {} seconds", MAX_DELAY.as_secs());
            fields.error(&format!("{}[{i}]", SCHEDULE[0]), message);
        }
    }
    Plan::Schedule(seconds.into_iter().map(Duration::from_secs).collect())
}

fn read_backoff(fields: &mut Fields, defaults: &BackoffDefaults) -> Plan {
    let strategy = fields
        .read(
            &["strategy", "backoffStrategy", "backoff_strategy", "backoff"],
            "one of fixed, linear, exponential",
        )
        .unwrap_or(defaults.strategy);
    let retries = read_retries(fields).unwrap_or(defaults.retries);
    let initial = whole(
        fields,
        &["initialDelayMs", "initialDelay", "initial_delay", "retryDelay", "retry_delay"],
        "milliseconds",
    )
    .unwrap_or(defaults.initial_ms);
    let max = whole(fields, &["maxDelayMs", "maxDelay", "max_delay"], "milliseconds");
    let multiplier = fields
        .read::<f64>(
            &["multiplier", "backoffMultiplier", "backoff_multiplier"],
            "a number from 1 to 100",
        )
        .unwrap_or(defaults.multiplier);
    if !(1.0..=MAX_MULTIPLIER).contains(&multiplier) {
        fields.error("multiplier", "must be a number from 1 to 100");
    }
    let day = millis(MAX_DELAY);
    // Without a retry there is no delay, and some platform guides then write 0.
    let least = if retries > 0 { MIN_DELAY_MS } else { 0 };
    if !(least..=day).contains(&initial) {
        fields.error("initialDelayMs", format!("must be from {least} to {day} milliseconds"));
    }
    if let Some(max) = max
        && !(MIN_MAX_DELAY_MS..=day).contains(&max)
    {
        fields
            .error("maxDelayMs", format!("must be from {MIN_MAX_DELAY_MS} to {day} milliseconds"));
    }
    Plan::Backoff {
        strategy,
        initial: Duration::from_millis(initial),
        multiplier,
        max: Duration::from_millis(max.unwrap_or(defaults.max_ms.max(initial))),
        retries,
    }
}

/// Reads the number of retries. `maxAttempts` counts the first attempt too.
fn read_retries(fields: &mut Fields) -> Option<u8> {
    let retries = whole(fields, &["maxRetries", "max_retries", "retries"], "retries");
    let attempts = whole(fields, &["maxAttempts", "max_attempts"], "attempts");
    let most = u64::from(MAX_RETRIES);
    if retries.is_some_and(|n| n > most) {
        fields.error("maxRetries", format!("must be from 0 to {MAX_RETRIES}"));
    }
    if attempts.is_some_and(|n| !(1..=most).contains(&n)) {
        fields.error("maxAttempts", format!("must be from 1 to {MAX_RETRIES}"));
    }
    if retries.is_some() && attempts.is_some() {
        fields.error(
            "maxAttempts",
            "cannot be combined with maxRetries (maxAttempts is maxRetries + 1)",
        );
    }
    let count = retries.or(attempts.map(|n| n.saturating_sub(1)))?;
    Some(u8::try_from(count.min(most)).unwrap_or(MAX_RETRIES))
}

fn whole(fields: &mut Fields, names: &[&str], what: &str) -> Option<u64> {
    fields.read_whole(names, &format!("a whole number ({what})"))
}

#[cfg(test)]
mod tests;
