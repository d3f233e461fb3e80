//! What the portal shows of a webhook under the names of a platform guide: the guide's metrics, the alerts that it sets
//! on them, and what it calls the log of attempts.

use hooklane_domain::figures::Bucket;
use hooklane_domain::figures::series::Metric;

mod load;

pub(crate) use load::PortalTable;

/// The `[portal]` part of a contract.
#[derive(Debug, Clone, PartialEq)]
pub struct PortalWords {
    title: String,
    metrics: Vec<NamedMetric>,
    log: Option<String>,
}

impl PortalWords {
    /// What the guide calls its metrics.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    #[must_use]
    pub fn metrics(&self) -> &[NamedMetric] {
        &self.metrics
    }

    /// What the guide calls the log of attempts.
    #[must_use]
    pub fn log(&self) -> Option<&str> {
        self.log.as_deref()
    }
}

/// A metric of the guide.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedMetric {
    pub name: String,
    pub measure: Measure,
    pub alert: Option<Alert>,
}

/// What a metric of a guide stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// A figure, by its word in `GET …/stats/series`.
    Figure(Metric),
    /// `health`: how well the receiver works, by the thresholds of `GET …/health`.
    Health,
    /// `errors`: why attempts failed.
    Errors,
    /// `lastAttempt`: when the last attempt was.
    LastAttempt,
}

/// What a guide wants to be told.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    pub name: String,
    pub bound: Bound,
}

/// Where an alert begins. The bound itself is still well.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    Below(f64),
    Above(f64),
}

/// Whether an alert is raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertState {
    Raised,
    Quiet,
    /// There is nothing to judge by.
    NoData,
}

impl Alert {
    /// Its state for a value of its metric.
    #[must_use]
    pub fn state(&self, value: Option<f64>) -> AlertState {
        let Some(value) = value else { return AlertState::NoData };
        let is_raised = match self.bound {
            Bound::Below(bound) => value < bound,
            Bound::Above(bound) => value > bound,
        };
        if is_raised { AlertState::Raised } else { AlertState::Quiet }
    }
}

impl NamedMetric {
    /// The state of its alert, if it has one, for what was counted.
    #[must_use]
    pub fn alert_state(&self, counted: &Bucket) -> Option<AlertState> {
        let Measure::Figure(metric) = self.measure else { return None };
        self.alert.as_ref().map(|alert| alert.state(metric.of(counted)))
    }
}
