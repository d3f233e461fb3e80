//! Shapes answers by the `[api]` part of the tenant's contract, so that its clients get the answers that they
//! know. Handlers make canonical answers only.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use hooklane_contract::Contract;
use hooklane_contract::answers::OperationShape;
use hooklane_domain::ids::TenantId;
use lambda_http::http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, VARY};
use lambda_http::http::uri::PathAndQuery;
use lambda_http::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use utoipa::openapi::OpenApi;

use crate::backend::{Deps, Ports};
use crate::gate::caller::Caller;
use crate::http::path::PREFIXES;
use crate::http::problem::Problem;

/// A client that accepts this media type gets canonical answers, whatever its tenant's contract.
pub(crate) const CANONICAL: &str = "application/vnd.hooklane+json";

/// The largest answer that is shaped. API Gateway limits answers to 10 MB anyway.
const MAX_ANSWER: usize = 10 * 1024 * 1024;

/// The operation id of each method and path. It comes from the OpenAPI document and so from the routes
/// themselves; no route can be missing.
#[derive(Debug)]
pub(crate) struct Operations(HashMap<(Method, String), String>);

impl Operations {
    pub(crate) fn of(document: &OpenApi) -> Self {
        let mut known = HashMap::new();
        for (path, item) in &document.paths.paths {
            for (method, operation) in [
                (Method::GET, &item.get),
                (Method::PUT, &item.put),
                (Method::POST, &item.post),
                (Method::DELETE, &item.delete),
                (Method::PATCH, &item.patch),
            ] {
                if let Some(id) = operation.as_ref().and_then(|o| o.operation_id.clone()) {
                    known.insert((method, path.clone()), id);
                }
            }
        }
        Self(known)
    }

    fn id_of(&self, request: &Request) -> Option<&str> {
        let path = request.extensions().get::<MatchedPath>()?.as_str();
        // Longest first: every path begins with the empty one.
        let path = PREFIXES.iter().find_map(|prefix| path.strip_prefix(prefix))?;
        self.0.get(&(request.method().clone(), path.to_owned())).map(String::as_str)
    }
}

pub(crate) async fn apply<P: Ports>(
    State((deps, operations)): State<(Arc<Deps<P>>, Arc<Operations>)>,
    caller: Caller,
    request: Request,
    next: Next,
) -> Response {
    let Some(tenant) = &caller.tenant else { return next.run(request).await };
    let shape = deps
        .contract_of(tenant)
        .and_then(Contract::api)
        .and_then(|api| operations.id_of(&request).and_then(|operation| api.of(operation)));
    let Some(shape) = shape else { return next.run(request).await };
    let mut response = if wants_canonical(request.headers()) {
        next.run(request).await
    } else {
        let response = next.run(with_parameters(request, shape)).await;
        shaped(response, shape, &tenant.id).await
    };
    response.headers_mut().append(VARY, HeaderValue::from_static("accept"));
    response
}

fn wants_canonical(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|range| {
        range.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(CANONICAL))
    })
}

/// Adds the query parameters that the contract sets, except those that the request has.
fn with_parameters(mut request: Request, shape: OperationShape<'_>) -> Request {
    let uri = request.uri();
    let query = uri.query().unwrap_or_default();
    let given: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).collect();
    let missing: Vec<_> = shape.query(|name| given.iter().any(|(n, _)| n == name)).collect();
    if missing.is_empty() {
        return request;
    }
    let mut all = url::form_urlencoded::Serializer::new(String::new());
    all.extend_pairs(given).extend_pairs(missing);
    let path = format!("{}?{}", uri.path(), all.finish());
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = path.parse::<PathAndQuery>().ok();
    // A valid URI stays valid with more parameters.
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
    request
}

async fn shaped(response: Response, shape: OperationShape<'_>, tenant: &TenantId) -> Response {
    let (mut parts, body) = response.into_parts();
    let canonical = parts.status.as_u16();
    let status = shape.status(canonical);
    parts.status = StatusCode::from_u16(status).unwrap_or(parts.status);
    let is_json = parts
        .headers
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind == "application/json" || kind == "application/problem+json");
    if !is_json {
        return Response::from_parts(parts, body);
    }
    let bytes = match to_bytes(body, MAX_ANSWER).await {
        Ok(bytes) => bytes,
        Err(error) => return Problem::internal(error).into_response(),
    };
    let body = str::from_utf8(&bytes).ok().and_then(|text| shape.body(tenant, canonical, text));
    let body = match body {
        Some(text) => {
            parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            parts.headers.remove(CONTENT_LENGTH);
            Body::from(text)
        }
        None => Body::from(bytes),
    };
    Response::from_parts(parts, body)
}
