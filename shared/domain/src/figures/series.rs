//! One figure over time.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use super::Bucket;
use super::report::Report;
use super::settled::Minute;
use crate::delivery::Status;
use crate::words;

/// A figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Events that were accepted in the step, whoever wanted them. Only tenants have them.
    Events,
    /// Deliveries whose events were accepted in the step.
    Deliveries,
    Delivered,
    Failed,
    Cancelled,
    Waiting,
    Attempts,
    FailedAttempts,
    Retries,
    SlotWaits,
    SuccessRate,
    FailureRate,
    RetryRate,
    AverageAttempts,
    AverageLatency,
    P50,
    P95,
    P99,
}

impl Metric {
    pub const ALL: [Self; 18] = [
        Self::Events,
        Self::Deliveries,
        Self::Delivered,
        Self::Failed,
        Self::Cancelled,
        Self::Waiting,
        Self::Attempts,
        Self::FailedAttempts,
        Self::Retries,
        Self::SlotWaits,
        Self::SuccessRate,
        Self::FailureRate,
        Self::RetryRate,
        Self::AverageAttempts,
        Self::AverageLatency,
        Self::P50,
        Self::P95,
        Self::P99,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Deliveries => "deliveries",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Waiting => "waiting",
            Self::Attempts => "attempts",
            Self::FailedAttempts => "failedAttempts",
            Self::Retries => "retries",
            Self::SlotWaits => "slotWaits",
            Self::SuccessRate => "successRate",
            Self::FailureRate => "failureRate",
            Self::RetryRate => "retryRate",
            Self::AverageAttempts => "averageAttempts",
            Self::AverageLatency => "averageLatencyMs",
            Self::P50 => "p50Ms",
            Self::P95 => "p95Ms",
            Self::P99 => "p99Ms",
        }
    }

    /// Its value; `None` where there is nothing to divide by.
    #[must_use]
    pub fn of(self, bucket: &Bucket) -> Option<f64> {
        let count = match self {
            Self::Events => bucket.events(),
            Self::Deliveries => bucket.accepted(),
            Self::Delivered => bucket.with(Status::Delivered),
            Self::Failed => bucket.with(Status::Failed),
            Self::Cancelled => bucket.with(Status::Cancelled),
            Self::Waiting => bucket.waiting(),
            Self::Attempts => bucket.attempts(),
            Self::FailedAttempts => bucket.failed_attempts(),
            Self::Retries => bucket.retries(),
            Self::SlotWaits => bucket.slot_waits(),
            Self::SuccessRate => return bucket.delivery_rate(),
            Self::FailureRate => return bucket.error_rate(),
            Self::RetryRate => return bucket.retry_rate(),
            Self::AverageAttempts => return bucket.average_attempts(),
            Self::AverageLatency => return bucket.average_duration(),
            Self::P50 => return bucket.percentile(50).map(f64::from),
            Self::P95 => return bucket.percentile(95).map(f64::from),
            Self::P99 => return bucket.percentile(99).map(f64::from),
        };
        Some(float(count))
    }
}

impl FromStr for Metric {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        words::parse(Self::ALL, Self::as_str, text)
    }
}

/// What a figure is told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Deliveries by their status.
    Status,
    /// Events, deliveries, delivered ones or attempts by the type of the event.
    EventType,
    /// Failed attempts by what failed.
    Error,
}

impl By {
    pub const ALL: [Self; 3] = [Self::Status, Self::EventType, Self::Error];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::EventType => "eventType",
            Self::Error => "error",
        }
    }

    /// Whether the figure is counted by this.
    #[must_use]
    pub fn fits(self, metric: Metric) -> bool {
        match self {
            Self::Status => metric == Metric::Deliveries,
            Self::EventType => {
                matches!(
                    metric,
                    Metric::Events | Metric::Deliveries | Metric::Delivered | Metric::Attempts
                )
            }
            Self::Error => metric == Metric::FailedAttempts,
        }
    }

    fn counts(self, metric: Metric, bucket: &Bucket) -> BTreeMap<String, u64> {
        match self {
            Self::Status => {
                Status::ALL.map(|status| (status.as_str().to_owned(), bucket.with(status))).into()
            }
            Self::EventType => {
                let of = |counts: super::bucket::TypeCounts| match metric {
                    Metric::Delivered => counts.delivered,
                    Metric::Attempts => counts.attempts,
                    _ => counts.total,
                };
                let name = |name: Option<&crate::ids::EventType>| {
                    name.map_or_else(|| OTHERS.to_owned(), ToString::to_string)
                };
                if metric == Metric::Events {
                    let events = bucket.events_by_type();
                    return events.map(|(event_type, count)| (name(event_type), count)).collect();
                }
                bucket.types().map(|(event_type, counts)| (name(event_type), of(counts))).collect()
            }
            Self::Error => {
                bucket.failures().map(|(failure, count)| (failure.to_string(), count)).collect()
            }
        }
    }
}

/// The name of all event types that are not told apart. No event type has it.
const OTHERS: &str = "*";

impl FromStr for By {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        words::parse(Self::ALL, Self::as_str, text)
    }
}

/// A figure over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What it is of; absent if it is not told apart.
    pub name: Option<String>,
    /// Its value in each step of the report, in order.
    pub values: Vec<Option<f64>>,
}

/// The lines of a figure, and the steps that they share.
#[must_use]
pub fn lines(report: &Report, metric: Metric, by: Option<By>) -> (Vec<Minute>, Vec<Line>) {
    let steps = report.steps();
    let lines = match by {
        None => {
            let values = steps.iter().map(|(_, bucket)| metric.of(bucket)).collect();
            vec![Line { name: None, values }]
        }
        Some(by) => {
            let counts: Vec<_> =
                steps.iter().map(|(_, bucket)| by.counts(metric, bucket)).collect();
            let names: BTreeSet<_> = counts.iter().flat_map(BTreeMap::keys).cloned().collect();
            let line = |name: String| {
                let of = |counts: &BTreeMap<String, u64>| counts.get(&name).copied().unwrap_or(0);
                let values = counts.iter().map(|counts| Some(float(of(counts)))).collect();
                Line { name: Some(name), values }
            };
            names.into_iter().map(line).collect()
        }
    };
    (steps.into_iter().map(|(at, _)| at).collect(), lines)
}

#[expect(clippy::cast_precision_loss, reason = "counts of deliveries are far below 2^52")]
fn float(count: u64) -> f64 {
    count as f64
}
