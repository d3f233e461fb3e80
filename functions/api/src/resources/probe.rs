//! `/webhooks/{webhook}/probe`: one delivery of a failing webhook is sent at once.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use hooklane_app::probe;
use hooklane_domain::ids::DeliveryId;
use hooklane_domain::json::fields::Fields;
use lambda_http::http::StatusCode;

use crate::backend::{Deps, Ports};
use crate::gate::caller::{Caller, WRITE, Writer};
use crate::gate::webhook::Named;
use crate::http::body::Text;
use crate::http::problem::Problem;
use crate::resources::deliveries::outlook;
use crate::resources::schemas::NewProbe;
use crate::resources::views::DeliveryView;

#[utoipa::path(
    post,
    path = "/webhooks/{webhook}/probe",
    operation_id = "probeWebhook",
    summary = "Try a failing webhook now: one waiting delivery is sent as the probe",
    description = "For a webhook whose circuit is open. The delivery that waits longest, or the one that is named, is sent \
        within seconds instead of when the next probe is due. If it arrives, the circuit closes and what waits is sent; \
        if not, the next probe is later, as after any probe.",
    security(("bearer" = [WRITE])),
    request_body(content = Option<NewProbe>, description = "Optional", example = json!({})),
    responses(
        (status = 202, description = "The delivery that is sent", body = DeliveryView),
        (status = 404, description = "There is no such webhook, or it has no such delivery"),
        (status = 409, description = "The circuit is closed, a probe is being made, no attempts are made for another reason, or nothing waits: `detail` says which; or the delivery has ended"),
    ),
)]
pub(crate) async fn probe<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Writer(tenant): Writer,
    caller: Caller,
    Named(id): Named,
    body: Text,
) -> Result<Response, Problem> {
    let mut fields = Fields::of("", body.object())?;
    let delivery: Option<DeliveryId> = fields.parse(&["deliveryId"]);
    fields.finish()?;
    let stores = (&deps.registry, &deps.ledger);
    let key = (&tenant, id, caller.acts_for()?.settings.paused);
    let sent = probe::probe(stores, &deps.queues, &deps.system, key, delivery).await?;
    let outlook = outlook(&deps, &caller, std::slice::from_ref(&sent)).await?;
    Ok((StatusCode::ACCEPTED, Json(DeliveryView::new(&sent, &outlook))).into_response())
}
