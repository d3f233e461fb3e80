//! `/webhooks/{webhook}/deliveries` and `/webhooks/{webhook}/deliveries/{delivery}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use hooklane_app::deliveries;
use hooklane_app::ports::DeliveryFilter;
use hooklane_domain::ids::DeliveryId;
use lambda_http::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Backend;
use crate::auth::{READ, Reader, WRITE, Writer};
use crate::problem::Problem;
use crate::query::Query;
use crate::views::{DeliveryDetailView, DeliveryView};
use crate::webhooks::{no_webhook, webhook_id};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeliveryPage)]
pub(crate) struct PageView {
    data: Vec<DeliveryView>,
    /// To be sent back as `cursor`; absent after the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

#[utoipa::path(
    get,
    path = "/webhooks/{webhook}/deliveries",
    tag = "deliveries",
    operation_id = "listDeliveries",
    summary = "A webhook's deliveries, newest first",
    security(("bearer" = [READ])),
    params(
        ("webhook" = String, Path, description = "The webhook's id"),
        ("status" = Option<String>, Query, description = "pending, retrying, delivered, failed or cancelled"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "20 unless given"),
        ("cursor" = Option<String>, Query, description = "The `nextCursor` of the page before"),
    ),
    responses(
        (status = 200, description = "A page; it may be empty and still have a next one", body = PageView),
        (status = 422, description = "A parameter is wrong", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn list<B: Backend>(
    State(api): State<Arc<B>>,
    Reader(tenant): Reader,
    Path(webhook): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let webhook = webhook_id(&webhook)?;
    let mut query = Query::of(raw.as_deref());
    let filter = DeliveryFilter {
        status: query.parse("status"),
        // The cursor is the id of the last delivery seen; one of another webhook starts nowhere.
        after: query.parse::<DeliveryId>("cursor").filter(|id| id.webhook() == webhook),
        limit: query.limit(),
    };
    query.finish()?;
    let page = deliveries::list(api.registry(), api.ledger(), &tenant, webhook, &filter)
        .await?
        .ok_or_else(no_webhook)?;
    let view = PageView {
        data: page.deliveries.iter().map(DeliveryView::new).collect(),
        next_cursor: page.next.map(|id| id.to_string()),
    };
    Ok(Json(view).into_response())
}

fn no_delivery() -> Problem {
    Problem::not_found("delivery")
}

/// What is no id names no delivery.
fn delivery_id(text: &str) -> Result<DeliveryId, Problem> {
    text.parse().map_err(|_| no_delivery())
}

#[utoipa::path(
    post,
    path = "/webhooks/deliveries/{delivery}/retry",
    tag = "deliveries",
    operation_id = "retryDelivery",
    summary = "An attempt at once, the policy starting anew",
    security(("bearer" = [WRITE])),
    params(("delivery" = String, Path, description = "The delivery's id")),
    responses(
        (status = 202, description = "The attempt is on its way", body = DeliveryView),
        (status = 409, description = "It was delivered", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn retry<B: Backend>(
    State(api): State<Arc<B>>,
    Writer(tenant): Writer,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = delivery_id(&id)?;
    let retried =
        deliveries::retry(api.ledger(), api.queues(), api.surroundings(), &tenant, &id).await?;
    Ok((StatusCode::ACCEPTED, Json(DeliveryView::new(&retried))).into_response())
}

#[utoipa::path(
    post,
    path = "/webhooks/deliveries/{delivery}/cancel",
    tag = "deliveries",
    operation_id = "cancelDelivery",
    summary = "No further attempt",
    security(("bearer" = [WRITE])),
    params(("delivery" = String, Path, description = "The delivery's id")),
    responses(
        (status = 200, description = "Cancelled", body = DeliveryView),
        (status = 409, description = "It has come to its end", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn cancel<B: Backend>(
    State(api): State<Arc<B>>,
    Writer(tenant): Writer,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = delivery_id(&id)?;
    let cancelled = deliveries::cancel(api.ledger(), api.surroundings(), &tenant, &id).await?;
    Ok(Json(DeliveryView::new(&cancelled)).into_response())
}

#[utoipa::path(
    get,
    path = "/webhooks/{webhook}/deliveries/{delivery}",
    tag = "deliveries",
    operation_id = "getDelivery",
    summary = "One delivery with every attempt",
    security(("bearer" = [READ])),
    params(
        ("webhook" = String, Path, description = "The webhook's id"),
        ("delivery" = String, Path, description = "The delivery's id"),
    ),
    responses((status = 200, description = "The delivery", body = DeliveryDetailView)),
)]
pub(crate) async fn get<B: Backend>(
    State(api): State<Arc<B>>,
    Reader(tenant): Reader,
    Path((webhook, delivery)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let webhook = webhook_id(&webhook)?;
    let id = delivery_id(&delivery)?;
    let (delivery, attempts) = deliveries::get(api.registry(), api.ledger(), &tenant, webhook, &id)
        .await?
        .ok_or_else(no_delivery)?;
    Ok(Json(DeliveryDetailView::new(&delivery, &attempts)).into_response())
}
