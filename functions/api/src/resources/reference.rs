//! `/openapi.json` and `/docs`: the OpenAPI document, as JSON and as an HTML page.

use std::sync::{Arc, OnceLock};

use askama::Template as _;
use axum::Extension;
use axum::body::Bytes;
use axum::response::{IntoResponse as _, Response};
use lambda_http::http::HeaderName;
use lambda_http::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use utoipa::openapi::OpenApi;

use crate::description::page::Page;
use crate::http::problem::Problem;

/// The document's two texts. They are made when they are first asked for, and then kept: anybody may ask, as
/// often as they like.
pub(crate) struct Reference {
    document: fn() -> OpenApi,
    json: OnceLock<Bytes>,
    html: OnceLock<Bytes>,
}

impl Reference {
    pub(crate) fn of(document: fn() -> OpenApi) -> Self {
        Self { document, json: OnceLock::new(), html: OnceLock::new() }
    }

    fn json(&self) -> Result<Bytes, Problem> {
        kept(&self.json, || (self.document)().to_json().map_err(Problem::internal))
    }

    fn html(&self) -> Result<Bytes, Problem> {
        kept(&self.html, || {
            let document = serde_json::to_value((self.document)()).map_err(Problem::internal)?;
            Page::of(&document).render().map_err(Problem::internal)
        })
    }
}

fn kept(
    place: &OnceLock<Bytes>,
    make: impl FnOnce() -> Result<String, Problem>,
) -> Result<Bytes, Problem> {
    if let Some(text) = place.get() {
        return Ok(text.clone());
    }
    let made = Bytes::from(make()?);
    Ok(place.get_or_init(|| made).clone())
}

/// The router provides it.
type Provided = Extension<Arc<Reference>>;

const CACHED: (HeaderName, &str) = (CACHE_CONTROL, "max-age=300");

#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "getOpenApi",
    summary = "Get this document",
    security(()),
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value)),
)]
pub(crate) async fn openapi(reference: Provided) -> Result<Response, Problem> {
    Ok(([(CONTENT_TYPE, "application/json"), CACHED], reference.json()?).into_response())
}

/// The page loads nothing, runs no script, has no form, and stands in no frame. Its styles are in the page.
const POLICY: (HeaderName, &str) = (
    CONTENT_SECURITY_POLICY,
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'",
);

#[utoipa::path(
    get,
    path = "/docs",
    operation_id = "getReference",
    summary = "Get this document as an HTML page",
    security(()),
    responses((status = 200, description = "A page that loads nothing from other hosts", body = String, content_type = "text/html")),
)]
pub(crate) async fn docs(reference: Provided) -> Result<Response, Problem> {
    let headers = [(CONTENT_TYPE, "text/html; charset=utf-8"), CACHED, POLICY];
    Ok((headers, reference.html()?).into_response())
}
