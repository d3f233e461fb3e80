//! A request's body as text. It is read as JSON whatever its content type, because the example commands in
//! the platform guides send none.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};

use hooklane_domain::json::fields::{FieldErrors, Fields};
use hooklane_domain::json::without_byte_order_mark;

use crate::http::problem::Problem;

/// The body as text. Its size is limited by the router.
#[derive(Debug)]
pub(crate) struct Text(pub(crate) String);

impl Text {
    /// For operations with required fields: no body is an empty object, so that the answer names the fields
    /// that are missing.
    pub(crate) fn object(&self) -> &str {
        if self.0.trim().is_empty() { "{}" } else { &self.0 }
    }

    /// For operations that take no fields: accepts no body, or an empty object.
    pub(crate) fn nothing(&self) -> Result<(), FieldErrors> {
        match self.0.trim() {
            "" | "null" => Ok(()),
            text => Fields::of("", text)?.finish(),
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for Text {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = Bytes::from_request(request, state).await?;
        if let Some(encoding) = other_encoding(&bytes) {
            let detail = format!("The body must be UTF-8; it begins as {encoding} does.");
            return Err(Problem::bad_request(&detail));
        }
        match String::from_utf8(bytes.into()) {
            Ok(text) => Ok(Self(without_byte_order_mark(&text).to_owned())),
            Err(_) => Err(Problem::bad_request("The body must be UTF-8.")),
        }
    }
}

/// What a body is written in that begins with the byte order mark of another encoding (*Unicode Standard*,
/// §23.8), or with the zero bytes that JSON has in one.
fn other_encoding(body: &[u8]) -> Option<&'static str> {
    match body {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Some("UTF-32"),
        [0, 0, 0, _, ..] | [_, 0, 0, 0, ..] => Some("UTF-32"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..] => Some("UTF-16"),
        _ => None,
    }
}
