//! What the functions measure, and which figures an attempt yields. `docs/metrics.md` explains each metric.
//!
//! A rate is the average of values that are 0 or 1, so that an alarm needs no metric math. A function
//! collects the [`Figures`] of a batch or a run and logs them with its summary, and
//! `hooklane_aws::telemetry` turns that line into CloudWatch's embedded metric format.

mod attempted;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::delivery::waiting::Lane;

pub use attempted::Attempted;

/// What is measured. CloudWatch charges for each metric and combination of dimensions, so there are few.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// 1 or 0 for each attempt at a webhook whose circuit is closed: whether the receiver answered 2xx.
    DeliverySucceeded,
    /// The duration of each of these attempts.
    ResponseTime,
    /// 1 or 0 for each delivery, at its first attempt: whether it needs a retry.
    Retried,
    /// 1 or 0 for each delivery that ends by an attempt: whether it has failed for good.
    Failed,
    /// From the acceptance of the event to the start of the first attempt, if nothing held the delivery.
    FirstAttemptDelay,
    /// Messages, records or deliveries that a function put into a dead-letter queue.
    DeadLetters,
    /// Events that were accepted, without duplicates.
    EventsAccepted,
    /// Events of which every message was sent.
    EventsFannedOut,
    /// Messages to delivery that were sent for new events.
    DeliveriesQueued,
    /// From the acceptance of an event to its fan-out.
    FanoutDelay,
    /// 1 for each run of `upkeep` that ended.
    RunCompleted,
    /// Parked deliveries that were sent again.
    Released,
    /// Deliveries that got a new message because theirs was lost.
    Swept,
    /// Messages in flight in the retry queue, as `upkeep` measured them.
    InFlight,
    /// 1 or 0: whether the brake is on.
    BrakeOn,
    /// 1 or 0 for each canary that is due: whether it arrived in time.
    CanaryArrived,
}

impl Metric {
    pub const ALL: [Self; 16] = [
        Self::DeliverySucceeded,
        Self::ResponseTime,
        Self::Retried,
        Self::Failed,
        Self::FirstAttemptDelay,
        Self::DeadLetters,
        Self::EventsAccepted,
        Self::EventsFannedOut,
        Self::DeliveriesQueued,
        Self::FanoutDelay,
        Self::RunCompleted,
        Self::Released,
        Self::Swept,
        Self::InFlight,
        Self::BrakeOn,
        Self::CanaryArrived,
    ];

    /// The name in CloudWatch. An alarm of `template.yaml` names it too.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::DeliverySucceeded => "DeliverySucceeded",
            Self::ResponseTime => "ResponseTime",
            Self::Retried => "Retried",
            Self::Failed => "Failed",
            Self::FirstAttemptDelay => "FirstAttemptDelay",
            Self::DeadLetters => "DeadLetters",
            Self::EventsAccepted => "EventsAccepted",
            Self::EventsFannedOut => "EventsFannedOut",
            Self::DeliveriesQueued => "DeliveriesQueued",
            Self::FanoutDelay => "FanoutDelay",
            Self::RunCompleted => "RunCompleted",
            Self::Released => "Released",
            Self::Swept => "Swept",
            Self::InFlight => "InFlight",
            Self::BrakeOn => "BrakeOn",
            Self::CanaryArrived => "CanaryArrived",
        }
    }

    /// The metric of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.name() == name)
    }

    /// The unit in CloudWatch (Amazon CloudWatch API Reference, "MetricDatum").
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Self::ResponseTime | Self::FirstAttemptDelay | Self::FanoutDelay => "Milliseconds",
            _ => "Count",
        }
    }

    /// Whether it is also kept for each lane.
    #[must_use]
    pub fn is_by_lane(self) -> bool {
        matches!(self, Self::DeliverySucceeded | Self::ResponseTime)
    }

    /// Whether the values of a batch are added up. Those of the others are kept one by one, for averages
    /// and percentiles.
    #[must_use]
    pub fn is_sum(self) -> bool {
        matches!(
            self,
            Self::DeadLetters
                | Self::EventsAccepted
                | Self::EventsFannedOut
                | Self::DeliveriesQueued
                | Self::RunCompleted
                | Self::Released
                | Self::Swept
        )
    }
}

/// The figures of a batch or a run. Their text is the value of the field `metrics` of a log line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    lane: Option<&'static str>,
    values: BTreeMap<Metric, Vec<u64>>,
}

/// The key of the lane in the text of [`Figures`].
pub const LANE: &str = "lane";

impl Figures {
    /// Figures of messages of this lane.
    #[must_use]
    pub fn of_lane(lane: Option<Lane>) -> Self {
        Self { lane: lane.map(Lane::as_str), values: BTreeMap::new() }
    }

    /// Adds a value: to the sum, if the metric is one.
    pub fn add(&mut self, metric: Metric, value: u64) {
        let values = self.values.entry(metric).or_default();
        match values.first_mut() {
            Some(sum) if metric.is_sum() => *sum = sum.saturating_add(value),
            _ => values.push(value),
        }
    }

    /// The same with this value.
    #[must_use]
    pub fn with(mut self, metric: Metric, value: u64) -> Self {
        self.add(metric, value);
        self
    }

    /// Adds a time, in whole milliseconds.
    pub fn time(&mut self, metric: Metric, time: Duration) {
        self.add(metric, u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
    }

    /// Adds 1 for yes, 0 for no.
    pub fn yes(&mut self, metric: Metric, yes: bool) {
        self.add(metric, u64::from(yes));
    }

    /// Adds the values of others. The lane stays.
    pub fn extend(&mut self, others: Self) {
        for (metric, values) in others.values {
            for value in values {
                self.add(metric, value);
            }
        }
    }

    /// Whether nothing was measured.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The values of a metric, in the order in which they were added.
    #[must_use]
    pub fn of(&self, metric: Metric) -> &[u64] {
        self.values.get(&metric).map_or(&[], Vec::as_slice)
    }
}

/// A JSON object: each metric's values under its name, and the lane if there is one.
impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut object = serde_json::Map::new();
        if let Some(lane) = self.lane {
            object.insert(LANE.to_owned(), lane.into());
        }
        for (metric, values) in &self.values {
            object.insert(metric.name().to_owned(), values.as_slice().into());
        }
        serde_json::Value::Object(object).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_metric_has_one_name_of_its_own() {
        for metric in Metric::ALL {
            assert_eq!(Metric::named(metric.name()), Some(metric));
            assert!(metric.name().starts_with(|c: char| c.is_ascii_uppercase()), "{metric:?}");
        }
        assert_eq!(Metric::named("Deliveries"), None);
    }

    #[test]
    fn counts_are_added_up_and_the_rest_is_kept_one_by_one() {
        let mut figures = Figures::of_lane(Some(Lane::Slow));
        for value in [2, 3] {
            figures.add(Metric::DeadLetters, value);
            figures.add(Metric::FanoutDelay, value);
        }
        figures.yes(Metric::BrakeOn, false);
        figures.yes(Metric::BrakeOn, true);
        assert_eq!(figures.of(Metric::DeadLetters), [5]);
        assert_eq!(figures.of(Metric::FanoutDelay), [2, 3]);
        assert_eq!(figures.of(Metric::BrakeOn), [0, 1]);
        assert!(figures.of(Metric::Swept).is_empty());

        let mut all = Figures::default().with(Metric::DeadLetters, 1);
        all.extend(figures);
        assert_eq!(all.of(Metric::DeadLetters), [6]);
        assert_eq!(all.to_string(), r#"{"DeadLetters":[6],"FanoutDelay":[2,3],"BrakeOn":[0,1]}"#);
    }

    #[test]
    fn the_text_names_the_lane_and_times_are_whole_milliseconds() {
        let mut figures = Figures::of_lane(Some(Lane::Fast));
        figures.time(Metric::ResponseTime, Duration::from_micros(5_999));
        assert_eq!(figures.to_string(), r#"{"lane":"fast","ResponseTime":[5]}"#);
    }
}
