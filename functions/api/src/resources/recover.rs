//! `/webhooks/{webhook}/recover`: a background job sends again what a webhook missed.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use hooklane_app::ports::Clock as _;
use hooklane_app::recover;
use hooklane_domain::isolation::recovery::{Order, Search};
use hooklane_domain::time::whole_millisecond;
use lambda_http::http::StatusCode;

use crate::backend::{Deps, Ports};
use crate::gate::caller::{Caller, READ, Reader, WRITE, Writer};
use crate::gate::webhook::Named;
use crate::http::body::Text;
use crate::http::problem::Problem;
use crate::resources::schemas::NewRecovery;
use crate::resources::views::{EstimateView, RecoveryView};

#[utoipa::path(
    post,
    path = "/webhooks/{webhook}/recover",
    operation_id = "startRecovery",
    summary = "Start a recovery: send again what the webhook missed",
    description = "Retries each failed delivery as a manual retry would, and makes a delivery for each skipped event. \
        It works in the background, a batch each minute, and with `rateLimit` at that rate, evenly spaced. Skipped events are found by the tenant's list of events. \
        If that may still lack some of the span, the recovery looks for late ones again until `rechecksEndAt`, also after it is `completed` and beside a new one. A webhook has at most one running recovery. A few recoveries of a tenant look for skipped events at \
        the same time; the others wait for their turn, and their state is `waiting`. With `dryRun` nothing is sent: \
        the answer counts what would be, as far as one request reads, and needs no quota.",
    security(("bearer" = [WRITE])),
    request_body(content = NewRecovery),
    responses(
        (status = 200, description = "With `dryRun`: what the recovery would send", body = EstimateView),
        (status = 202, description = "Accepted; poll GET for progress", body = RecoveryView),
        (status = 403, description = "The scope is missing, or `thorough` is asked for by another than the operator"),
        (status = 409, description = "A recovery is already running", headers(("Retry-After" = i64, description = "How many seconds until the running recovery is worked on again"))),
        (status = 429, description = "The tenant's rate limit is exceeded, or it has started as many recoveries today as it may; `Retry-After` says when to try again"),
    ),
)]
pub(crate) async fn start<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Writer(tenant): Writer,
    caller: Caller,
    Named(id): Named,
    body: Text,
) -> Result<Response, Problem> {
    let order = Order::read(body.object(), whole_millisecond(deps.system.now()))?;
    if order.search == Search::Thorough && !caller.principal.is_operator() {
        return Err(Problem::forbidden(
            "Only the operator may ask for a thorough recovery, since it reads the whole ledger. Leave out thorough.",
        ));
    }
    let key = (&tenant, id);
    if order.dry_run {
        let estimate = recover::estimate(&deps.registry, &deps.ledger, key, order.wanted).await?;
        return Ok(Json(EstimateView::new(&estimate)).into_response());
    }
    let quotas = deps.quotas_of(caller.acts_for()?);
    let stores = (&deps.registry, &deps.ledger);
    let ordered = recover::start(stores, &deps.system, &quotas, key, order).await?;
    Ok((StatusCode::ACCEPTED, Json(RecoveryView::new(&ordered))).into_response())
}

#[utoipa::path(
    post,
    path = "/webhooks/{webhook}/recover/stop",
    operation_id = "stopRecovery",
    summary = "Stop the webhook's latest recovery",
    description = "Nothing more is looked for, also no events that come late. What was sent stays sent, and at most \
        the part of a minute that is under way follows. Idempotent: stopping a recovery that has ended changes \
        nothing. Another one can begin at once.",
    security(("bearer" = [WRITE])),
    responses(
        (status = 200, description = "The recovery, which has ended", body = RecoveryView),
        (status = 404, description = "Not found, it belongs to another tenant, or the webhook has had no recovery"),
    ),
)]
pub(crate) async fn stop<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Writer(tenant): Writer,
    Named(id): Named,
) -> Result<Response, Problem> {
    let recovery = recover::stop(&deps.registry, &deps.system, (&tenant, id)).await?;
    Ok(Json(RecoveryView::new(&recovery)).into_response())
}

#[utoipa::path(
    get,
    path = "/webhooks/{webhook}/recover",
    operation_id = "getRecovery",
    summary = "Get the progress of the webhook's latest recovery",
    security(("bearer" = [READ])),
    responses(
        (status = 200, description = "The recovery", body = RecoveryView),
        (status = 404, description = "Not found, it belongs to another tenant, or the webhook has had no recovery"),
    ),
)]
pub(crate) async fn progress<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Reader(tenant): Reader,
    Named(id): Named,
) -> Result<Response, Problem> {
    let recovery = recover::progress(&deps.registry, (&tenant, id)).await?;
    Ok(Json(RecoveryView::new(&recovery)).into_response())
}
