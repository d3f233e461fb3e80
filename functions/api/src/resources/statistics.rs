//! `/webhooks/{webhook}/stats`, `/stats`, the series of both, and `/webhooks/{webhook}/health`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use hooklane_app::figures::{self, Asking, SeriesOf};
use hooklane_app::isolation;
use hooklane_app::ports::Clock as _;
use hooklane_domain::delivery::period::Period;
use hooklane_domain::figures::report::{MOST_POINTS, Step, Window};
use hooklane_domain::figures::series::{By, Metric};
use hooklane_domain::ids::{TenantId, WebhookId};

use crate::backend::{Deps, Ports};
use crate::gate::caller::{READ, Reader};
use crate::gate::webhook::Named;
use crate::http::parameters::{SeriesBy, SeriesMetric, SeriesStep, StatisticsPeriod, Time};
use crate::http::path;
use crate::http::problem::Problem;
use crate::http::query::Query;
use crate::resources::views::{HealthView, SeriesView, StatisticsView};

#[utoipa::path(
    get,
    path = "/webhooks/{webhook}/stats",
    operation_id = "getWebhookStatistics",
    summary = "Get statistics of a webhook's deliveries",
    description = "Counts every delivery whose event was accepted in the period. The answer is at most 60 seconds old: \
        `asOf` says when it was read.",
    security(("bearer" = [READ])),
    params(
        ("period" = inline(Option<StatisticsPeriod>), Query, description = "24h by default"),
    ),
    responses((status = 200, description = "The statistics", body = StatisticsView)),
)]
pub(crate) async fn of_webhook<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Reader(tenant): Reader,
    Named(webhook): Named,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let period = period(raw.as_deref())?;
    let (of, window) = ((&tenant, webhook), Window::Period(period));
    let report = figures::of_webhook(&deps.registry, &deps.ledger, of, window, deps.asking())
        .await?
        .ok_or_else(path::missing::<WebhookId>)?;
    Ok(Json(StatisticsView::new(&report, period)).into_response())
}

#[utoipa::path(
    get,
    path = "/stats",
    operation_id = "getStatistics",
    summary = "Get statistics of the tenant's events, and of the deliveries of all its webhooks",
    description = "Counts every event that was accepted in the period, whether or not a webhook wanted it, once the list of events has it: a few seconds later. Counts every delivery whose event was accepted in the period, of the tenant's newest 3,000 webhooks. \
        Deleted webhooks are left out. The answer is at most 60 seconds old: `asOf` says when the oldest part of \
        it was read.",
    security(("bearer" = [READ])),
    params(("period" = inline(Option<StatisticsPeriod>), Query, description = "24h by default")),
    responses((status = 200, description = "The statistics", body = StatisticsView)),
)]
pub(crate) async fn of_tenant<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Reader(tenant): Reader,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let period = period(raw.as_deref())?;
    let (window, asking) = (Window::Period(period), deps.asking());
    let report = figures::of_tenant(&deps.registry, &deps.ledger, &tenant, window, asking).await?;
    Ok(Json(StatisticsView::of_tenant(&report, period)).into_response())
}

#[utoipa::path(
    get,
    path = "/webhooks/{webhook}/stats/series",
    operation_id = "getWebhookSeries",
    summary = "Get one figure of a webhook over time",
    description = "Deliveries count in the step in which their event was accepted.",
    security(("bearer" = [READ])),
    params(
        ("metric" = inline(SeriesMetric), Query, description = "The figure; `events` is one of `/stats/series`"),
        ("by" = inline(Option<SeriesBy>), Query, description = "Tells it apart: `deliveries` by `status`, `deliveries`, `delivered` and `attempts` by `eventType`, `failedAttempts` by `error`"),
        ("from" = inline(Option<Time>), Query, description = "The beginning, at most 31 days ago; 24 hours before the end by default"),
        ("to" = inline(Option<Time>), Query, description = "The end; now by default"),
        ("step" = inline(Option<SeriesStep>), Query, description = "The length of a step; 1h by default. Steps begin at whole multiples of it in UTC, and there are at most 1,500"),
    ),
    responses((status = 200, description = "The series", body = SeriesView)),
)]
pub(crate) async fn webhook_series<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Reader(tenant): Reader,
    Named(webhook): Named,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    series(&deps, &tenant, SeriesOf::Webhook(webhook), raw.as_deref()).await
}

#[utoipa::path(
    get,
    path = "/stats/series",
    operation_id = "getSeries",
    summary = "Get one figure of all the tenant's webhooks over time",
    description = "As that of one webhook, of the tenant's newest 3,000. `events` are those that were accepted, whether or not a webhook wanted them.",
    security(("bearer" = [READ])),
    params(
        ("metric" = inline(SeriesMetric), Query, description = "The figure"),
        ("by" = inline(Option<SeriesBy>), Query, description = "Tells it apart: `deliveries` by `status`, `events`, `deliveries`, `delivered` and `attempts` by `eventType`, `failedAttempts` by `error`"),
        ("from" = inline(Option<Time>), Query, description = "The beginning, at most 31 days ago; 24 hours before the end by default"),
        ("to" = inline(Option<Time>), Query, description = "The end; now by default"),
        ("step" = inline(Option<SeriesStep>), Query, description = "The length of a step; 1h by default. Steps begin at whole multiples of it in UTC, and there are at most 1,500"),
    ),
    responses((status = 200, description = "The series", body = SeriesView)),
)]
pub(crate) async fn tenant_series<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Reader(tenant): Reader,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    series(&deps, &tenant, SeriesOf::Tenant, raw.as_deref()).await
}

#[utoipa::path(
    get,
    path = "/webhooks/{webhook}/health",
    operation_id = "getWebhookHealth",
    summary = "Get the health of a webhook: its receiver over the last 24 hours, and its current circuit, lane and parked deliveries",
    security(("bearer" = [READ])),
    responses((status = 200, description = "The webhook's health", body = HealthView)),
)]
pub(crate) async fn health<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Reader(tenant): Reader,
    Named(webhook): Named,
) -> Result<Response, Problem> {
    let asking = deps.asking();
    let (registry, ledger, contracts) = (&deps.registry, &deps.ledger, &deps.contracts);
    let (report, isolation) =
        isolation::health(registry, ledger, contracts, (&tenant, webhook), asking)
            .await?
            .ok_or_else(path::missing::<WebhookId>)?;
    Ok(Json(HealthView::new(&report, &isolation, asking.now)).into_response())
}

async fn series<P: Ports>(
    deps: &Deps<P>,
    tenant: &TenantId,
    of: SeriesOf,
    raw: Option<&str>,
) -> Result<Response, Problem> {
    let asking = deps.asking();
    let mut query = Query::of(raw);
    let metric: Option<Metric> = query.parse("metric");
    if metric.is_none() && query.is_clean() {
        query.error("metric", "is required");
    }
    let by: Option<By> = query.parse("by");
    if let (Some(metric), Some(by)) = (metric, by)
        && !by.fits(metric)
    {
        query.error("by", &format!("{} is not counted by {}", metric.as_str(), by.as_str()));
    }
    if metric == Some(Metric::Events) && matches!(of, SeriesOf::Webhook(_)) {
        query.error("metric", "events are a figure of the tenant: ask `/stats/series`");
    }
    let step: Step = query.parse("step").unwrap_or(Step::Hour);
    let to = query.time("to").unwrap_or(asking.now);
    let day = jiff::SignedDuration::from_hours(24);
    let from = query.time("from").or_else(|| to.checked_sub(day).ok()).unwrap_or(to);
    let window = Window::span(from, to, step);
    if window.is_none() {
        query.error("from", &format!("must be before `to`, and at most {MOST_POINTS} steps"));
    }
    query.finish()?;
    let (Some(metric), Some(window)) = (metric, window) else {
        unreachable!("a query without one of them is refused")
    };
    let of = if metric == Metric::Events { SeriesOf::Events } else { of };
    let report = figures::series(&deps.registry, &deps.ledger, (tenant, of), window, asking)
        .await?
        .ok_or_else(path::missing::<WebhookId>)?;
    Ok(Json(SeriesView::new(&report, metric, by)).into_response())
}

fn period(raw: Option<&str>) -> Result<Period, Problem> {
    let mut query = Query::of(raw);
    let period = query.parse("period").unwrap_or_default();
    query.finish()?;
    Ok(period)
}

impl<P: Ports> Deps<P> {
    /// How figures are asked for now.
    #[must_use]
    pub fn asking(&self) -> Asking {
        Asking::at(self.system.now(), self.retention)
    }
}
