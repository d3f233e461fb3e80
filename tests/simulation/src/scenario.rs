//! What is simulated: who publishes how much, which receivers fail, and what is done about it.

use std::time::Duration;

use hooklane_domain::isolation::circuit::Thresholds;

use crate::deployment::Deployment;
use crate::time::{HOUR, Millis};

/// One run. Runs of the same seed have the same healthy traffic, event by event.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    pub name: &'static str,
    pub seed: u64,
    /// The number of webhooks whose receivers answer …
    pub healthy: u16,
    /// … and the events that each of them gets a second.
    pub healthy_rate: f64,
    pub failing: Failing,
    /// The receiver that does not answer, where there is one.
    pub dead: Option<Dead>,
    pub isolation: Isolation,
    pub deployment: Deployment,
    /// Events are published up to this time. Afterwards what is left is delivered.
    pub publishes_until: Millis,
    /// The run ends this long after that at the latest.
    pub patience: Millis,
}

/// A receiver that does not answer for a time, and well before and after it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dead {
    pub from: Millis,
    pub until: Millis,
    /// Events a second, all the time.
    pub rate: f64,
}

/// How the other receivers fail.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Failing {
    Never,
    /// This share of attempts is answered with 500, each by itself.
    Attempts(f64),
    /// Each receiver fails for this share of the time, some minutes at a time.
    Outages {
        share: f64,
        mean: Millis,
        how: Outage,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outage {
    /// Every attempt is answered with 503.
    Refuses,
    /// No attempt is answered before its time limit.
    Silent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    On,
    /// Nothing but SQS's fair queues: no circuit, no lane, no parking.
    FairQueues,
    /// Nothing at all.
    Off,
}

impl Isolation {
    /// Those of the deployment, or ones that no receiver reaches.
    #[must_use]
    pub fn thresholds(self, deployed: Thresholds) -> Thresholds {
        match self {
            Self::On => deployed,
            Self::FairQueues | Self::Off => Thresholds {
                failures: u32::MAX,
                slow_response: Duration::MAX,
                disable_after: Duration::MAX,
                ..deployed
            },
        }
    }

    #[must_use]
    pub fn has_fair_queues(self) -> bool {
        self != Self::Off
    }

    /// Whether `upkeep` runs, which also measures the brake.
    #[must_use]
    pub fn has_upkeep(self) -> bool {
        self == Self::On
    }
}

impl Scenario {
    /// 1,000 healthy webhooks with a hundred events a second between them, which keep a quarter of the
    /// first attempts' instances busy.
    #[must_use]
    pub fn control(seed: u64, publishes_until: Millis) -> Self {
        Self {
            name: "control",
            seed,
            healthy: 1_000,
            healthy_rate: 0.1,
            failing: Failing::Never,
            dead: None,
            isolation: Isolation::On,
            deployment: Deployment::of_scale("medium"),
            publishes_until,
            patience: 24 * HOUR,
        }
    }

    /// The same beside a receiver that gets 50 events a second and does not answer.
    #[must_use]
    pub fn with_dead(self, name: &'static str, from: Millis, until: Millis) -> Self {
        Self { name, dead: Some(Dead { from, until, rate: 50.0 }), ..self }
    }
}
