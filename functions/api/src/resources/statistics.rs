//! `/webhooks/{webhook}/stats`, `/stats` and `/webhooks/{webhook}/health`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use hooklane_app::deliveries::statistics;
use hooklane_app::isolation;
use hooklane_app::ports::Clock as _;
use hooklane_domain::delivery::period::Period;
use hooklane_domain::ids::WebhookId;

use crate::backend::{Deps, Ports};
use crate::gate::caller::{READ, Reader};
use crate::gate::webhook::Named;
use crate::http::parameters::StatisticsPeriod;
use crate::http::path;
use crate::http::problem::Problem;
use crate::http::query::Query;
use crate::resources::views::{HealthView, StatisticsView};

#[utoipa::path(
    get,
    path = "/webhooks/{webhook}/stats",
    operation_id = "getWebhookStatistics",
    summary = "Get statistics of a webhook's deliveries",
    description = "Covers deliveries of events accepted in the period, at most the newest 5,000.",
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
    let asked = (period, deps.system.now());
    let sample = statistics::of_webhook(&deps.registry, &deps.ledger, (&tenant, webhook), asked)
        .await?
        .ok_or_else(path::missing::<WebhookId>)?;
    Ok(Json(StatisticsView::new(sample)).into_response())
}

#[utoipa::path(
    get,
    path = "/stats",
    operation_id = "getStatistics",
    summary = "Get statistics of the deliveries of all the tenant's webhooks",
    description = "Covers deliveries of events accepted in the period, at most the newest 5,000, of the tenant's newest \
        3,000 webhooks. Deleted webhooks are left out.",
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
    let asked = (period, deps.system.now());
    let sample = statistics::of_tenant(&deps.registry, &deps.ledger, &tenant, asked).await?;
    Ok(Json(StatisticsView::new(sample)).into_response())
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
    let now = deps.system.now();
    let (registry, ledger, contracts) = (&deps.registry, &deps.ledger, &deps.contracts);
    let (sample, isolation) =
        isolation::health(registry, ledger, contracts, (&tenant, webhook), now)
            .await?
            .ok_or_else(path::missing::<WebhookId>)?;
    Ok(Json(HealthView::new(&sample, &isolation, now)).into_response())
}

fn period(raw: Option<&str>) -> Result<Period, Problem> {
    let mut query = Query::of(raw);
    let period = query.parse("period").unwrap_or_default();
    query.finish()?;
    Ok(period)
}
