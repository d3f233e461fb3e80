//! Puts the routes and the middleware together, and makes the document that describes them.

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::{Extension, Router};
use utoipa::openapi::OpenApi;

use crate::backend::{Deps, Ports};
use crate::gate::shape::OperationIds;
use crate::gate::{authentication, limiter, shape};
use crate::http::path::{only_canonical, without_prefix};
use crate::http::{panics, problem, security, span};
use crate::resources::events::MAX_BATCH_BYTES;
use crate::resources::reference::Reference;
use crate::{description, resources};

/// The largest body that any route accepts: a batch of events.
const MAX_BODY: usize = MAX_BATCH_BYTES;

/// All routes, under every prefix.
pub fn router<P: Ports>(deps: Arc<Deps<P>>) -> Router {
    let (guarded, open) = (resources::guarded::<P>(), resources::open::<P>());
    let authenticate = from_fn_with_state(Arc::clone(&deps), authentication::authenticate::<P>);
    let limit = from_fn_with_state(Arc::clone(&deps), limiter::limit::<P>);
    let ids = Arc::new(OperationIds::of(&guarded.described));
    let shape = from_fn_with_state((Arc::clone(&deps), ids), shape::apply::<P>);
    let open = open.routes.layer(Extension(Arc::new(Reference::of(document::<P>))));
    // The layer added last is the outermost. `shape` is outside `limit`, so that a tenant over its limit is
    // refused in its contract's words.
    let guarded = guarded.routes.route_layer(limit).route_layer(shape).route_layer(authenticate);
    let routes = guarded
        .merge(open)
        .fallback(problem::no_route)
        .method_not_allowed_fallback(problem::no_method)
        .layer(from_fn(only_canonical))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn(panics::end_one_request))
        .layer(from_fn(security::add))
        .layer(from_fn(span::open))
        .with_state(deps);
    // The layers of a router see a request that has its route already.
    Router::new().fallback_service(routes).layer(from_fn(without_prefix))
}

/// The OpenAPI document as it is checked in: indented JSON.
pub fn openapi_json<P: Ports>() -> Result<String, serde_json::Error> {
    document::<P>().to_pretty_json()
}

/// Describes all routes.
fn document<P: Ports>() -> OpenApi {
    let mut document = description::frame();
    for one in [resources::guarded::<P>(), resources::open::<P>()].iter().flat_map(|o| &o.described)
    {
        one.add_to(&mut document);
    }
    description::complete(&mut document);
    document
}
