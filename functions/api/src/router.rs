//! Puts the routes and the middleware together, and makes the document that describes them.

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::{Extension, Router};
use utoipa::openapi::OpenApi;

use crate::backend::{Deps, Ports};
use crate::gate::shape::Operations;
use crate::gate::{authentication, limiter, shape};
use crate::http::path::{PREFIXES, only_canonical};
use crate::http::{panics, problem, security, span};
use crate::resources::events::MAX_BATCH_BYTES;
use crate::resources::reference::Reference;
use crate::{description, resources};

/// The largest body that any route accepts: a batch of events.
const MAX_BODY: usize = MAX_BATCH_BYTES;

/// All routes, under every prefix.
pub fn router<P: Ports>(deps: Arc<Deps<P>>) -> Router {
    let Routes { guarded, open, document } = Routes::all();
    let authenticate = from_fn_with_state(Arc::clone(&deps), authentication::authenticate::<P>);
    let limit = from_fn_with_state(Arc::clone(&deps), limiter::limit::<P>);
    let operations = Arc::new(Operations::of(&document));
    let shape = from_fn_with_state((Arc::clone(&deps), operations), shape::apply::<P>);
    let open = open.layer(Extension(Arc::new(Reference::of(document))));
    // The layer added last is the outermost. `shape` is outside `limit`, so that a tenant over its limit is
    // refused in its contract's words.
    let routes =
        guarded.route_layer(limit).route_layer(shape).route_layer(authenticate).merge(open);
    let router = PREFIXES.iter().fold(Router::new(), |router, prefix| match *prefix {
        "" => router.merge(routes.clone()),
        prefix => router.nest(prefix, routes.clone()),
    });
    router
        .fallback(problem::no_route)
        .method_not_allowed_fallback(problem::no_method)
        .layer(from_fn(only_canonical))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn(panics::end_one_request))
        .layer(from_fn(security::add))
        .layer(from_fn(span::open))
        .with_state(deps)
}

/// The OpenAPI document as it is checked in: indented JSON.
pub fn openapi_json<P: Ports>() -> Result<String, serde_json::Error> {
    Routes::<P>::all().document.to_pretty_json()
}

struct Routes<P: Ports> {
    /// The routes that need a bearer token.
    guarded: Router<Arc<Deps<P>>>,
    open: Router<Arc<Deps<P>>>,
    /// Describes all routes.
    document: OpenApi,
}

impl<P: Ports> Routes<P> {
    fn all() -> Self {
        let (guarded, mut document) = resources::guarded::<P>().split_for_parts();
        let (open, described) = resources::open::<P>().split_for_parts();
        document.merge(described);
        description::complete(&mut document);
        Self { guarded, open, document }
    }
}
