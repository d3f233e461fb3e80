//! `/webhooks/{webhook}/test`: one immediate attempt, even if the webhook gets no deliveries.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use hooklane_app::webhooks::{self, TestDeps};
use hooklane_domain::access::quotas::QuotaName;

use crate::backend::{Deps, Ports};
use crate::gate::caller::{Caller, WRITE, Writer};
use crate::gate::webhook::Named;
use crate::http::body::Text;
use crate::http::problem::Problem;
use crate::resources::views::TestView;

#[utoipa::path(
    post,
    path = "/webhooks/{webhook}/test",
    operation_id = "testWebhook",
    summary = "Send a test request to the webhook now, and show the receiver's answer",
    description = "Without a body, or with `{}`, a `webhook.test` event is sent; if the webhook's filter or transform fails \
        on it, the sample of an event type that the webhook subscribes to, on which they do not. `{\"event\": \"order.created\"}` \
        sends that event type's sample. Any other body is sent as the payload of a `webhook.test`. The test is one \
        attempt of at most 20 seconds, formatted and signed like a delivery, and works even if the webhook is \
        inactive, paused or disabled. It appears in the webhook's log and is not counted in statistics. \
        A tenant may run a few tests at the same time; over that, the answer is 429.",
    security(("bearer" = [WRITE])),
    request_body(content = Option<serde_json::Value>, description = "Optional", example = json!({"event": "order.created"})),
    responses(
        (status = 200, description = "The result, even if the receiver failed", body = TestView),
        (status = 413, description = "The payload is larger than 256 KiB"),
        (status = 422, description = "The body is not JSON, or the event type has no sample"),
        (status = 429, description = "The tenant's rate limit is exceeded, or it runs as many tests at the same time as it may: then `quota`, `limit` and `used` say so; `Retry-After` says when to try again"),
    ),
)]
pub(crate) async fn test<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Writer(tenant): Writer,
    caller: Caller,
    Named(id): Named,
    Text(body): Text,
) -> Result<Response, Problem> {
    let at_once = deps.quotas_of(caller.acts_for()?).of(QuotaName::ConcurrentTests);
    let at_once = u32::try_from(at_once).unwrap_or(u32::MAX);
    let test_deps = TestDeps {
        registry: &deps.registry,
        ledger: &deps.ledger,
        sender: &deps.sender,
        system: &deps.system,
        contracts: &deps.contracts,
        catalog: &deps.catalog,
        at_once,
    };
    let tested = webhooks::test(test_deps, (&tenant, id), &body).await?;
    Ok(Json(TestView::new(&tested)).into_response())
}
