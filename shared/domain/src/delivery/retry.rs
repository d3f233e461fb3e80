//! Retry policies: when the next attempt of a delivery is due.

use std::time::Duration;

use jiff::Timestamp;

use crate::delivery::outcome::Verdict;
use crate::time::later;

mod presets;
mod read;

pub use presets::{NamedPreset, PRESET_JITTER, PRESETS, Preset, presets_in_words};

/// The most retries that a policy may have.
pub const MAX_RETRIES: u8 = 10;
/// The longest delay of a policy. A longer computed delay is cut.
pub const MAX_DELAY: Duration = Duration::from_secs(24 * 3600);

/// The delays between the attempts of one delivery.
#[derive(Debug, Clone, PartialEq)]
pub struct RetryPolicy {
    plan: Plan,
    /// The largest random addition to a delay, as a share of it: 0 to 1.
    jitter: f64,
}

/// How a policy says its delays.
#[derive(Debug, Clone, PartialEq)]
pub enum Plan {
    Backoff { strategy: Strategy, initial: Duration, multiplier: f64, max: Duration, retries: u8 },
    Schedule(Vec<Duration>),
}

/// How the delays of a back-off grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strategy {
    /// The same delay each time.
    Fixed,
    /// The initial delay times the number of the retry.
    Linear,
    /// The initial delay times the multiplier to the power of the number of earlier retries.
    Exponential,
}

/// What a delivery does after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    Delivered,
    RetryAt(Timestamp),
    /// No retry is left.
    Exhausted,
    /// The receiver said that it is gone: the webhook is to be disabled.
    Gone,
    /// The webhook's filter or transform fails on the event.
    Broken,
}

impl RetryPolicy {
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    #[must_use]
    pub fn jitter(&self) -> f64 {
        self.jitter
    }

    /// The number of retries after the first attempt.
    #[must_use]
    pub fn max_retries(&self) -> u8 {
        match &self.plan {
            Plan::Backoff { retries, .. } => *retries,
            Plan::Schedule(delays) => u8::try_from(delays.len()).unwrap_or(MAX_RETRIES),
        }
    }

    /// The delay before retry number `retry` (1 for the first), or `None` after the last one. `chance`
    /// is a random number from 0 to 1, which only a policy with jitter uses.
    #[must_use]
    pub fn delay(&self, retry: u8, chance: f64) -> Option<Duration> {
        if retry == 0 || retry > self.max_retries() {
            return None;
        }
        let (base, max) = match &self.plan {
            Plan::Schedule(delays) => (delays[usize::from(retry) - 1].as_secs_f64(), MAX_DELAY),
            Plan::Backoff { strategy, initial, multiplier, max, .. } => {
                let factor = match strategy {
                    Strategy::Fixed => 1.0,
                    Strategy::Linear => f64::from(retry),
                    Strategy::Exponential => multiplier.powi(i32::from(retry) - 1),
                };
                (initial.as_secs_f64() * factor, *max)
            }
        };
        let seconds = base.min(max.as_secs_f64()) * (1.0 + self.jitter * chance.clamp(0.0, 1.0));
        let cut = seconds.min(MAX_DELAY.as_secs_f64());
        // Times are kept in milliseconds; rounding to them keeps 1.5 × 500 ms at 750 ms.
        Some(Duration::from_millis((cut * 1000.0).round() as u64))
    }

    /// What is next after an attempt that ended at `ended`, where `retries` were used before it. A
    /// receiver's `Retry-After` counts where it is later than the policy's delay.
    #[must_use]
    pub fn next(&self, retries: u8, verdict: Verdict, ended: Timestamp, chance: f64) -> Next {
        let not_before = match verdict {
            Verdict::Success => return Next::Delivered,
            Verdict::Gone => return Next::Gone,
            Verdict::Broken => return Next::Broken,
            Verdict::Retry { not_before } => not_before.unwrap_or_default(),
        };
        let Some(delay) = self.delay(retries.saturating_add(1), chance) else {
            return Next::Exhausted;
        };
        Next::RetryAt(later(ended, delay.max(not_before)))
    }
}

impl Default for RetryPolicy {
    /// Five retries over three hours, for a webhook whose contract no longer exists.
    fn default() -> Self {
        let plan = Plan::Schedule([60, 300, 900, 3600, 7200].map(Duration::from_secs).to_vec());
        Self { plan, jitter: 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn policy(json: &str) -> RetryPolicy {
        RetryPolicy::read("", json).unwrap()
    }

    fn delays(json: &str) -> Vec<u64> {
        let policy = policy(json);
        (1..=MAX_RETRIES + 1)
            .map_while(|n| policy.delay(n, 0.5))
            .map(|d| u64::try_from(d.as_millis()).unwrap())
            .collect()
    }

    #[test]
    fn each_policy_has_its_delays() {
        for (json, expected) in [
            (r#""none""#, vec![]),
            // Half of the jitter of a preset.
            (r#""quick""#, vec![5_250, 15_750, 63_000, 126_000, 315_000]),
            (
                r#"{"maxRetries":5,"initialDelay":500,"multiplier":1.5}"#,
                vec![500, 750, 1_125, 1_688, 2_531],
            ),
            (r#"{"schedule":[1,300,43200,86400]}"#, vec![1_000, 300_000, 43_200_000, 86_400_000]),
            (r#"{"schedule":[]}"#, vec![]),
            (
                r#"{"strategy":"linear","initialDelay":1000,"maxRetries":4,"maxDelay":2500}"#,
                vec![1_000, 2_000, 2_500, 2_500],
            ),
            (r#"{"strategy":"fixed","initialDelay":700,"maxRetries":2}"#, vec![700, 700]),
            (r#"{"maxRetries":0,"retryDelay":0}"#, vec![]),
        ] {
            assert_eq!(delays(json), expected, "{json}");
        }
    }

    #[test]
    fn a_retry_after_counts_where_it_is_later() {
        let now: Timestamp = "2024-01-15T10:30:00Z".parse().unwrap();
        let policy = policy(r#"{"schedule":[10]}"#);
        let after = |s| Verdict::Retry { not_before: Some(Duration::from_secs(s)) };
        let at = |s: i64| Next::RetryAt(Timestamp::from_second(now.as_second() + s).unwrap());
        assert_eq!(policy.next(0, after(3), now, 0.0), at(10));
        assert_eq!(policy.next(0, after(30), now, 0.0), at(30));
        assert_eq!(policy.next(0, Verdict::Retry { not_before: None }, now, 0.0), at(10));
        assert_eq!(policy.next(1, after(30), now, 0.0), Next::Exhausted);
        assert_eq!(policy.next(0, Verdict::Success, now, 0.0), Next::Delivered);
        assert_eq!(policy.next(0, Verdict::Gone, now, 0.0), Next::Gone);
        assert_eq!(policy.next(0, Verdict::Broken, now, 0.0), Next::Broken);
    }

    proptest! {
        #[test]
        fn jitter_by_default_lengthens_a_presets_delays_by_up_to_a_tenth(
            preset in 0..PRESETS.len(), retries in 0..12u8, chance in -1.0..2.0f64,
            wait in proptest::option::of(0..=86_400u64),
        ) {
            let policy = PRESETS[preset].policy();
            let Plan::Schedule(printed) = policy.plan() else { panic!("a preset is a schedule") };
            let ended: Timestamp = "2024-01-15T10:30:00Z".parse().unwrap();
            let not_before = wait.map(Duration::from_secs);
            match (policy.next(retries, Verdict::Retry { not_before }, ended, chance), printed.get(usize::from(retries))) {
                (Next::RetryAt(at), Some(printed)) => {
                    let delay = Duration::try_from(at.duration_since(ended)).unwrap();
                    let asked = not_before.unwrap_or_default();
                    prop_assert!(delay >= *printed, "{:?} before {:?}", delay, printed);
                    prop_assert!(delay >= asked, "a Retry-After is never shortened");
                    let most = printed.mul_f64(1.0 + PRESET_JITTER).min(MAX_DELAY);
                    prop_assert!(delay <= most.max(asked), "{:?} over {:?}", delay, most);
                }
                (next, printed) => prop_assert!(next == Next::Exhausted && printed.is_none()),
            }
        }

        #[test]
        fn chance_spreads_the_delays_of_a_preset(chance in 0.0..0.9f64) {
            let policy = RetryPolicy::preset("standard-webhooks").unwrap();
            let [early, late] = [chance, chance + 0.1].map(|chance| policy.delay(2, chance).unwrap());
            prop_assert!(late >= early + Duration::from_secs(2), "{:?} and {:?}", early, late);
        }

        #[test]
        fn no_delay_is_over_a_day_whatever_the_policy(
            strategy in 0..3usize, initial in 100..86_400_000u64, multiplier in 1.0..100.0f64,
            max in 1_000..86_400_000u64, retries in 0..=10u8, jitter in 0.0..=1.0f64,
            retry: u8, chance in 0.0..1.0f64,
        ) {
            let strategy = ["fixed", "linear", "exponential"][strategy];
            let policy = policy(&format!(
                r#"{{"strategy":"{strategy}","initialDelay":{initial},"multiplier":{multiplier},
                    "maxDelay":{max},"maxRetries":{retries},"jitter":{jitter}}}"#));
            match policy.delay(retry, chance) {
                Some(delay) => {
                    prop_assert!(delay <= MAX_DELAY && (1..=retries).contains(&retry));
                    // Its own limit is one before chance adds its share.
                    let most = Duration::from_millis(max).mul_f64(1.0 + jitter);
                    prop_assert!(delay <= most + Duration::from_millis(1), "{:?} over {:?}", delay, most);
                }
                None => prop_assert!(retry == 0 || retry > retries),
            }
        }

        #[test]
        fn the_next_attempt_is_never_before_the_end_of_this_one_and_never_over_a_day_after(
            schedule in proptest::collection::vec(1..=86_400u64, 0..=10), jitter in 0.0..=1.0f64,
            retries: u8, chance in -1.0..2.0f64, ended in 0..4_102_444_800_000i64,
            wait in proptest::option::of(0..=86_400u64),
        ) {
            let policy = policy(&serde_json::json!({ "schedule": schedule, "jitter": jitter }).to_string());
            let ended = Timestamp::from_millisecond(ended).unwrap();
            let not_before = wait.map(Duration::from_secs);
            match policy.next(retries, Verdict::Retry { not_before }, ended, chance) {
                Next::RetryAt(at) => {
                    prop_assert!(usize::from(retries) < schedule.len());
                    let delay = Duration::try_from(at.duration_since(ended)).unwrap();
                    prop_assert!(delay <= MAX_DELAY && delay >= not_before.unwrap_or_default());
                }
                next => {
                    prop_assert_eq!(next, Next::Exhausted);
                    prop_assert!(usize::from(retries) >= schedule.len());
                }
            }
        }

        #[test]
        fn a_policy_reads_back_as_it_was_written(
            initial in 100..86_400_000u64, multiplier in 1.0..100.0f64, retries in 1..=10u8,
            schedule in proptest::collection::vec(1..86_400u64, 0..10),
        ) {
            for json in [
                format!(r#"{{"initialDelay":{initial},"multiplier":{multiplier},"maxRetries":{retries}}}"#),
                serde_json::json!({ "schedule": schedule, "jitter": 0.25 }).to_string(),
            ] {
                let policy = policy(&json);
                let again = RetryPolicy::read("", &policy.to_json().to_string()).unwrap();
                prop_assert_eq!(again, policy);
            }
        }
    }
}
