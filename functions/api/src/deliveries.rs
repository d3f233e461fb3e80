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

use crate::Backend;
use crate::auth::Tenant;
use crate::problem::Problem;
use crate::query::Query;
use crate::views::{DeliveryDetailView, DeliveryView};
use crate::webhooks::{no_webhook, webhook_id};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PageView {
    data: Vec<DeliveryView>,
    /// To be sent back as `cursor`; absent after the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

pub(crate) async fn list<B: Backend>(
    State(api): State<Arc<B>>,
    Tenant(tenant): Tenant,
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

pub(crate) async fn retry<B: Backend>(
    State(api): State<Arc<B>>,
    Tenant(tenant): Tenant,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = delivery_id(&id)?;
    let retried =
        deliveries::retry(api.ledger(), api.queues(), api.surroundings(), &tenant, &id).await?;
    Ok((StatusCode::ACCEPTED, Json(DeliveryView::new(&retried))).into_response())
}

pub(crate) async fn cancel<B: Backend>(
    State(api): State<Arc<B>>,
    Tenant(tenant): Tenant,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = delivery_id(&id)?;
    let cancelled = deliveries::cancel(api.ledger(), api.surroundings(), &tenant, &id).await?;
    Ok(Json(DeliveryView::new(&cancelled)).into_response())
}

pub(crate) async fn get<B: Backend>(
    State(api): State<Arc<B>>,
    Tenant(tenant): Tenant,
    Path((webhook, delivery)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let webhook = webhook_id(&webhook)?;
    let id = delivery_id(&delivery)?;
    let (delivery, attempts) = deliveries::get(api.registry(), api.ledger(), &tenant, webhook, &id)
        .await?
        .ok_or_else(no_delivery)?;
    Ok(Json(DeliveryDetailView::new(&delivery, &attempts)).into_response())
}
