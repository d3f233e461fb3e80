use hooklane_domain::figures::report::Report;
use hooklane_domain::figures::series::{By, Line, Metric, lines};
use hooklane_domain::figures::settled::Minute;
use serde::Serialize;
use utoipa::ToSchema;

use super::time;
use crate::http::parameters::{SeriesBy, SeriesMetric, SeriesStep};

/// One figure over time.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Series)]
pub(crate) struct SeriesView {
    #[schema(value_type = SeriesMetric, inline)]
    metric: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = SeriesBy, inline, nullable = false)]
    by: Option<&'static str>,
    #[schema(value_type = SeriesStep, inline)]
    step: &'static str,
    /// The beginning of what was counted.
    #[schema(format = DateTime)]
    since: String,
    /// The end of what was counted.
    #[schema(format = DateTime)]
    until: String,
    /// When it was read, at most 60 seconds ago.
    #[schema(example = "2026-11-27T08:00:00.000Z")]
    as_of: String,
    /// Whether not all could be counted: too much was new. Ask again.
    truncated: bool,
    lines: Vec<LineView>,
}

/// A line of a series.
#[derive(Serialize, ToSchema)]
#[schema(as = SeriesLine)]
struct LineView {
    /// What it is of, if the figure is told apart: a status, an event type (`*` for all that are not told apart),
    /// or an error: a status code, or the kind of an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    name: Option<String>,
    /// All lines have the same steps.
    points: Vec<SeriesPointView>,
}

/// The value of a line in a step.
#[derive(Serialize, ToSchema)]
#[schema(as = SeriesPoint)]
struct SeriesPointView {
    /// When the step begins.
    #[schema(format = DateTime)]
    at: String,
    /// Absent where there is nothing to divide by. Durations are in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    value: Option<f64>,
}

impl SeriesView {
    pub(crate) fn new(report: &Report, metric: Metric, by: Option<By>) -> Self {
        let (steps, lines) = lines(report, metric, by);
        Self {
            metric: metric.as_str(),
            by: by.map(By::as_str),
            step: report.step.as_str(),
            since: time(report.since),
            until: time(report.until),
            as_of: time(report.as_of),
            truncated: report.is_cut,
            lines: lines.into_iter().map(|line| LineView::new(&steps, line)).collect(),
        }
    }
}

impl LineView {
    fn new(steps: &[Minute], Line { name, values }: Line) -> Self {
        let point =
            |(at, value): (&Minute, Option<f64>)| SeriesPointView { at: time(at.start()), value };
        Self { name, points: steps.iter().zip(values).map(point).collect() }
    }
}
