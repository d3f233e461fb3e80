//! A webhook's metrics as the platform guide of its tenant names them, with the guide's alerts.

use hooklane_contract::portal::{AlertState, Bound, Measure, NamedMetric, PortalWords};
use hooklane_domain::delivery::statistics::{Condition, Figures as Statistics};
use hooklane_domain::figures::Bucket;
use hooklane_domain::figures::series::Metric;

use crate::words::{self, Said};
use crate::written::{Html, Writer, seen};

pub(super) struct Guide {
    pub(super) title: String,
    pub(super) rows: Vec<Row>,
}

pub(super) struct Row {
    pub(super) name: String,
    pub(super) value: Html,
    pub(super) alert: Option<Said>,
}

impl Guide {
    pub(super) fn new(words: &PortalWords, counted: &Bucket, writer: &Writer) -> Self {
        let statistics = counted.figures();
        let row = |metric: &NamedMetric| Row {
            name: metric.name.clone(),
            value: value(metric.measure, counted, &statistics, writer),
            alert: alert(metric, counted, writer),
        };
        Self { title: words.title().to_owned(), rows: words.metrics().iter().map(row).collect() }
    }

    pub(super) fn has_alerts(&self) -> bool {
        self.rows.iter().any(|row| row.alert.is_some())
    }
}

fn value(measure: Measure, counted: &Bucket, statistics: &Statistics, writer: &Writer) -> Html {
    let none = || Html("<span class=\"quiet\">none</span>".to_owned());
    match measure {
        Measure::Figure(metric) => {
            metric.of(counted).map_or_else(none, |value| seen(&written(metric, value, writer)))
        }
        Measure::Health => match Condition::of(statistics) {
            Condition::Unknown => none(),
            condition => seen(condition.as_str()),
        },
        Measure::Errors => match statistics.by_failure.first() {
            None => none(),
            Some((failure, count)) => {
                let most = words::failure(*failure);
                let all = writer.count(statistics.failed_attempts, "attempt", "attempts");
                let times = writer.number(*count);
                Html(format!(
                    "<a href=\"#errors\">{all} failed</a>, most often: {} ({times})",
                    seen(&most)
                ))
            }
        },
        Measure::LastAttempt => statistics.last_attempt_at.map_or_else(none, |at| writer.time(at)),
    }
}

/// A figure in its unit.
fn written(metric: Metric, value: f64, writer: &Writer) -> String {
    match metric {
        Metric::SuccessRate | Metric::FailureRate | Metric::RetryRate => writer.percent(value),
        Metric::AverageLatency => format!("{} on average", milliseconds(value, writer)),
        Metric::P50 | Metric::P95 | Metric::P99 => milliseconds(value, writer),
        Metric::AverageAttempts => writer.tenths(value),
        Metric::Events
        | Metric::Deliveries
        | Metric::Delivered
        | Metric::Failed
        | Metric::Cancelled
        | Metric::Waiting
        | Metric::Attempts
        | Metric::FailedAttempts
        | Metric::Retries
        | Metric::SlotWaits => writer.number(whole(value)),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count or a time is no less than zero, and far below 2^52"
)]
fn whole(value: f64) -> u64 {
    value.round() as u64
}

fn milliseconds(value: f64, writer: &Writer) -> String {
    writer.took(u32::try_from(whole(value)).unwrap_or(u32::MAX))
}

/// The alert that the guide sets on a metric.
fn alert(metric: &NamedMetric, counted: &Bucket, writer: &Writer) -> Option<Said> {
    let (alert, state) = (metric.alert.as_ref()?, metric.alert_state(counted)?);
    let Measure::Figure(figure) = metric.measure else { return None };
    let of = |bound| {
        writer.round(&match figure {
            Metric::AverageLatency => milliseconds(bound, writer),
            figure => written(figure, bound, writer),
        })
    };
    let bound = match alert.bound {
        Bound::Below(bound) => format!("under {}", of(bound)),
        Bound::Above(bound) => format!("over {}", of(bound)),
    };
    let why = format!("{}: {bound}", seen(&alert.name));
    Some(match state {
        AlertState::Raised => Said::new("Alert", "failing", "bad", why),
        AlertState::Quiet => Said::new("No alert", "good", "good", why),
        AlertState::NoData => Said::new("Nothing to judge", "off", "off", why),
    })
}

#[cfg(test)]
mod tests {
    use hooklane_domain::Timestamp;

    use super::*;

    #[test]
    fn each_figure_is_written_in_its_unit() {
        let writer = Writer::new(None, None, Timestamp::UNIX_EPOCH);
        for (metric, value, expected) in [
            (Metric::SuccessRate, 0.9876, "98.8%"),
            (Metric::FailureRate, 0.0, "0%"),
            (Metric::RetryRate, 0.5, "50.0%"),
            (Metric::AverageLatency, 120.4, "120 ms on average"),
            (Metric::P95, 5_000.0, "5.0 s"),
            (Metric::AverageAttempts, 1.26, "1.3"),
            (Metric::Deliveries, 12_345.0, "12,345"),
            (Metric::SlotWaits, 0.0, "0"),
        ] {
            assert_eq!(written(metric, value, &writer), expected, "{metric:?}");
        }
    }
}
