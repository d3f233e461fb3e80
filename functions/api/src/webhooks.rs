//! `/webhooks` and `/webhooks/{webhook}`.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use hooklane_app::ports::Webhooks as _;
use hooklane_app::webhooks::register;
use hooklane_domain::ids::WebhookId;
use lambda_http::http::StatusCode;
use lambda_http::http::header::LOCATION;
use serde::Serialize;

use crate::Backend;
use crate::auth::Tenant;
use crate::problem::Problem;
use crate::query::Query;
use crate::views::WebhookView;

pub(crate) async fn create<B: Backend>(
    State(api): State<Arc<B>>,
    Tenant(tenant): Tenant,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let body = body?;
    let text =
        std::str::from_utf8(&body).map_err(|_| Problem::bad_request("the body is not UTF-8"))?;
    let webhook = register(
        api.registry(),
        api.surroundings(),
        api.rules(),
        tenant,
        text,
    )
    .await?;
    let location = format!("/api/v1/webhooks/{}", webhook.id);
    let view = WebhookView::with_secret(&webhook, api.rules().contracts);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(view)).into_response())
}

#[derive(Serialize)]
struct ListView {
    data: Vec<WebhookView>,
    page: usize,
    limit: usize,
    total: usize,
}

pub(crate) async fn list<B: Backend>(
    State(api): State<Arc<B>>,
    Tenant(tenant): Tenant,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let mut query = Query::of(raw.as_deref());
    let (page, limit) = (query.page(), query.limit());
    query.finish()?;
    let webhooks = api.registry().list(&tenant).await?;
    let start = (page - 1).saturating_mul(limit);
    let data = webhooks
        .iter()
        .skip(start)
        .take(limit)
        .map(WebhookView::new)
        .collect();
    Ok(Json(ListView {
        data,
        page,
        limit,
        total: webhooks.len(),
    })
    .into_response())
}

pub(crate) async fn get<B: Backend>(
    State(api): State<Arc<B>>,
    Tenant(tenant): Tenant,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = webhook_id(&id)?;
    let webhook = api
        .registry()
        .get(&tenant, id)
        .await?
        .ok_or_else(no_webhook)?;
    Ok(Json(WebhookView::new(&webhook)).into_response())
}

pub(crate) async fn delete<B: Backend>(
    State(api): State<Arc<B>>,
    Tenant(tenant): Tenant,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    if api.registry().delete(&tenant, webhook_id(&id)?).await? {
        Ok(StatusCode::NO_CONTENT.into_response())
    } else {
        Err(no_webhook())
    }
}

/// What is no id names no webhook.
pub(crate) fn webhook_id(text: &str) -> Result<WebhookId, Problem> {
    text.parse().map_err(|_| no_webhook())
}

pub(crate) fn no_webhook() -> Problem {
    Problem::not_found("webhook")
}
