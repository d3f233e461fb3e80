//! `/tenants/{tenant}/portal`: a link that signs a person of a tenant in to the portal.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use hooklane_app::portal;
use hooklane_app::ports::Clock as _;
use lambda_http::http::StatusCode;
use lambda_http::http::header::CACHE_CONTROL;

use crate::backend::{Deps, Keys as _, Ports};
use crate::gate::caller::Operator;
use crate::http::body::Text;
use crate::http::path;
use crate::http::problem::Problem;
use crate::resources::schemas::portal::NewPortalLink;
use crate::resources::views::PortalLinkView;

#[utoipa::path(
    post,
    path = "/tenants/{tenant}/portal",
    operation_id = "createPortalLink",
    summary = "Create a link that signs a person in to the portal of a tenant",
    description = "Operator key only. Send the person's browser to `url` at once: it can be exchanged for a session \
        until `expiresAt`, five minutes later, also more than once. A session ends after eight hours, or when the \
        tenant's tokens are revoked. Hooklane stores neither; a logo is kept for as long as a session may show it, \
        and a week longer.",
    security(("bearer" = [])),
    request_body(content = NewPortalLink),
    responses(
        (status = 201, description = "The link", body = PortalLinkView),
        (status = 410, description = "The tenant was removed, and its id cannot be used yet"),
    ),
)]
pub(crate) async fn create_link<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    _: Operator,
    Path(id): Path<String>,
    Text(body): Text,
) -> Result<Response, Problem> {
    let id = path::tenant(&id)?;
    let keys = deps.token_keys.known(deps.system.now()).await?;
    let link =
        portal::link((&deps.registry, &deps.ledger), &deps.system, keys.current(), &id, &body)
            .await?;
    let view = PortalLinkView::new(&deps.portal_origin, &id, &link);
    Ok((StatusCode::CREATED, [(CACHE_CONTROL, "no-store")], Json(view)).into_response())
}
