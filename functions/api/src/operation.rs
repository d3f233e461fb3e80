//! Registers a handler under its path and method, and remembers how to describe it in the OpenAPI document.
//! Both come from the same annotation, so no route can lack a description. Descriptions are made when they are
//! asked for: most instances of the function never are, and a cold start waits for none.

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, MethodRouter};
use lambda_http::http::Method;
use utoipa::__dev::SchemaReferences;
use utoipa::openapi::path::{HttpMethod, Operation, Paths};
use utoipa::openapi::{ComponentsBuilder, OpenApi, OpenApiBuilder, RefOr, Schema};
use utoipa_axum::PathItemExt;

/// Routes, and how each is described.
pub(crate) struct Operations<S> {
    pub(crate) routes: Router<S>,
    pub(crate) described: Vec<Description>,
}

/// What `#[utoipa::path]` generates from a handler's annotation, not yet called.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Description {
    tag: &'static str,
    path: fn() -> String,
    methods: fn() -> Vec<HttpMethod>,
    operation: fn() -> Operation,
    schemas: fn(&mut Vec<(String, RefOr<Schema>)>),
}

impl<S: Clone + Send + Sync + 'static> Operations<S> {
    pub(crate) fn new() -> Self {
        Self { routes: Router::new(), described: Vec::new() }
    }

    /// `D` is the type that `#[utoipa::path]` generates. (`routes!` of `utoipa-axum` would find it by itself,
    /// but does not support generic handlers, and describes each route at once.)
    pub(crate) fn with<D, H, T>(mut self, tag: &'static str, handler: H) -> Self
    where
        D: utoipa::Path + SchemaReferences,
        H: Handler<T, S>,
        T: 'static,
    {
        let methods = D::methods();
        let filter = methods.iter().map(PathItemExt::to_method_filter).reduce(MethodFilter::or);
        if let Some(filter) = filter {
            self.routes = self.routes.route(&D::path(), MethodRouter::new().on(filter, handler));
        }
        self.described.push(Description {
            tag,
            path: D::path,
            methods: D::methods,
            operation: D::operation,
            schemas: D::schemas,
        });
        self
    }
}

impl Description {
    pub(crate) fn path(self) -> String {
        (self.path)()
    }

    pub(crate) fn methods(self) -> impl Iterator<Item = Method> {
        (self.methods)().into_iter().map(|method| match method {
            HttpMethod::Get => Method::GET,
            HttpMethod::Put => Method::PUT,
            HttpMethod::Post => Method::POST,
            HttpMethod::Delete => Method::DELETE,
            HttpMethod::Options => Method::OPTIONS,
            HttpMethod::Head => Method::HEAD,
            HttpMethod::Patch => Method::PATCH,
            HttpMethod::Trace => Method::TRACE,
        })
    }

    /// Makes its operation.
    pub(crate) fn operation(self) -> Operation {
        let mut operation = (self.operation)();
        operation.tags = Some(vec![self.tag.to_owned()]);
        operation
    }

    /// Adds its operation and its schemas to a document.
    pub(crate) fn add_to(self, document: &mut OpenApi) {
        let mut schemas = Vec::new();
        (self.schemas)(&mut schemas);
        let mut paths = Paths::new();
        paths.add_path_operation(self.path(), (self.methods)(), self.operation());
        let components = ComponentsBuilder::new().schemas_from_iter(schemas).build();
        document.merge(OpenApiBuilder::new().paths(paths).components(Some(components)).build());
    }
}

/// Adds a module's operations, under a tag in the OpenAPI document:
/// `operations!(known, "webhooks", webhooks: list, create)`.
macro_rules! operations {
    ($known:expr, $tag:literal, $module:ident: $($handler:ident),+ $(,)?) => {
        utoipa_axum::paste! {{
            let known = $known;
            $(let known = known.with::<$module::[<__path_ $handler>], _, _>($tag, $module::$handler);)+
            known
        }}
    };
}

pub(crate) use operations;
