//! The reason phrases of RFC 9110 that receivers answer with most.

/// The phrase for a status code; empty for one without.
pub(crate) fn reason_phrase(code: u16) -> &'static str {
    lambda_http::http::StatusCode::from_u16(code)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or_default()
}
