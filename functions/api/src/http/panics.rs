//! A panic of a request ends that request. Where it happened is in the log: `hooklane_aws::telemetry` writes
//! a line for every panic.

use std::panic::AssertUnwindSafe;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures::FutureExt as _;

use crate::http::problem::Problem;

/// Answers with a 500 if the request panics. Nothing that requests share is left half changed: the stores
/// are elsewhere, and the caches take over a lock after a panic.
pub(crate) async fn end_one_request(request: Request, next: Next) -> Response {
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(_) => Problem::internal("the request panicked").into_response(),
    }
}
