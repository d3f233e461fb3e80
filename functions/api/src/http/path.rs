//! Paths, and the ids in them. What is no id names nothing, so it is answered 404 like a missing one.

use std::str::FromStr;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use hooklane_domain::ids::{DeliveryId, EventId, EventType, TenantId, WebhookId};

use crate::http::problem::{Problem, no_route};

/// The prefixes that every route answers under: the canonical one, and those the documents call.
pub(crate) const PREFIXES: [&str; 3] = ["/api/v1", "/api", ""];

/// A thing that a path names by its id.
pub(crate) trait Named: FromStr {
    const NAME: &'static str;
}

impl Named for WebhookId {
    const NAME: &'static str = "webhook";
}
impl Named for DeliveryId {
    const NAME: &'static str = "delivery";
}
impl Named for EventId {
    const NAME: &'static str = "event";
}
impl Named for EventType {
    const NAME: &'static str = "event type";
}
impl Named for TenantId {
    const NAME: &'static str = "tenant";
}

pub(crate) fn id<T: Named>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| missing::<T>())
}

/// The answer to a request for something that does not exist.
pub(crate) fn missing<T: Named>() -> Problem {
    Problem::not_found(T::NAME)
}

/// A path whose escapes are no text names nothing. Decoding puts U+FFFD in the place of what is none.
pub(crate) async fn only_text_paths(request: Request, next: Next) -> Response {
    let path = request.uri().path().as_bytes();
    let is_text = url::form_urlencoded::parse(path)
        .all(|(name, value)| !name.contains('\u{fffd}') && !value.contains('\u{fffd}'));
    if is_text { next.run(request).await } else { no_route().await.into_response() }
}
