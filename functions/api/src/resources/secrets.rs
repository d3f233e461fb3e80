//! `/webhooks/{webhook}/secret` and `/webhooks/{webhook}/rotate-secret`. Apart from the answer to the
//! registration, only these answers include a webhook's secret.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use hooklane_app::ports::{Clock as _, WebhookStore as _};
use hooklane_app::webhooks;
use hooklane_domain::ids::WebhookId;
use lambda_http::http::header::{CACHE_CONTROL, ETAG};

use crate::backend::{Deps, Ports};
use crate::gate::caller::{WRITE, Writer};
use crate::gate::webhook::Named;
use crate::http::body::Text;
use crate::http::etag::{self, IfMatch};
use crate::http::path;
use crate::http::problem::Problem;
use crate::resources::schemas::Rotation;
use crate::resources::views::SecretView;

#[utoipa::path(
    get,
    path = "/webhooks/{webhook}/secret",
    operation_id = "getSecret",
    summary = "Get a webhook's signing secret",
    security(("bearer" = [WRITE])),
    responses((
        status = 200, description = "The secret", body = SecretView,
        headers(("Cache-Control" = String, description = "`no-store`")),
    )),
)]
pub(crate) async fn show<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Writer(tenant): Writer,
    Named(id): Named,
) -> Result<Response, Problem> {
    let webhook = deps.registry.get(&tenant, id).await?.ok_or_else(path::missing::<WebhookId>)?;
    let view = SecretView::new(&webhook, &deps.contracts, deps.system.now());
    Ok(([(CACHE_CONTROL, "no-store")], Json(view)).into_response())
}

#[utoipa::path(
    post,
    path = "/webhooks/{webhook}/rotate-secret",
    operation_id = "rotateSecret",
    summary = "Rotate a webhook's signing secret",
    description = "For `overlapSeconds` after a rotation, requests are signed with both the old and the new secret. \
        During that time the only rotation allowed is one with `overlapSeconds: 0`, which retires all older secrets. \
        A rotation takes effect within five seconds; attempts that start before then may be signed with the old \
        secret only.",
    security(("bearer" = [WRITE])),
    params(
        ("If-Match" = Option<String>, Header, nullable = false, description = "The expected `ETag`s, or `*` for any; answers 412 if none matches", example = "*"),
    ),
    request_body(content = Option<Rotation>, description = "Optional"),
    responses(
        (
            status = 200, description = "The new secret", body = SecretView,
            headers(
                ("ETag" = String, description = "The webhook's `ETag`; send it as `If-Match`"),
                ("Cache-Control" = String, description = "`no-store`"),
            ),
        ),
        (status = 409, description = "The previous secret is still valid"),
    ),
)]
pub(crate) async fn rotate<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Writer(tenant): Writer,
    Named(id): Named,
    IfMatch(known): IfMatch,
    Text(body): Text,
) -> Result<Response, Problem> {
    let key = (&tenant, id);
    let (registry, system) = (&deps.registry, &deps.system);
    let rotated = webhooks::rotate(registry, system, deps.rules(), key, &known, &body).await?;
    let view = SecretView::new(&rotated, &deps.contracts, system.now());
    let tag = [(ETAG, etag::of(rotated.revision))];
    Ok(([(CACHE_CONTROL, "no-store")], tag, Json(view)).into_response())
}
