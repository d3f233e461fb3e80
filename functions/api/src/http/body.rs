//! A request's body as text: understood as JSON whatever its content type says, since the documents'
//! own command lines send none.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};

use hooklane_domain::json::fields::{FieldErrors, Fields};

use crate::http::problem::Problem;

/// The body, at most as large as any route takes.
#[derive(Debug)]
pub(crate) struct Text(pub(crate) String);

impl Text {
    /// For routes that ask for nothing: no body, or an object without a field.
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
        match String::from_utf8(bytes.into()) {
            Ok(text) => Ok(Self(text)),
            Err(_) => Err(Problem::bad_request("the body is not UTF-8")),
        }
    }
}
