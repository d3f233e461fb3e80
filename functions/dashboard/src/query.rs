//! What the address of a page says after its question mark.

use axum::extract::FromRequestParts;
use lambda_http::http::request::Parts;

use crate::form::Fields;
use crate::oops::Oops;

pub(crate) struct Query(pub(crate) Fields);

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Oops;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Oops> {
        Ok(Self(Fields::of(parts.uri.query().unwrap_or_default().as_bytes())))
    }
}
