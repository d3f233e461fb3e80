//! `/openapi.json`: the API as machines read it.

use axum::response::{IntoResponse as _, Response};
use lambda_http::http::header::{CACHE_CONTROL, CONTENT_TYPE};

use crate::openapi::document;
use crate::{Backend, problem::Problem};

#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "reference",
    operation_id = "getOpenApi",
    summary = "This document",
    security(()),
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value)),
)]
pub(crate) async fn openapi<B: Backend>() -> Result<Response, Problem> {
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "max-age=300")];
    Ok((headers, document::<B>().to_json().map_err(Problem::internal)?).into_response())
}
