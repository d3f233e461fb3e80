//! `/webhooks/deliveries/{delivery}/request` and `…/check`: looking at what a delivery sends, with its signature.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use hooklane_app::deliveries;
use hooklane_app::deliveries::check::{self, CheckOrder};

use crate::backend::{Deps, Ports};
use crate::gate::caller::{WRITE, Writer};
use crate::http::body::Text;
use crate::http::path;
use crate::http::problem::Problem;
use crate::resources::schemas::NewCheck;
use crate::resources::views::{CheckView, SignedRequestView};

#[utoipa::path(
    post,
    path = "/webhooks/deliveries/{delivery}/request",
    operation_id = "previewDelivery",
    summary = "Show the request that an attempt of the delivery would send now, signed at this moment",
    description = "To send it by hand: a signature is valid for some minutes only, so that of an attempt is of no use later. \
        Nothing is sent or stored. The values of the webhook's own headers are masked; `maskedHeaders` names them.",
    security(("bearer" = [WRITE])),
    responses(
        (status = 200, description = "The request, or why none would be sent", body = SignedRequestView),
        (status = 404, description = "There is no such delivery, or its event is no longer kept"),
    ),
)]
pub(crate) async fn request<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Writer(tenant): Writer,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = path::id(&id)?;
    let made_by = (&deps.registry, &deps.contracts);
    let made = deliveries::signed(made_by, &deps.ledger, &deps.system, &tenant, &id).await?;
    Ok(Json(SignedRequestView::new(made)).into_response())
}

#[utoipa::path(
    post,
    path = "/webhooks/deliveries/{delivery}/check",
    operation_id = "checkDelivery",
    summary = "Find out why a receiver does not verify a delivery",
    description = "Compares what the receiver has with what an attempt sent: its `secret`, the bytes that it got as the body \
        (`body`, or `bodyBase64` where line ends matter), its `headers`, or several of these. Says whether the secret is the \
        webhook's, where the bodies differ first and what usually causes that, and whether the signature fits. What is left out \
        is taken from the attempt. Nothing of it is stored or logged.",
    security(("bearer" = [WRITE])),
    request_body(content = NewCheck),
    responses(
        (status = 200, description = "What was found", body = CheckView),
        (status = 404, description = "There is no such delivery or attempt, or its event is no longer kept"),
    ),
)]
pub(crate) async fn check<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Writer(tenant): Writer,
    Path(id): Path<String>,
    body: Text,
) -> Result<Response, Problem> {
    let (id, order) = (path::id(&id)?, CheckOrder::read(body.object())?);
    let made_by = (&deps.registry, &deps.contracts);
    let of = (&tenant, &id);
    let found = check::check(made_by, &deps.ledger, &deps.system, of, &order).await?;
    Ok(Json(CheckView::new(found)).into_response())
}
