//! `/webhooks` and `/webhooks/{webhook}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use hooklane_app::ports::Webhooks as _;
use hooklane_app::webhooks;
use hooklane_domain::ids::WebhookId;
use hooklane_domain::webhook::Webhook;
use lambda_http::http::StatusCode;
use lambda_http::http::header::{ETAG, LOCATION};
use serde::Serialize;

use crate::Backend;
use crate::auth::Tenant;
use crate::body::Text;
use crate::etag::{self, IfMatch};
use crate::problem::Problem;
use crate::query::Query;
use crate::views::WebhookView;

pub(crate) async fn create<B: Backend>(
    State(api): State<Arc<B>>,
    Tenant(tenant): Tenant,
    Text(body): Text,
) -> Result<Response, Problem> {
    let webhook =
        webhooks::register(api.registry(), api.surroundings(), api.rules(), tenant, &body).await?;
    let location = format!("/api/v1/webhooks/{}", webhook.id);
    let view = WebhookView::with_secret(&webhook, api.rules().contracts);
    let tag = [(ETAG, etag::of(webhook.revision))];
    Ok((StatusCode::CREATED, [(LOCATION, location)], tag, Json(view)).into_response())
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
    let data = webhooks.iter().skip(start).take(limit).map(WebhookView::new).collect();
    Ok(Json(ListView { data, page, limit, total: webhooks.len() }).into_response())
}

pub(crate) async fn get<B: Backend>(
    State(api): State<Arc<B>>,
    Tenant(tenant): Tenant,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = webhook_id(&id)?;
    let webhook = api.registry().get(&tenant, id).await?.ok_or_else(no_webhook)?;
    Ok(shown(&webhook))
}

/// `PUT` and `PATCH`: both change what the body names and leave the rest.
pub(crate) async fn change<B: Backend>(
    State(api): State<Arc<B>>,
    Tenant(tenant): Tenant,
    Path(id): Path<String>,
    IfMatch(known): IfMatch,
    Text(body): Text,
) -> Result<Response, Problem> {
    let id = webhook_id(&id)?;
    let key = (&tenant, id);
    let changed =
        webhooks::change(api.registry(), api.surroundings(), api.rules(), key, known, &body)
            .await?;
    Ok(shown(&changed))
}

pub(crate) async fn delete<B: Backend>(
    State(api): State<Arc<B>>,
    Tenant(tenant): Tenant,
    Path(id): Path<String>,
    IfMatch(known): IfMatch,
) -> Result<Response, Problem> {
    webhooks::delete(api.registry(), &tenant, webhook_id(&id)?, known).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn shown(webhook: &Webhook) -> Response {
    ([(ETAG, etag::of(webhook.revision))], Json(WebhookView::new(webhook))).into_response()
}

/// What is no id names no webhook.
pub(crate) fn webhook_id(text: &str) -> Result<WebhookId, Problem> {
    text.parse().map_err(|_| no_webhook())
}

pub(crate) fn no_webhook() -> Problem {
    Problem::not_found("webhook")
}
