//! `/webhooks/{webhook}/pause` and `/webhooks/{webhook}/resume`.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use hooklane_app::webhooks;

use crate::Backend;
use crate::auth::{WRITE, Writer};
use crate::body::Text;
use crate::problem::Problem;
use crate::views::WebhookView;
use crate::webhooks::{shown, webhook_id};

#[utoipa::path(
    post,
    path = "/webhooks/{webhook}/pause",
    tag = "webhooks",
    operation_id = "pauseWebhook",
    summary = "Hold a webhook: no attempts, and what is published waits until it is resumed",
    description = "Twice is once. A webhook that Hooklane has disabled stays so: its deliveries wait already.",
    security(("bearer" = [WRITE])),
    params(("webhook" = String, Path, description = "The webhook's id")),
    responses((
        status = 200, description = "As it is now", body = WebhookView,
        headers(("ETag" = String, description = "For `If-Match`")),
    )),
)]
pub(crate) async fn pause<B: Backend>(
    State(api): State<Arc<B>>,
    Writer(tenant): Writer,
    Path(id): Path<String>,
    body: Text,
) -> Result<Response, Problem> {
    body.nothing()?;
    let key = (&tenant, webhook_id(&id)?);
    let paused = webhooks::pause(api.registry(), api.surroundings(), key).await?;
    Ok(shown(&paused))
}

#[utoipa::path(
    post,
    path = "/webhooks/{webhook}/resume",
    tag = "webhooks",
    operation_id = "resumeWebhook",
    summary = "Make attempts again",
    description = "Twice is once. It also switches on a webhook that is inactive or that Hooklane has disabled.",
    security(("bearer" = [WRITE])),
    params(("webhook" = String, Path, description = "The webhook's id")),
    responses((
        status = 200, description = "As it is now", body = WebhookView,
        headers(("ETag" = String, description = "For `If-Match`")),
    )),
)]
pub(crate) async fn resume<B: Backend>(
    State(api): State<Arc<B>>,
    Writer(tenant): Writer,
    Path(id): Path<String>,
    body: Text,
) -> Result<Response, Problem> {
    body.nothing()?;
    let key = (&tenant, webhook_id(&id)?);
    let resumed = webhooks::resume(api.registry(), api.surroundings(), key).await?;
    Ok(shown(&resumed))
}
