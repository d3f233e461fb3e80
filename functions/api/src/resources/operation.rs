//! Registers a handler under its path and method together with its description in the OpenAPI document. Both
//! come from the same annotation, so no route can lack a description.

use axum::handler::Handler;
use axum::routing::{MethodFilter, MethodRouter};
use utoipa::__dev::SchemaReferences;
use utoipa::openapi::path::Paths;
use utoipa_axum::PathItemExt;
use utoipa_axum::router::UtoipaMethodRouter;

/// `D` is the type that `#[utoipa::path]` generates from the handler's annotation. (`routes!` of
/// `utoipa-axum` would find it by itself, but does not support generic handlers.)
pub(crate) fn operation<D, H, T, S>(tag: &str, handler: H) -> UtoipaMethodRouter<S>
where
    D: utoipa::Path + SchemaReferences,
    H: Handler<T, S>,
    T: 'static,
    S: Clone + Send + Sync + 'static,
{
    let mut schemas = Vec::new();
    D::schemas(&mut schemas);
    let methods = D::methods();
    let filter = methods.iter().map(PathItemExt::to_method_filter).reduce(MethodFilter::or);
    let router = match filter {
        Some(filter) => MethodRouter::new().on(filter, handler),
        None => MethodRouter::new(),
    };
    let mut described = D::operation();
    described.tags = Some(vec![tag.to_owned()]);
    let mut paths = Paths::new();
    paths.add_path_operation(D::path(), methods, described);
    (schemas, paths, router)
}

/// Adds a module's operations to a router, under a tag in the OpenAPI document:
/// `operations!(router, "webhooks", webhooks: list, create)`.
macro_rules! operations {
    ($router:expr, $tag:literal, $module:ident: $($handler:ident),+ $(,)?) => {
        utoipa_axum::paste! {{
            let router = $router;
            $(let router = router.routes(crate::resources::operation::operation::<
                $module::[<__path_ $handler>],
                _,
                _,
                _,
            >($tag, $module::$handler));)+
            router
        }}
    };
}

pub(crate) use operations;
