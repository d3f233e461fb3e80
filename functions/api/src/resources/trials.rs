//! Trying a webhook before anything is delivered: previews, and experiments with filters and transforms.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use hooklane_app::webhooks::{self, ExperimentOrder, PreviewOrder, PreviewSecret};
use hooklane_domain::access::scope::Scope;
use hooklane_domain::webhook::Webhook;

use crate::backend::{Deps, Ports};
use crate::gate::caller::{Caller, READ, Reader};
use crate::gate::webhook::Named;
use crate::http::body::Text;
use crate::http::problem::Problem;
use crate::resources::schemas::{NewDraftPreview, NewExperiment, NewPreview};
use crate::resources::views::{ExperimentView, PreviewView, shown_fields};

#[utoipa::path(
    post,
    path = "/webhooks/{webhook}/preview",
    operation_id = "previewWebhook",
    summary = "Show the request that the webhook would get, without sending it",
    description = "Method, host, headers and body, as a delivery's first attempt would send them now: for the sample of an \
        event type (`event`), for given data (`payload`, of the type `event`), for an event that was accepted \
        (`eventId`), or else for a `webhook.test`. It is signed with an example's secret, which the answer shows, or \
        with the webhook's own (`secret`: `own`), which takes the scope webhooks:write. It is shown whatever the \
        webhook's filter says. With `change` it is the request after that change, which is not made.",
    security(("bearer" = [READ])),
    request_body(content = Option<NewPreview>, description = "Optional"),
    responses(
        (status = 200, description = "The request, or why none would be sent", body = PreviewView),
        (status = 403, description = "The scope is missing, or webhooks:write for `secret`: `own`"),
        (status = 404, description = "There is no such webhook or event, or it belongs to another tenant"),
        (status = 413, description = "The payload is larger than 256 KiB"),
    ),
)]
pub(crate) async fn preview<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Reader(tenant): Reader,
    caller: Caller,
    Named(id): Named,
    body: Text,
) -> Result<Response, Problem> {
    let order = PreviewOrder::read(body.object())?;
    may_sign(&caller, &order)?;
    let acts_for = caller.acts_for()?;
    let (stores, rules) = ((&deps.registry, &deps.ledger), deps.rules_of(acts_for));
    let key = (&tenant, id);
    let shown = if order.has_change() {
        let quotas = deps.quotas_of(acts_for);
        let seen = |webhook: &Webhook| shown_fields(webhook, &deps.contracts);
        let changed = (order, seen);
        webhooks::preview_change(stores, &deps.system, (rules, &quotas), key, changed).await?
    } else {
        webhooks::preview_saved(stores, &deps.system, rules, key, order).await?
    };
    Ok(Json(PreviewView::new(&shown)).into_response())
}

#[utoipa::path(
    post,
    path = "/webhooks/preview",
    operation_id = "previewNewWebhook",
    summary = "Show the request that a webhook which is not registered yet would get",
    description = "Like the preview of a webhook. `webhook` is read as the body of a registration, except that it may lack \
        `url` and `events`. Nothing is stored.",
    security(("bearer" = [READ])),
    request_body(content = NewDraftPreview),
    responses(
        (status = 200, description = "The request, or why none would be sent", body = PreviewView),
        (status = 403, description = "The scope is missing, or webhooks:write for `secret`: `own`"),
        (status = 404, description = "There is no such event, or it belongs to another tenant"),
        (status = 413, description = "The payload is larger than 256 KiB"),
    ),
)]
pub(crate) async fn preview_new<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Reader(tenant): Reader,
    caller: Caller,
    body: Text,
) -> Result<Response, Problem> {
    let order = PreviewOrder::read_with_draft(body.object())?;
    may_sign(&caller, &order)?;
    let acts_for = caller.acts_for()?;
    let (rules, quotas) = (deps.rules_of(acts_for), deps.quotas_of(acts_for));
    let stores = (&deps.registry, &deps.ledger);
    let checked = (rules, &quotas);
    let shown = webhooks::preview_unsaved(stores, &deps.system, checked, &tenant, order).await?;
    Ok(Json(PreviewView::new(&shown)).into_response())
}

/// Whoever has a request that is signed with the own secret can send it to the receiver.
fn may_sign(caller: &Caller, order: &PreviewOrder) -> Result<(), Problem> {
    match order.secret {
        PreviewSecret::Own => caller.allows(Scope::WriteWebhooks),
        PreviewSecret::Example => Ok(()),
    }
}

#[utoipa::path(
    post,
    path = "/webhooks/try",
    operation_id = "tryExpressions",
    summary = "Try a filter and a transform on events",
    description = "On up to 20 given `events`, or on the tenant's newest ones, of the type or pattern `eventType`. Nothing is \
        stored or sent. An expression that cannot be read is a 422 with its line and column. The evaluations of one \
        request share a limit: events for which nothing is left are listed with `evaluated`: `false`.",
    security(("bearer" = [READ])),
    request_body(content = Option<NewExperiment>, description = "Optional"),
    responses((status = 200, description = "What the expressions make of each event", body = ExperimentView)),
)]
pub(crate) async fn experiment<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Reader(tenant): Reader,
    body: Text,
) -> Result<Response, Problem> {
    let order = ExperimentOrder::read(body.object())?;
    let found = webhooks::experiment(&deps.ledger, &deps.system, &tenant, order).await?;
    Ok(Json(ExperimentView::new(found)?).into_response())
}
