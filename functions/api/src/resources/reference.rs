//! `/openapi.json` and `/docs`: the OpenAPI document, as JSON and as an HTML page.

use std::sync::Arc;

use askama::Template as _;
use axum::Extension;
use axum::response::{IntoResponse as _, Response};
use lambda_http::http::HeaderName;
use lambda_http::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use utoipa::openapi::OpenApi;

use crate::description::page::Page;
use crate::http::problem::Problem;

/// The router provides it.
type Document = Extension<Arc<OpenApi>>;

const CACHED: (HeaderName, &str) = (CACHE_CONTROL, "max-age=300");

#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "getOpenApi",
    summary = "Get this document",
    security(()),
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value)),
)]
pub(crate) async fn openapi(document: Document) -> Result<Response, Problem> {
    let json = document.to_json().map_err(Problem::internal)?;
    Ok(([(CONTENT_TYPE, "application/json"), CACHED], json).into_response())
}

/// The page loads nothing and runs no script.
const POLICY: (&str, &str) =
    ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'");

#[utoipa::path(
    get,
    path = "/docs",
    operation_id = "getReference",
    summary = "Get this document as an HTML page",
    security(()),
    responses((status = 200, description = "A page that loads nothing from other hosts", body = String, content_type = "text/html")),
)]
pub(crate) async fn docs(document: Document) -> Result<Response, Problem> {
    let document = serde_json::to_value(&**document).map_err(Problem::internal)?;
    let html = Page::of(&document).render().map_err(Problem::internal)?;
    let headers = [(CONTENT_TYPE, "text/html; charset=utf-8"), CACHED];
    Ok(([POLICY], headers, html).into_response())
}
