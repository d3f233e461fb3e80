//! The span of a request. Its fields appear on every log line of the request.

use std::str::FromStr;

use axum::RequestExt as _;
use axum::extract::{MatchedPath, RawPathParams, Request};
use axum::middleware::Next;
use axum::response::Response;
use hooklane_domain::access::principal::Principal;
use hooklane_domain::ids::{DeliveryId, EventId, EventType, KeyId, TenantId, WebhookId};
use lambda_http::RequestExt as _;
use tracing::field::{Empty, display};
use tracing::{Instrument as _, Span};

/// Opens the span. Its level is error, so that error lines have these fields at any log level.
pub async fn open(mut request: Request, next: Next) -> Response {
    let span = tracing::error_span!(
        "request",
        request.id = Empty,
        request.method = %request.method(),
        request.route = Empty,
        principal = Empty,
        principal.key = Empty,
        tenant = Empty,
        webhook.id = Empty,
        delivery.id = Empty,
        event.id = Empty,
        event.type = Empty,
        key.id = Empty,
    );
    if let Some(context) = request.lambda_context_ref() {
        span.record("request.id", &context.request_id);
    }
    if let Some(route) = request.extensions().get::<MatchedPath>() {
        span.record("request.route", route.as_str());
    }
    if let Ok(parameters) = request.extract_parts::<RawPathParams>().await {
        for (name, text) in &parameters {
            record_parameter(&span, name, text);
        }
    }
    next.run(request).instrument(span).await
}

/// Records a path parameter if it is a valid id. Other texts are not logged, since clients may send
/// anything.
fn record_parameter(span: &Span, name: &str, text: &str) {
    match name {
        "tenant" => record::<TenantId>(span, "tenant", text),
        "webhook" => record::<WebhookId>(span, "webhook.id", text),
        "delivery" => record::<DeliveryId>(span, "delivery.id", text),
        "event" => record::<EventId>(span, "event.id", text),
        "type" => record::<EventType>(span, "event.type", text),
        "key" => record::<KeyId>(span, "key.id", text),
        _ => {}
    }
}

fn record<T: FromStr>(span: &Span, field: &str, text: &str) {
    if text.parse::<T>().is_ok() {
        span.record(field, text);
    }
}

/// Records who makes the request, once it is known: never a secret.
pub(crate) fn of_principal(principal: &Principal) {
    let span = Span::current();
    span.record("principal", principal.kind());
    if let Some(key) = principal.key() {
        span.record("principal.key", display(key));
    }
}

/// Records the tenant that the request acts for, once it is known.
pub(crate) fn of_tenant(tenant: &TenantId) {
    Span::current().record("tenant", display(tenant));
}

/// Records the webhook that the request names by its tenant's id, once it is known.
pub(crate) fn of_webhook(webhook: WebhookId) {
    Span::current().record("webhook.id", display(webhook));
}

/// Records the event that the request publishes.
pub(crate) fn of_event(event: &EventId) {
    Span::current().record("event.id", display(event));
}
