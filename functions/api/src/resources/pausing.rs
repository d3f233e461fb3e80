//! `/webhooks/{webhook}/pause` and `/webhooks/{webhook}/resume`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use hooklane_app::pausing::{self, Resumption as Wanted};
use hooklane_domain::json::fields::{FieldErrors, Fields};
use hooklane_domain::webhook::limits::RateLimit;

use crate::backend::{Deps, Ports};
use crate::gate::caller::{WRITE, Writer};
use crate::gate::webhook::Named;
use crate::http::body::Text;
use crate::http::problem::Problem;
use crate::resources::schemas::Resumption;
use crate::resources::views::WebhookView;
use crate::resources::webhooks::shown;

#[utoipa::path(
    post,
    path = "/webhooks/{webhook}/pause",
    operation_id = "pauseWebhook",
    summary = "Pause a webhook: no attempts are made, and its deliveries wait until it is resumed",
    description = "Idempotent. A webhook that Hooklane has disabled stays disabled; its deliveries are on hold already.",
    security(("bearer" = [WRITE])),
    responses((
        status = 200, description = "The webhook after the change", body = WebhookView,
        headers(("ETag" = String, description = "Send it as `If-Match`")),
    )),
)]
pub(crate) async fn pause<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Writer(tenant): Writer,
    Named(id): Named,
    body: Text,
) -> Result<Response, Problem> {
    body.nothing()?;
    let key = (&tenant, id);
    let paused = pausing::pause(&deps.registry, &deps.system, key).await?;
    Ok(shown(&paused))
}

#[utoipa::path(
    post,
    path = "/webhooks/{webhook}/resume",
    operation_id = "resumeWebhook",
    summary = "Resume a webhook's deliveries",
    description = "Idempotent. Sending of the waiting deliveries begins within about a minute; a large backlog takes several minutes. With `discard`, those of a paused \
        webhook are cancelled instead. With `rateLimit`, what waits is sent at that rate, evenly spaced, until nothing is parked; \
        new events are not held back by it. Without it everything is sent as fast as possible, whatever an earlier resumption asked for. Resuming also activates a webhook that is inactive or that Hooklane has disabled.",
    security(("bearer" = [WRITE])),
    request_body(content = Option<Resumption>, description = "Optional"),
    responses(
        (
            status = 200, description = "The webhook after the change", body = WebhookView,
            headers(("ETag" = String, description = "Send it as `If-Match`")),
        ),
    ),
)]
pub(crate) async fn resume<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Writer(tenant): Writer,
    Named(id): Named,
    Text(body): Text,
) -> Result<Response, Problem> {
    let wanted = resumption(&body)?;
    let key = (&tenant, id);
    let resumed = pausing::resume(&deps.registry, &deps.system, key, wanted).await?;
    Ok(shown(&resumed))
}

/// What becomes of what waits; without a body it is sent as fast as possible.
fn resumption(body: &str) -> Result<Wanted, FieldErrors> {
    if body.trim().is_empty() {
        return Ok(Wanted::default());
    }
    let mut fields = Fields::of("", body)?;
    let discard = fields.read(&["discard"], "true or false").unwrap_or(false);
    let rate = RateLimit::read(&mut fields);
    fields.finish()?;
    Ok(Wanted { discard, rate })
}
