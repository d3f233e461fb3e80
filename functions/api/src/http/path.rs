//! Paths, and the ids in them. A text that is not a valid id is answered with 404, like an id that does not
//! exist.

use std::str::FromStr;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use hooklane_domain::ids::{
    ClientsTenant, DeliveryId, EventId, EventType, ExternalId, KeyId, TenantId, WebhookId,
};
use hooklane_domain::inbox::RequestNumber;
use lambda_http::http::Uri;
use lambda_http::http::uri::PathAndQuery;

use crate::http::problem::Problem;

/// The prefixes under which every route is available, beside none, which is a platform guide's too: the
/// canonical one, and that of the other guides. Longest first.
const PREFIXES: [&str; 2] = ["/api/v1", "/api"];

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
impl Named for KeyId {
    const NAME: &'static str = "key";
}
impl Named for RequestNumber {
    const NAME: &'static str = "request";
}
impl Named for TenantId {
    const NAME: &'static str = "tenant";
}

pub(crate) fn id<T: Named>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| missing::<T>())
}

/// The tenant that a path names. Hooklane's own is refused in words: whoever chose its id for a tenant would not
/// understand a 404.
pub(crate) fn tenant(text: &str) -> Result<TenantId, Problem> {
    match text.parse() {
        Ok(ClientsTenant(tenant)) => Ok(tenant),
        Err(why) if text.parse::<TenantId>().is_ok() => {
            Err(Problem::bad_request(&format!("The tenant's id {text} {why}.")))
        }
        Err(_) => Err(missing::<TenantId>()),
    }
}

/// What `{webhook}` in a path names: a webhook's id, or `ext:` and its external id. No webhook's id has a
/// colon, and neither needs an escape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WebhookName {
    Id(WebhookId),
    External(ExternalId),
}

impl WebhookName {
    pub(crate) fn read(text: &str) -> Result<Self, Problem> {
        match text.strip_prefix("ext:") {
            Some(external) => {
                external.parse().map(Self::External).map_err(|_| missing::<WebhookId>())
            }
            None => id(text).map(Self::Id),
        }
    }
}

/// The answer if nothing has this kind of id.
pub(crate) fn missing<T: Named>() -> Problem {
    Problem::not_found(T::NAME)
}

/// Takes the prefix from a request's path, before it is routed. So each route is registered once.
pub(crate) async fn without_prefix(mut request: Request, next: Next) -> Response {
    let uri = request.uri();
    let rest = |prefix: &str| uri.path().strip_prefix(prefix).filter(|rest| rest.starts_with('/'));
    let path = PREFIXES.into_iter().find_map(rest).map(|path| match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    });
    if let Some(path) = path {
        set_path(&mut request, &path);
    }
    next.run(request).await
}

/// Gives a request another path and query. What is no path leaves it as it is.
pub(crate) fn set_path(request: &mut Request, path_and_query: &str) {
    let Ok(path_and_query) = path_and_query.parse::<PathAndQuery>() else { return };
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = Some(path_and_query);
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
}

/// Refuses paths that have more than one reading, before they are routed.
pub(crate) async fn only_canonical(request: Request, next: Next) -> Response {
    match canonical(request.uri().path()) {
        Ok(()) => next.run(request).await,
        Err(why) => Problem::bad_request(why).into_response(),
    }
}

/// Whether a path is in its one canonical spelling: no dot segments, no empty ones, no escapes of what needs
/// none, of separators or of control characters, and UTF-8. A firewall or proxy in front that knows this
/// spelling only then sees the same path as the routes. No id needs an escape.
pub(crate) fn canonical(path: &str) -> Result<(), &'static str> {
    let segments = path.strip_prefix('/').ok_or("The path must begin with a slash.")?.split('/');
    let last = path.matches('/').count() - 1;
    for (place, segment) in segments.enumerate() {
        match segment {
            "" if place < last => return Err("The path has an empty segment."),
            "." | ".." => return Err("The path has a dot segment."),
            _ => canonical_segment(segment)?,
        }
    }
    Ok(())
}

fn canonical_segment(segment: &str) -> Result<(), &'static str> {
    const BAD_ESCAPE: &str = "The path has a percent sign without two hexadecimal digits.";
    let mut decoded = Vec::with_capacity(segment.len());
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            if !is_unreserved(byte) && !is_reserved(byte) {
                return Err("The path has a character that must be percent-encoded.");
            }
            decoded.push(byte);
            continue;
        }
        let mut digit = || bytes.next().and_then(|byte| char::from(byte).to_digit(16));
        let (high, low) = digit().zip(digit()).ok_or(BAD_ESCAPE)?;
        let byte = u8::try_from(high * 16 + low).map_err(|_| BAD_ESCAPE)?;
        if is_unreserved(byte) || matches!(byte, b'/' | b'\\') || byte.is_ascii_control() {
            return Err("The path has an escape of a character that must not be escaped.");
        }
        decoded.push(byte);
    }
    match str::from_utf8(&decoded) {
        Ok(_) => Ok(()),
        Err(_) => Err("The path is not UTF-8."),
    }
}

/// RFC 3986 §2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// The other characters that a segment may have as they are: RFC 3986 §3.3.
fn is_reserved(byte: u8) -> bool {
    b"!$&'()*+,;=:@".contains(&byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// A path that is accepted means the same to everybody: a parser that resolves dot segments and one
        /// that decodes leave it as it is.
        #[test]
        fn finding_15_an_accepted_path_has_one_reading(path in "(/|%2[eEfF]|%5[cC]|[.]{1,2}|%[0-9a-f]{2}|[ab\\\\;é]){0,8}") {
            let path = format!("/{path}");
            if canonical(&path).is_ok() {
                let url = url::Url::parse("https://example.com").unwrap().join(&path).unwrap();
                prop_assert_eq!(url.path(), &path);
                prop_assert_eq!(url.host_str(), Some("example.com"));
                let decoded = url::form_urlencoded::parse(path.replace('+', "%2B").as_bytes())
                    .map(|(name, value)| format!("{name}{value}"))
                    .collect::<String>();
                prop_assert_eq!(decoded.matches('/').count(), path.matches('/').count());
                prop_assert!(!decoded.contains(char::is_control) && !decoded.contains('\\'));
            }
        }
    }
}
