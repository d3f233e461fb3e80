//! Reads a retry policy in the forms of the API and of the platform guides.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::{Value, json};

use super::{MAX_DELAY, MAX_RETRIES, NamedPreset, Plan, RetryPolicy, Strategy, presets_in_words};
use crate::json::fields::{FieldErrors, Fields};

/// The `maxDelay` where neither the policy nor its contract has one: five minutes.
const DEFAULT_MAX_DELAY_MS: u64 = 300_000;
const MIN_DELAY_MS: u64 = 100;
const MIN_MAX_DELAY_MS: u64 = 1_000;
const MAX_MULTIPLIER: f64 = 100.0;
/// The names of a schedule's delays.
const SCHEDULE: [&str; 3] = ["scheduleSeconds", "schedule_seconds", "schedule"];
const INITIAL_DELAY: [&str; 6] = [
    "initialDelayMs",
    "initial_delay_ms",
    "initialDelay",
    "initial_delay",
    "retryDelay",
    "retry_delay",
];
const MAX_DELAY_NAMES: [&str; 4] = ["maxDelayMs", "max_delay_ms", "maxDelay", "max_delay"];
const RETRIES: [&str; 3] = ["maxRetries", "max_retries", "retries"];
const ATTEMPTS: [&str; 2] = ["maxAttempts", "max_attempts"];

impl RetryPolicy {
    /// Reads a preset's name, `{"preset": name}`, `{"scheduleSeconds": [seconds, …]}`, or `{strategy,
    /// initialDelayMs, multiplier, maxDelayMs, maxRetries}` and its synonyms. `path` is where the policy stands
    /// in its body.
    pub fn read(path: &str, json: &str) -> Result<Self, FieldErrors> {
        Self::complete(path, json, &BackoffDefaults::default())
    }

    /// The same for a webhook whose contract has a back-off: the policy takes over what it leaves out.
    /// A contract's schedule gives no defaults.
    pub fn read_under(contract: &Self, path: &str, json: &str) -> Result<Self, FieldErrors> {
        Self::complete(path, json, &BackoffDefaults::of(&contract.plan))
    }

    fn complete(path: &str, json: &str, defaults: &BackoffDefaults) -> Result<Self, FieldErrors> {
        if let Some(named) = NamedPreset::read(path, json)? {
            return Self::preset(&named.name).ok_or_else(|| named.unknown(&presets_in_words()));
        }
        let mut fields = Fields::of(path, json)?;
        fields.take_null(&["preset"]);
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

fn read_schedule(fields: &mut Fields) -> Plan {
    let range = 1..=MAX_DELAY.as_secs();
    let expected = format!("a whole number of seconds from 1 to {}", range.end());
    let seconds = fields.whole_list(&SCHEDULE, &range, &expected, usize::from(MAX_RETRIES));
    let delays = seconds.unwrap_or_default().into_iter();
    Plan::Schedule(delays.map(Duration::from_secs).collect())
}

fn read_backoff(fields: &mut Fields, defaults: &BackoffDefaults) -> Plan {
    let strategy = fields
        .read(
            &["strategy", "backoffStrategy", "backoff_strategy", "backoff"],
            "one of fixed, linear, exponential",
        )
        .unwrap_or(defaults.strategy);
    let retries = read_retries(fields).unwrap_or(defaults.retries);
    let day = millis(MAX_DELAY);
    // Without a retry there is no delay, and some platform guides then write 0.
    let least = if retries > 0 { MIN_DELAY_MS } else { 0 };
    let is_given = fields.has(&INITIAL_DELAY);
    let initial = milliseconds(fields, &INITIAL_DELAY, least..=day).unwrap_or(defaults.initial_ms);
    if !is_given && initial < least {
        fields.error(INITIAL_DELAY[0], "is required: the contract has no delay");
    }
    let max = milliseconds(fields, &MAX_DELAY_NAMES, MIN_MAX_DELAY_MS..=day);
    let multiplier = fields
        .read::<f64>(
            &["multiplier", "backoffMultiplier", "backoff_multiplier"],
            "a number from 1 to 100",
        )
        .unwrap_or(defaults.multiplier);
    if !(1.0..=MAX_MULTIPLIER).contains(&multiplier) {
        fields.error("multiplier", "must be a number from 1 to 100");
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
    let most = u64::from(MAX_RETRIES);
    let both = fields.has(&RETRIES) && fields.has(&ATTEMPTS);
    let expected = |least: u8| format!("a whole number from {least} to {MAX_RETRIES}");
    let retries = fields.whole(&RETRIES, 0..=most, &expected(0));
    let attempts = fields.whole(&ATTEMPTS, 1..=most, &expected(1));
    if both {
        fields.error(
            "maxAttempts",
            "cannot be combined with maxRetries (maxAttempts is maxRetries + 1)",
        );
    }
    let count = retries.or(attempts.map(|n| n.saturating_sub(1)))?;
    u8::try_from(count).ok()
}

fn milliseconds(fields: &mut Fields, names: &[&str], range: RangeInclusive<u64>) -> Option<u64> {
    let expected =
        format!("a whole number of milliseconds from {} to {}", range.start(), range.end());
    fields.whole(names, range, &expected)
}

#[cfg(test)]
mod tests;
