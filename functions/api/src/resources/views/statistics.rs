use hooklane_app::deliveries::statistics::Sample;
use hooklane_app::isolation::Isolation;
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::Status;
use hooklane_domain::delivery::statistics::{
    Condition, Failure, Figures, ResponseTime, TypeFigures,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::isolation::{IsolationView, LimitedView};
use super::time;
use crate::http::parameters::StatisticsPeriod;
use crate::resources::words::{DeliveryStatus, FailureKind, HealthStatus};

/// Statistics of the deliveries of events accepted in the period. Rates are between 0 and 1. They are
/// shares of the deliveries that were attempted and not cancelled, and absent if there are none.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Statistics)]
pub(crate) struct StatisticsView {
    #[schema(value_type = StatisticsPeriod, inline)]
    period: &'static str,
    since: String,
    until: String,
    /// Whether the period has more deliveries than one request reads. If so, the figures cover the newest
    /// 5,000.
    truncated: bool,
    total_deliveries: u64,
    successful_deliveries: u64,
    /// Deliveries that failed permanently.
    failed_deliveries: u64,
    /// The number of attempts after the first one of each delivery.
    retry_count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    average_attempts: Option<f64>,
    /// The share of deliveries that succeeded.
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
    /// Why the last attempts of undelivered deliveries failed, most frequent first.
    by_error: Vec<ErrorView>,
}

/// The duration of each delivery's last attempt, in milliseconds.
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
    event_type: String,
    total_deliveries: u64,
    successful_deliveries: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    average_attempts: Option<f64>,
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
    pub(crate) fn new(sample: Sample) -> Self {
        let figures = sample.figures;
        let count = |status| count(&figures, status);
        Self {
            period: sample.period.as_str(),
            since: time(sample.since),
            until: time(sample.until),
            truncated: sample.is_cut,
            total_deliveries: figures.total,
            successful_deliveries: count(Status::Delivered),
            failed_deliveries: count(Status::Failed),
            retry_count: figures.retries,
            average_attempts: figures.average_attempts,
            success_rate: figures.delivery_rate,
            retry_rate: figures.retry_rate,
            failure_rate: figures.error_rate,
            response_time_ms: figures.response.map(ResponseTimeView::new),
            by_status: Status::ALL
                .map(|status| StatusView { status: status.into(), count: count(status) })
                .into(),
            by_event_type: figures.by_type.into_iter().map(TypeView::new).collect(),
            by_error: figures.by_failure.into_iter().map(ErrorView::new).collect(),
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

impl TypeView {
    fn new(figures: TypeFigures) -> Self {
        Self {
            event_type: figures.event_type.to_string(),
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
            Failure::Error(_) => None,
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
    /// The share of deliveries that succeeded, from 0 to 1. Cancelled and not yet attempted deliveries
    /// are not counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    success_rate: Option<f64>,
    total_deliveries: u64,
    /// When the latest attempt began.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_attempt_at: Option<String>,
    /// Whether there were more deliveries than one request reads. If so, the health is that of the newest
    /// 5,000.
    truncated: bool,
    isolation: IsolationView,
    /// Absent if the webhook has no rate limit and had none recently.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    rate_limit: Option<LimitedView>,
}

impl HealthView {
    pub(crate) fn new(sample: &Sample, isolation: &Isolation, now: Timestamp) -> Self {
        let figures = &sample.figures;
        Self {
            status: Condition::of(figures.delivery_rate).into(),
            success_rate: figures.delivery_rate,
            total_deliveries: figures.total,
            last_attempt_at: figures.last_attempt_at.map(time),
            truncated: sample.is_cut,
            isolation: IsolationView::new(isolation, now),
            rate_limit: LimitedView::of(isolation, now),
        }
    }
}
