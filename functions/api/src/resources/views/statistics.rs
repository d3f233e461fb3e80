use hooklane_app::isolation::Isolation;
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::Status;
use hooklane_domain::delivery::failures::Failure;
use hooklane_domain::delivery::period::Period;
use hooklane_domain::delivery::statistics::{Condition, Figures, ResponseTime, TypeFigures};
use hooklane_domain::figures::Bucket;
use hooklane_domain::figures::report::Report;
use hooklane_domain::figures::settled::Minute;
use hooklane_domain::ids::EventType;
use serde::Serialize;
use utoipa::ToSchema;

use super::isolation::{IsolationView, LimitedView};
use super::time;
use crate::http::parameters::StatisticsPeriod;
use crate::resources::words::{DeliveryStatus, FailureKind, HealthStatus};

/// Statistics of the deliveries of events accepted in the period. Rates are between 0 and 1. They are
/// shares of the deliveries that were not cancelled, and absent if there are none.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Statistics)]
pub(crate) struct StatisticsView {
    #[schema(value_type = StatisticsPeriod, inline)]
    period: &'static str,
    since: String,
    until: String,
    /// When it was read, at most 60 seconds ago.
    #[schema(example = "2026-11-27T08:00:00.000Z")]
    as_of: String,
    /// Whether not all could be counted: too much was new, or the tenant has over 3,000 webhooks. `since` and
    /// `until` say what was counted. Ask again: each request goes on from where the last one stopped.
    truncated: bool,
    /// Events that were accepted, also those that no webhook wanted: all that `GET /events` lists. Only in `/stats`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    total_events: Option<u64>,
    total_deliveries: u64,
    successful_deliveries: u64,
    /// Deliveries that failed permanently.
    failed_deliveries: u64,
    /// Deliveries that wait for an attempt.
    waiting_deliveries: u64,
    attempts: u64,
    failed_attempts: u64,
    /// The number of attempts after the first one of each delivery.
    retry_count: u64,
    /// How often a delivery waited for its turn under the rate limit.
    rate_limit_waits: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    average_attempts: Option<f64>,
    /// The share of deliveries that succeeded: delivered of accepted and not cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    success_rate: Option<f64>,
    /// The share of deliveries that took more than one attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_rate: Option<f64>,
    /// The share of deliveries that failed permanently.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_rate: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_time_ms: Option<ResponseTimeView>,
    by_status: Vec<StatusView>,
    by_event_type: Vec<TypeView>,
    /// Accepted events by type. Only in `/stats`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    events_by_type: Option<Vec<EventsView>>,
    /// Why attempts failed, most frequent first.
    by_error: Vec<ErrorView>,
    /// The period in steps: 60 of a minute for `1h`, of an hour for `24h`, of six hours for `7d`, of a day for
    /// `30d`. The first and the last may be cut by the period.
    series: Vec<PointView>,
}

/// A step of a period. Deliveries count where their event was accepted.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StatisticsPoint)]
struct PointView {
    /// When it begins.
    #[schema(format = DateTime)]
    at: String,
    /// Events that were accepted. Only in `/stats`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    total_events: Option<u64>,
    total_deliveries: u64,
    successful_deliveries: u64,
    failed_deliveries: u64,
    waiting_deliveries: u64,
    /// Deliveries that took more than one attempt count with each further one.
    retry_count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    response_time_ms: Option<ResponseTimeView>,
}

/// The duration of each delivery's last attempt, in milliseconds. The average is exact; a percentile over 127 ms
/// may be wrong by 0.8 %.
#[derive(Serialize, ToSchema)]
#[schema(as = ResponseTime)]
struct ResponseTimeView {
    average: f64,
    p50: u32,
    p95: u32,
    p99: u32,
}

#[derive(Serialize, ToSchema)]
#[schema(as = StatusCount)]
struct StatusView {
    status: DeliveryStatus,
    count: u64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EventTypeCount)]
struct TypeView {
    /// `*` stands for all types that are not told apart: 50 are.
    event_type: String,
    total_deliveries: u64,
    successful_deliveries: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    average_attempts: Option<f64>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AcceptedEventCount)]
struct EventsView {
    /// `*` stands for all types that are not told apart: 50 are.
    event_type: String,
    count: u64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ErrorCount)]
struct ErrorView {
    kind: FailureKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_code: Option<u16>,
    count: u64,
}

impl StatisticsView {
    /// Those of a tenant: its events, too.
    pub(crate) fn of_tenant(report: &Report, period: Period) -> Self {
        let (total, mut view) = (report.total(), Self::new(report, period));
        let events = total.events_by_type();
        let events = events.map(|(name, count)| EventsView { event_type: type_name(name), count });
        view.events_by_type = Some(events.collect());
        view.total_events = Some(total.events());
        for (point, (_, bucket)) in view.series.iter_mut().zip(report.steps()) {
            point.total_events = Some(bucket.events());
        }
        view
    }

    pub(crate) fn new(report: &Report, period: Period) -> Self {
        let figures = report.total().figures();
        let count = |status| count(&figures, status);
        Self {
            period: period.as_str(),
            since: time(report.since),
            until: time(report.until),
            as_of: time(report.as_of),
            truncated: report.is_cut,
            total_events: None,
            total_deliveries: figures.total,
            successful_deliveries: count(Status::Delivered),
            failed_deliveries: count(Status::Failed),
            waiting_deliveries: count(Status::Pending) + count(Status::Retrying),
            attempts: figures.attempts,
            failed_attempts: figures.failed_attempts,
            retry_count: figures.retries,
            rate_limit_waits: figures.slot_waits,
            average_attempts: figures.average_attempts,
            success_rate: figures.delivery_rate,
            retry_rate: figures.retry_rate,
            failure_rate: figures.error_rate,
            response_time_ms: figures.response.map(ResponseTimeView::new),
            by_status: Status::ALL
                .map(|status| StatusView { status: status.into(), count: count(status) })
                .into(),
            by_event_type: figures.by_type.into_iter().map(TypeView::new).collect(),
            events_by_type: None,
            by_error: figures.by_failure.into_iter().map(ErrorView::new).collect(),
            series: report.steps().iter().map(PointView::new).collect(),
        }
    }
}

impl PointView {
    fn new((at, bucket): &(Minute, Bucket)) -> Self {
        Self {
            at: time(at.start()),
            total_events: None,
            total_deliveries: bucket.accepted(),
            successful_deliveries: bucket.with(Status::Delivered),
            failed_deliveries: bucket.with(Status::Failed),
            waiting_deliveries: bucket.waiting(),
            retry_count: bucket.retries(),
            response_time_ms: bucket.figures().response.map(ResponseTimeView::new),
        }
    }
}

/// What the deliveries of the last 24 hours came to.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DayFigures)]
pub(crate) struct DayFiguresView {
    /// When it was read, at most 60 seconds ago.
    #[schema(example = "2026-11-27T08:00:00.000Z")]
    as_of: String,
    /// Whether not all could be counted: too much was new. Ask again.
    truncated: bool,
    total_deliveries: u64,
    successful_deliveries: u64,
    failed_deliveries: u64,
    waiting_deliveries: u64,
    /// Delivered of accepted and not cancelled, from 0 to 1; absent if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    success_rate: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    response_time_ms: Option<ResponseTimeView>,
}

impl DayFiguresView {
    pub(crate) fn new(report: &Report) -> Self {
        let total = report.total();
        Self {
            as_of: time(report.as_of),
            truncated: report.is_cut,
            total_deliveries: total.accepted(),
            successful_deliveries: total.with(Status::Delivered),
            failed_deliveries: total.with(Status::Failed),
            waiting_deliveries: total.waiting(),
            success_rate: total.delivery_rate(),
            response_time_ms: total.figures().response.map(ResponseTimeView::new),
        }
    }
}

fn count(figures: &Figures, of: Status) -> u64 {
    figures.by_status.iter().find(|(status, _)| *status == of).map_or(0, |(_, count)| *count)
}

impl ResponseTimeView {
    fn new(time: ResponseTime) -> Self {
        let ResponseTime { average, p50, p95, p99 } = time;
        Self { average, p50, p95, p99 }
    }
}

fn type_name(name: Option<&EventType>) -> String {
    name.map_or_else(|| "*".to_owned(), ToString::to_string)
}

impl TypeView {
    fn new(figures: TypeFigures) -> Self {
        Self {
            event_type: type_name(figures.event_type.as_ref()),
            total_deliveries: figures.total,
            successful_deliveries: figures.successful,
            average_attempts: figures.average_attempts,
        }
    }
}

impl ErrorView {
    fn new((failure, count): (Failure, u64)) -> Self {
        let status_code = match failure {
            Failure::Answer(status) => Some(status),
            Failure::Error(_) | Failure::Other => None,
        };
        Self { kind: failure.into(), status_code, count }
    }
}

/// How a webhook's receiver performed in the last 24 hours, and how the webhook is isolated now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Health)]
pub(crate) struct HealthView {
    status: HealthStatus,
    /// The share of deliveries that succeeded, from 0 to 1: delivered of accepted and not cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    success_rate: Option<f64>,
    total_deliveries: u64,
    /// When the latest attempt began.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_attempt_at: Option<String>,
    /// When the figures were read, at most 60 seconds ago.
    #[schema(example = "2026-11-27T08:00:00.000Z")]
    as_of: String,
    /// Whether not all deliveries could be counted: too much was new. Ask again.
    truncated: bool,
    isolation: IsolationView,
    /// Absent if the webhook has no rate limit and had none recently.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    rate_limit: Option<LimitedView>,
}

impl HealthView {
    pub(crate) fn new(report: &Report, isolation: &Isolation, now: Timestamp) -> Self {
        let figures = report.total().figures();
        Self {
            status: Condition::of(&figures).into(),
            success_rate: figures.delivery_rate,
            total_deliveries: figures.total,
            last_attempt_at: figures.last_attempt_at.map(time),
            as_of: time(report.as_of),
            truncated: report.is_cut,
            isolation: IsolationView::new(isolation, now),
            rate_limit: LimitedView::of(isolation, now),
        }
    }
}
