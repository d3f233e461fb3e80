//! Shapes answers by the `[api]` part of the tenant's contract, so that its clients get the answers that they
//! know. Handlers make canonical answers only.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use hooklane_contract::Contract;
use hooklane_contract::answers::OperationShape;
use hooklane_domain::ids::TenantId;
use lambda_http::http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, VARY};
use lambda_http::http::{HeaderMap, HeaderValue, Method, StatusCode};

use crate::backend::{Deps, Ports};
use crate::gate::caller::Caller;
use crate::http::path::set_path;
use crate::http::problem::Problem;
use crate::operation::Description;

/// A client that accepts this media type gets canonical answers, whatever its tenant's contract.
pub(crate) const CANONICAL: &str = "application/vnd.hooklane+json";

/// The largest answer that is shaped. API Gateway limits answers to 10 MB anyway.
const MAX_ANSWER: usize = 10 * 1024 * 1024;

/// The operation id of each method and path. It comes from the routes' own annotations; no route can be
/// missing. An id is made when a request of its operation is first shaped.
#[derive(Debug)]
pub(crate) struct OperationIds(HashMap<(Method, String), Named>);

#[derive(Debug)]
struct Named {
    description: Description,
    id: OnceLock<Option<String>>,
}

impl OperationIds {
    pub(crate) fn of(described: &[Description]) -> Self {
        let known = described.iter().flat_map(|&one| {
            let named = move || Named { description: one, id: OnceLock::new() };
            one.methods().map(move |method| ((method, one.path()), named()))
        });
        Self(known.collect())
    }

    fn of_request(&self, request: &Request) -> Option<&str> {
        let path = request.extensions().get::<MatchedPath>()?.as_str();
        let Named { description, id } = self.0.get(&(request.method().clone(), path.to_owned()))?;
        id.get_or_init(|| description.operation().operation_id).as_deref()
    }
}

pub(crate) async fn apply<P: Ports>(
    State((deps, ids)): State<(Arc<Deps<P>>, Arc<OperationIds>)>,
    caller: Caller,
    request: Request,
    next: Next,
) -> Response {
    let Some(tenant) = &caller.tenant else { return next.run(request).await };
    let shape = deps
        .contract_of(tenant)
        .and_then(Contract::api)
        .and_then(|api| ids.of_request(&request).and_then(|operation| api.of(operation)));
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
    set_path(&mut request, &path);
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
