//! `/webhooks/{webhook}/recover`: what a webhook missed is sent again, by a job that takes its time.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use hooklane_app::ports::Clock as _;
use hooklane_app::recover;
use hooklane_domain::isolation::recovery::Wanted;
use hooklane_domain::time::whole_millisecond;
use lambda_http::http::StatusCode;

use crate::Backend;
use crate::auth::{READ, Reader, WRITE, Writer};
use crate::body::Text;
use crate::problem::Problem;
use crate::schemas::NewRecovery;
use crate::views::RecoveryView;
use crate::webhooks::webhook_id;

#[utoipa::path(
    post,
    path = "/webhooks/{webhook}/recover",
    tag = "webhooks",
    operation_id = "recoverWebhook",
    summary = "Send again what the webhook missed",
    description = "Each failed delivery is retried as by hand, and of each event that was skipped a delivery is made, \
        a slice a minute. One recovery of a webhook runs at a time.",
    security(("bearer" = [WRITE])),
    params(("webhook" = String, Path, description = "The webhook's id")),
    request_body(content = NewRecovery),
    responses(
        (status = 202, description = "Ordered; how far it is can be asked for", body = RecoveryView),
        (status = 409, description = "One is running", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Every wrong field with its path", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn start<B: Backend>(
    State(api): State<Arc<B>>,
    Writer(tenant): Writer,
    Path(id): Path<String>,
    Text(body): Text,
) -> Result<Response, Problem> {
    let wanted = Wanted::read(&body, whole_millisecond(api.system().now()))?;
    let key = (&tenant, webhook_id(&id)?);
    let ordered = recover::start(api.registry(), api.system(), key, wanted).await?;
    Ok((StatusCode::ACCEPTED, Json(RecoveryView::new(&ordered))).into_response())
}

#[utoipa::path(
    get,
    path = "/webhooks/{webhook}/recover",
    tag = "webhooks",
    operation_id = "getRecovery",
    summary = "How far the webhook's newest recovery is",
    security(("bearer" = [READ])),
    params(("webhook" = String, Path, description = "The webhook's id")),
    responses(
        (status = 200, description = "As it is now", body = RecoveryView),
        (status = 404, description = "There is no such webhook, or it has had no recovery", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn progress<B: Backend>(
    State(api): State<Arc<B>>,
    Reader(tenant): Reader,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let recovery = recover::progress(api.registry(), (&tenant, webhook_id(&id)?)).await?;
    Ok(Json(RecoveryView::new(&recovery)).into_response())
}
