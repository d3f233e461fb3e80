//! Paths, and the ids in them. A text that is not a valid id is answered with 404, like an id that does not
//! exist.

use std::str::FromStr;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use hooklane_domain::ids::{DeliveryId, EventId, EventType, TenantId, WebhookId};

use crate::http::problem::{Problem, no_route};

/// The prefixes under which every route is available: the canonical one, and those of the platform guides.
pub(crate) const PREFIXES: [&str; 3] = ["/api/v1", "/api", ""];

/// An id that stands in paths.
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

/// The answer if nothing has this kind of id.
pub(crate) fn missing<T: Named>() -> Problem {
    Problem::not_found(T::NAME)
}

/// A path whose escapes are not UTF-8 is answered with 404. Decoding replaces such bytes with U+FFFD.
pub(crate) async fn only_text_paths(request: Request, next: Next) -> Response {
    let path = request.uri().path().as_bytes();
    let is_text = url::form_urlencoded::parse(path)
        .all(|(name, value)| !name.contains('\u{fffd}') && !value.contains('\u{fffd}'));
    if is_text { next.run(request).await } else { no_route().await.into_response() }
}
