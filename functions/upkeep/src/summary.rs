use std::ops::{Add, AddAssign};

use hooklane_domain::canary::Sighting;
use hooklane_domain::metrics::{Figures, Metric};
use serde::Serialize;

/// What a run did. It is the answer of the function, and one line of the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Webhooks that were looked at.
    pub looked: u64,
    /// Parked deliveries that were sent again, probes included.
    pub released: u64,
    /// Parked deliveries that were cancelled because their tenant discarded them.
    pub discarded: u64,
    /// Deliveries that got a new message because theirs was lost.
    pub swept: u64,
    /// Deliveries that recoveries sent.
    pub recovered: u64,
    /// Operational events that were published.
    pub reported: u64,
    /// Webhooks that were disabled.
    pub disabled: u64,
    /// Webhooks for which another look could do more at once.
    pub unfinished: u64,
    /// Webhooks that could not be looked at.
    pub failed: u64,
    /// Webhooks that were not looked at, because that has ended the function too often.
    pub put_off: u64,
    /// What the newest canary says; nothing before the first one was seen, and where none are sent.
    pub canary: Option<Sighting>,
}

impl Add for Summary {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            looked: self.looked + other.looked,
            released: self.released + other.released,
            discarded: self.discarded + other.discarded,
            swept: self.swept + other.swept,
            recovered: self.recovered + other.recovered,
            reported: self.reported + other.reported,
            disabled: self.disabled + other.disabled,
            unfinished: self.unfinished + other.unfinished,
            failed: self.failed + other.failed,
            put_off: self.put_off + other.put_off,
            canary: other.canary.or(self.canary),
        }
    }
}

impl AddAssign for Summary {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Summary {
    /// Logs the run, with what else it has measured.
    pub(crate) fn log(&self, measured: Figures) {
        let mut figures = Figures::default()
            .with(Metric::DeadLetters, 0)
            .with(Metric::RunCompleted, 1)
            .with(Metric::Released, self.released)
            .with(Metric::Swept, self.swept);
        if let Some(canary) = self.canary {
            figures.yes(Metric::CanaryArrived, canary.arrived);
        }
        figures.extend(measured);
        tracing::info!(
            run.looked = self.looked,
            run.released = self.released,
            run.discarded = self.discarded,
            run.swept = self.swept,
            run.recovered = self.recovered,
            run.reported = self.reported,
            run.disabled = self.disabled,
            run.unfinished = self.unfinished,
            run.failed = self.failed,
            run.put_off = self.put_off,
            run.canary_arrived = self.canary.map(|canary| u8::from(canary.arrived)),
            run.canary_seconds = self.canary.and_then(|canary| canary.seconds()),
            metrics = %figures,
            "run.done"
        );
    }
}
