//! `Idempotency-Key`: a request that is sent again counts once.

use axum::extract::FromRequestParts;
use hooklane_domain::access::idempotency::IdempotencyKey;
use lambda_http::http::request::Parts;

use crate::http::problem::Problem;

const HEADER: &str = "idempotency-key";

/// The request's key, if it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key(pub(crate) Option<IdempotencyKey>);

impl<S: Send + Sync> FromRequestParts<S> for Key {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all(HEADER).iter();
        let Some(value) = values.next() else { return Ok(Self(None)) };
        if values.next().is_some() {
            return Err(Problem::bad_request("The header Idempotency-Key must not be repeated."));
        }
        match value.to_str().unwrap_or_default().parse() {
            Ok(key) => Ok(Self(Some(key))),
            Err(error) => {
                Err(Problem::bad_request(&format!("The header Idempotency-Key {error}.")))
            }
        }
    }
}
