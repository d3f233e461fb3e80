//! `/webhooks/{webhook}/test`: one attempt, at once, also at a webhook that gets no deliveries.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use hooklane_app::ports::Clock as _;
use hooklane_app::webhooks::{self, TestDeps};

use crate::backend::{Deps, Ports};
use crate::gate::auth::{WRITE, Writer};
use crate::http::body::Text;
use crate::http::path;
use crate::http::problem::Problem;
use crate::resources::samples::CatalogSamples;
use crate::resources::views::TestView;

#[utoipa::path(
    post,
    path = "/webhooks/{webhook}/test",
    tag = "webhooks",
    operation_id = "testWebhook",
    summary = "Send something to the webhook now, and see what its receiver says",
    description = "Without a body, or with `{}`, a `webhook.test` goes out. An object whose only key is `event` \
        sends that type's sample. Anything else is the payload of a `webhook.test`. It is one attempt of at most \
        20 seconds, signed and written as a delivery is, also where the webhook is inactive, paused or disabled. \
        It is kept in the webhook's log as a test and counts nowhere.",
    security(("bearer" = [WRITE])),
    request_body(content = Option<serde_json::Value>, description = "May be left out"),
    responses(
        (status = 200, description = "What came of it, be it a failure", body = TestView),
        (status = 413, description = "The payload is over 256 KiB"),
        (status = 422, description = "It is no JSON, or there is no sample of that type"),
    ),
)]
pub(crate) async fn test<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Writer(tenant): Writer,
    Path(id): Path<String>,
    Text(body): Text,
) -> Result<Response, Problem> {
    let samples =
        CatalogSamples { catalog: &deps.catalog, registry: &deps.registry, now: deps.system.now() };
    let trial = TestDeps {
        webhooks: &deps.registry,
        ledger: &deps.ledger,
        sender: &deps.sender,
        samples: &samples,
        system: &deps.system,
        contracts: &deps.contracts,
    };
    let tested = webhooks::test(trial, (&tenant, path::id(&id)?), &body).await?;
    Ok(Json(TestView::new(&tested)).into_response())
}
