//! `ETag` and `If-Match` (RFC 9110 §8.8.3, §13.1.1): a client changes what it has seen, or nothing.

use axum::extract::FromRequestParts;
use lambda_http::http::HeaderValue;
use lambda_http::http::header::IF_MATCH;
use lambda_http::http::request::Parts;

use crate::problem::Problem;

/// The `ETag` of a revision.
pub(crate) fn of(revision: u64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{revision}\"")).unwrap_or_else(|_| unreachable!())
}

/// What `If-Match` allows: any revision, or exactly this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IfMatch(pub(crate) Option<u64>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(IF_MATCH) else { return Ok(Self(None)) };
        let text = value.to_str().unwrap_or_default().trim();
        if text == "*" {
            return Ok(Self(None));
        }
        // A tag that was never given out matches nothing, like one of the past.
        let tag = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
        match tag.and_then(|tag| tag.parse().ok()) {
            Some(revision) => Ok(Self(Some(revision))),
            None => Err(Problem::precondition_failed()),
        }
    }
}
