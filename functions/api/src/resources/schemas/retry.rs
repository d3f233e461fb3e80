use std::time::Duration;

use hooklane_domain::delivery::retry::{self, Plan};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// When to retry, in one of three forms. A preset: only `preset`. A schedule: `scheduleSeconds`, and maybe
/// `jitter`. A back-off: the other fields; `maxRetries` of 0 means no retries. Fields of two forms cannot be
/// combined.
///
/// A request may also give a preset's name alone, as a string. The synonyms of the platform guides
/// (`retryDelay`, `max_delay`, …) are accepted too, and so is `maxAttempts` instead of `maxRetries`: it counts
/// the first attempt as well.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"scheduleSeconds": [5, 300, 1800]}))]
pub(crate) struct RetryPolicy {
    /// In requests only. Answers show what it stands for.
    #[serde(skip_serializing_if = "Option::is_none")]
    preset: Option<Preset>,
    /// The wait before each retry.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 10, example = json!([5, 300, 1800]))]
    schedule_seconds: Option<Vec<DelaySeconds>>,
    /// Defaults to the strategy of the contract's retry policy, or to `exponential` if that policy is
    /// not a back-off.
    #[serde(skip_serializing_if = "Option::is_none")]
    strategy: Option<Strategy>,
    /// Defaults to the contract's, otherwise to 1,000. At least 100, unless `maxRetries` is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 86_400_000)]
    initial_delay_ms: Option<u32>,
    /// Defaults to the contract's value, or to 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100)]
    multiplier: Option<f64>,
    /// Defaults to the contract's, otherwise to 300,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1_000, maximum = 86_400_000)]
    max_delay_ms: Option<u32>,
    /// Defaults to the contract's, otherwise to 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 10)]
    max_retries: Option<u8>,
    /// Up to this share of a delay is added at random; a delay is at most 24 hours with it. Without it the delays
    /// are exact.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1)]
    jitter: Option<f64>,
}

/// `none`: one attempt. `quick`: 6 attempts in 8 minutes 20 seconds. `standard-webhooks`: 10 attempts in 3 days
/// 3 hours, by the schedule of Standard Webhooks. `patient`: 11 attempts in 4 days 20 hours. Tenants and
/// webhooks with the contract `virtual-queue` may also use the four names of that platform guide. Each preset
/// but those four has a `jitter` of 0.1: a wait is up to a tenth longer at random, never shorter, and at most
/// 24 hours.
#[derive(Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Preset {
    None,
    Quick,
    StandardWebhooks,
    Patient,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(minimum = 1, maximum = 86400)]
pub(crate) struct DelaySeconds(u32);

#[derive(Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Strategy {
    Fixed,
    Linear,
    Exponential,
}

impl RetryPolicy {
    pub(crate) fn new(policy: &retry::RetryPolicy) -> Self {
        let jitter = Some(policy.jitter()).filter(|jitter| *jitter > 0.0);
        match policy.plan() {
            Plan::Schedule(delays) => Self {
                schedule_seconds: Some(delays.iter().copied().map(DelaySeconds::of).collect()),
                jitter,
                ..Self::default()
            },
            Plan::Backoff { strategy, initial, multiplier, max, retries } => Self {
                strategy: Some((*strategy).into()),
                initial_delay_ms: Some(millis(*initial)),
                multiplier: Some(*multiplier),
                max_delay_ms: Some(millis(*max)),
                max_retries: Some(*retries),
                jitter,
                ..Self::default()
            },
        }
    }
}

impl DelaySeconds {
    fn of(delay: Duration) -> Self {
        Self(u32::try_from(delay.as_secs()).unwrap_or(u32::MAX))
    }
}

impl From<retry::Strategy> for Strategy {
    fn from(strategy: retry::Strategy) -> Self {
        match strategy {
            retry::Strategy::Fixed => Self::Fixed,
            retry::Strategy::Linear => Self::Linear,
            retry::Strategy::Exponential => Self::Exponential,
        }
    }
}

fn millis(delay: Duration) -> u32 {
    u32::try_from(delay.as_millis()).unwrap_or(u32::MAX)
}
