//! `/webhooks/{webhook}/secret` and `/webhooks/{webhook}/rotate-secret`: beside the answer to its
//! creation, the only ones that carry a webhook's secret.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use hooklane_app::ports::{Clock as _, WebhookStore as _};
use hooklane_app::webhooks;
use hooklane_domain::ids::WebhookId;
use lambda_http::http::header::{CACHE_CONTROL, ETAG};

use crate::backend::{Deps, Ports};
use crate::gate::auth::{WRITE, Writer};
use crate::http::body::Text;
use crate::http::etag::{self, IfMatch};
use crate::http::path;
use crate::http::problem::Problem;
use crate::resources::schemas::Rotation;
use crate::resources::views::SecretView;

#[utoipa::path(
    get,
    path = "/webhooks/{webhook}/secret",
    tag = "secrets",
    operation_id = "getSecret",
    summary = "The webhook's signing secret",
    security(("bearer" = [WRITE])),
    responses((
        status = 200, description = "The secret", body = SecretView,
        headers(("Cache-Control" = String, description = "`no-store`")),
    )),
)]
pub(crate) async fn show<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Writer(tenant): Writer,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let webhook =
        deps.registry.get(&tenant, path::id(&id)?).await?.ok_or_else(path::missing::<WebhookId>)?;
    let view = SecretView::new(&webhook, &deps.contracts, deps.system.now());
    Ok(([(CACHE_CONTROL, "no-store")], Json(view)).into_response())
}

#[utoipa::path(
    post,
    path = "/webhooks/{webhook}/rotate-secret",
    tag = "secrets",
    operation_id = "rotateSecret",
    summary = "Give the webhook a new signing secret",
    description = "The old secret signs beside the new one until the overlap is over. During an overlap there \
        is no second one; a rotation with an overlap of 0 ends it, and no older secret signs any more. Deliveries know of a \
        rotation within five seconds: those that begin before may be signed as before it.",
    security(("bearer" = [WRITE])),
    params(
        ("If-Match" = Option<String>, Header, nullable = false, description = "The `ETag`s that are known, or `*`: another one is a 412", example = "*"),
    ),
    request_body(content = Option<Rotation>, description = "May be left out"),
    responses(
        (
            status = 200, description = "The new secret", body = SecretView,
            headers(
                ("ETag" = String, description = "The webhook's, for `If-Match`"),
                ("Cache-Control" = String, description = "`no-store`"),
            ),
        ),
        (status = 409, description = "The overlap of the rotation before lasts"),
    ),
)]
pub(crate) async fn rotate<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Writer(tenant): Writer,
    Path(id): Path<String>,
    IfMatch(known): IfMatch,
    Text(body): Text,
) -> Result<Response, Problem> {
    let key = (&tenant, path::id(&id)?);
    let (registry, system) = (&deps.registry, &deps.system);
    let rotated = webhooks::rotate(registry, system, deps.rules(), key, &known, &body).await?;
    let view = SecretView::new(&rotated, &deps.contracts, system.now());
    let tag = [(ETAG, etag::of(rotated.revision))];
    Ok(([(CACHE_CONTROL, "no-store")], tag, Json(view)).into_response())
}
