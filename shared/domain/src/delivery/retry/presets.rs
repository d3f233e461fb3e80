//! Retry policies that have a name.

use std::time::Duration;

use super::{Plan, RetryPolicy};
use crate::json::fields::{FieldErrors, Fields};

/// A policy that any webhook may name. A contract may have more, of its platform guide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preset {
    pub name: &'static str,
    /// The seconds before each retry.
    schedule: &'static [u64],
}

/// The jitter of every preset with a delay, as *Standard Webhooks 1.0*, "Deliverability and reliability", asks
/// for: what failed together is not retried together. A delay is never shorter than its preset says.
pub const PRESET_JITTER: f64 = 0.1;

const DAY: u64 = 24 * 3600;

/// Every preset, the shortest first.
pub const PRESETS: [Preset; 4] = [
    Preset { name: "none", schedule: &[] },
    Preset { name: "quick", schedule: &[5, 15, 60, 120, 300] },
    // The example schedule of Standard Webhooks 1.0.
    Preset {
        name: "standard-webhooks",
        schedule: &[5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, DAY],
    },
    Preset {
        name: "patient",
        schedule: &[60, 300, 1_800, 7_200, 21_600, 43_200, DAY, DAY, DAY, DAY],
    },
];

impl Preset {
    #[must_use]
    pub fn policy(&self) -> RetryPolicy {
        let delays: Vec<_> = self.schedule.iter().copied().map(Duration::from_secs).collect();
        let jitter = if delays.is_empty() { 0.0 } else { PRESET_JITTER };
        RetryPolicy { plan: Plan::Schedule(delays), jitter }
    }
}

impl RetryPolicy {
    /// The name of the preset that this policy is, if it is one.
    #[must_use]
    pub fn preset_name(&self) -> Option<&'static str> {
        PRESETS.iter().find(|preset| preset.policy() == *self).map(|preset| preset.name)
    }

    /// The preset of this name.
    #[must_use]
    pub fn preset(name: &str) -> Option<Self> {
        PRESETS.iter().find(|preset| preset.name == name).map(Preset::policy)
    }

    /// The time from the first attempt to the last one, without jitter and without what the attempts
    /// themselves take.
    #[must_use]
    pub fn span(&self) -> Duration {
        (1..=self.max_retries()).filter_map(|retry| self.delay(retry, 0.0)).sum()
    }

    /// Whether it gives up so early that a receiver which restarts misses the event.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.span() <= Duration::from_secs(60)
    }

    /// What it does in a few words, such as `3 retries in 7 s`.
    #[must_use]
    pub fn summary(&self) -> String {
        match self.max_retries() {
            0 => "no retry".to_owned(),
            1 => format!("1 retry after {}", in_words(self.span())),
            retries => format!("{retries} retries in {}", in_words(self.span())),
        }
    }
}

/// A policy that is written as the name of a preset, which need not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPreset {
    pub name: String,
    /// Where the name stands in the body.
    path: String,
    /// What a wrong name is told first.
    expected: &'static str,
}

impl NamedPreset {
    /// Reads `"quick"` or `{"preset": "quick"}`; `None` if the policy is written in another way.
    pub fn read(path: &str, json: &str) -> Result<Option<Self>, FieldErrors> {
        if let Ok(name) = serde_json::from_str(json) {
            let expected = "must be an object or one of";
            return Ok(Some(Self { name, path: path.to_owned(), expected }));
        }
        let mut fields = Fields::of(path, json)?;
        let Some(field) = fields.take(&["preset"]) else { return Ok(None) };
        // With a preset, every other field would be ignored, so it is a mistake.
        for (other, value) in fields.take_rest() {
            if value.get() != "null" {
                fields.error(&other, "cannot be combined with preset");
            }
        }
        let name = serde_json::from_str(field.raw.get());
        if name.is_err() {
            fields.error("preset", "must be the name of a preset");
        }
        fields.finish()?;
        let expected = "must be one of";
        Ok(name.ok().map(|name| Self { name, path: field.path, expected }))
    }

    /// The mistake that there is no such preset, but `choices`.
    #[must_use]
    pub fn unknown(&self, choices: &str) -> FieldErrors {
        FieldErrors::one(self.path.as_str(), format!("{} {choices}", self.expected))
    }
}

/// The presets' names, each with its summary.
#[must_use]
pub fn presets_in_words() -> String {
    let one = |preset: &Preset| format!("{} ({})", preset.name, preset.policy().summary());
    PRESETS.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// A duration as `3 d 3 h 35 min 5 s`, rounded to seconds.
fn in_words(duration: Duration) -> String {
    let seconds = (duration.as_millis() + 500) / 1000;
    let parts = [
        (seconds / 86_400, "d"),
        (seconds / 3_600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let parts: Vec<_> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    if parts.is_empty() { "less than a second".to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_preset_does_what_is_said_of_it() {
        let said = [
            ("none", "no retry", 0),
            ("quick", "5 retries in 8 min 20 s", 500),
            ("standard-webhooks", "9 retries in 3 d 3 h 35 min 5 s", 272_105),
            ("patient", "10 retries in 4 d 20 h 36 min", 419_760),
        ];
        let presets = PRESETS.map(|preset| {
            let policy = preset.policy();
            (preset.name, policy.summary(), policy.span().as_secs())
        });
        assert_eq!(presets, said.map(|(name, summary, span)| (name, summary.to_owned(), span)));
        assert!(
            presets_in_words().starts_with("none (no retry), quick (5 retries in 8 min 20 s), ")
        );
    }

    #[test]
    fn a_policy_that_ends_within_a_minute_is_short() {
        for (json, summary, short) in [
            (r#"{"schedule":[]}"#, "no retry", true),
            (r#"{"maxRetries":0}"#, "no retry", true),
            (r#"{"schedule":[60]}"#, "1 retry after 1 min", true),
            (r#"{"schedule":[61]}"#, "1 retry after 1 min 1 s", false),
            (r#"{"schedule":[30,30]}"#, "2 retries in 1 min", true),
            (r#"{"schedule":[30,31]}"#, "2 retries in 1 min 1 s", false),
            // Jitter may add to the delays, but it need not.
            (r#"{"schedule":[30,30],"jitter":1}"#, "2 retries in 1 min", true),
            (r#"{"maxRetries":3,"initialDelay":1000,"multiplier":2}"#, "3 retries in 7 s", true),
            (
                r#"{"strategy":"fixed","maxRetries":1,"initialDelay":100}"#,
                "1 retry after less than a second",
                true,
            ),
            // A back-off ends with its computed delays, cut to the largest.
            (
                r#"{"maxRetries":10,"initialDelay":2000,"multiplier":2,"maxDelay":6000}"#,
                "10 retries in 54 s",
                true,
            ),
        ] {
            let policy = RetryPolicy::read("", json).unwrap();
            assert_eq!((policy.summary().as_str(), policy.is_short()), (summary, short), "{json}");
        }
        for preset in PRESETS {
            assert_eq!(preset.policy().is_short(), preset.name == "none", "{}", preset.name);
        }
    }
}
