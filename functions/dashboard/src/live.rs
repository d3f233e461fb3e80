//! What the script of a page asks for again and again: nothing is sent while nothing changes (`ETag` and
//! `If-None-Match`, RFC 9110 §8.8.3 and §13.1.2).

use std::hash::{DefaultHasher, Hash, Hasher as _};

use axum::response::{Html, IntoResponse as _, Response};
use lambda_http::http::header::{ETAG, IF_NONE_MATCH};
use lambda_http::http::{HeaderMap, HeaderValue, StatusCode};

/// Names a state of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tag(String);

impl Tag {
    pub(crate) fn of(state: &impl Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        state.hash(&mut hasher);
        Self(format!("\"{:016x}\"", hasher.finish()))
    }

    /// Whether it is the state that the browser has.
    pub(crate) fn is_known_to(&self, asked: &HeaderMap) -> bool {
        let known = asked.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
        known.is_some_and(|known| known.split(',').any(|one| one.trim() == self.0))
    }

    /// Nothing has changed.
    pub(crate) fn unchanged(&self) -> Response {
        self.on(StatusCode::NOT_MODIFIED.into_response())
    }

    /// An answer that shows this state.
    pub(crate) fn on(&self, mut response: Response) -> Response {
        if let Ok(tag) = HeaderValue::from_str(&self.0) {
            response.headers_mut().insert(ETAG, tag);
        }
        response
    }
}

/// A part of a page, or nothing if the browser has it as it is.
pub(crate) fn fragment(asked: &HeaderMap, text: String) -> Response {
    let tag = Tag::of(&text);
    if tag.is_known_to(asked) { tag.unchanged() } else { tag.on(Html(text).into_response()) }
}
