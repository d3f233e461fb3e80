//! `/webhooks/{webhook}/test`: one immediate attempt, even if the webhook gets no deliveries. `/webhooks/test`: the
//! same for a webhook that is not registered yet.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use hooklane_app::webhooks;
use hooklane_domain::ids::EventType;
use hooklane_domain::webhook::Webhook;

use crate::backend::{Deps, Ports};
use crate::gate::caller::{Caller, WRITE, Writer};
use crate::gate::webhook::Named;
use crate::http::body::Text;
use crate::http::problem::Problem;
use crate::http::query::Query;
use crate::resources::schemas::{NewWebhook, WebhookChange};
use crate::resources::views::{TestView, shown_fields};

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
    let quotas = deps.quotas_of(caller.acts_for()?);
    let tested = webhooks::test(deps.test_deps(&quotas), (&tenant, id), &body).await?;
    Ok(Json(TestView::new(&tested)).into_response())
}

#[utoipa::path(
    post,
    path = "/webhooks/test",
    operation_id = "testNewWebhook",
    summary = "Send a test request to a webhook that is not registered yet",
    description = "The body is that of a registration, and is checked in the same way. One test is sent as by the test of a \
        webhook, with the same limits; it is signed with the body's `secret`, or with one that is made for it. \
        Nothing is stored.",
    security(("bearer" = [WRITE])),
    params(
        ("event" = Option<String>, Query, max_length = 255, pattern = "^[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*$", description = "Send this event type's sample; a `webhook.test` if omitted", example = "order.created"),
    ),
    request_body(content = NewWebhook),
    responses(
        (status = 200, description = "The result, even if the receiver failed", body = TestView),
        (status = 422, description = "The webhook could not be registered like this, or the event type has no sample"),
        (status = 429, description = "The tenant's rate limit is exceeded, or it runs as many tests at the same time as it may: then `quota`, `limit` and `used` say so; `Retry-After` says when to try again"),
    ),
)]
pub(crate) async fn test_new<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Writer(tenant): Writer,
    caller: Caller,
    RawQuery(raw): RawQuery,
    body: Text,
) -> Result<Response, Problem> {
    let mut query = Query::of(raw.as_deref());
    let event: Option<EventType> = query.parse("event");
    query.finish()?;
    let acts_for = caller.acts_for()?;
    let (rules, quotas) = (deps.rules_of(acts_for), deps.quotas_of(acts_for));
    let what = (event, body.object());
    let tested =
        webhooks::test_unsaved(deps.test_deps(&quotas), (rules, &quotas), &tenant, what).await?;
    Ok(Json(TestView::new(&tested)).into_response())
}

#[utoipa::path(
    post,
    path = "/webhooks/{webhook}/test-change",
    operation_id = "testWebhookChange",
    summary = "Send a test request to the webhook as it would be after a change",
    description = "The body is that of an update, and is checked in the same way, but the change is not made. One test is \
        sent as by the test of a webhook, with the same limits, the webhook's own secret and its headers. \
        Nothing is stored.",
    security(("bearer" = [WRITE])),
    params(
        ("event" = Option<String>, Query, max_length = 255, pattern = "^[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*$", description = "Send this event type's sample; a `webhook.test` if omitted", example = "order.created"),
    ),
    request_body(content = WebhookChange),
    responses(
        (status = 200, description = "The result, even if the receiver failed", body = TestView),
        (status = 422, description = "The webhook could not be changed like this, or the event type has no sample"),
        (status = 429, description = "The tenant's rate limit is exceeded, or it runs as many tests at the same time as it may: then `quota`, `limit` and `used` say so; `Retry-After` says when to try again"),
    ),
)]
pub(crate) async fn test_change<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Writer(tenant): Writer,
    caller: Caller,
    Named(id): Named,
    RawQuery(raw): RawQuery,
    body: Text,
) -> Result<Response, Problem> {
    let mut query = Query::of(raw.as_deref());
    let event: Option<EventType> = query.parse("event");
    query.finish()?;
    let acts_for = caller.acts_for()?;
    let (rules, quotas) = (deps.rules_of(acts_for), deps.quotas_of(acts_for));
    let (checked, key, what) = ((rules, &quotas), (&tenant, id), (event, body.object()));
    let seen = |webhook: &Webhook| shown_fields(webhook, &deps.contracts);
    let tested = webhooks::test_change(deps.test_deps(&quotas), checked, key, what, seen).await?;
    Ok(Json(TestView::new(&tested)).into_response())
}
