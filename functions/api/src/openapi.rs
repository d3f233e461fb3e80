//! The OpenAPI document: what the operations say of themselves, and what holds for all of them.

use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, License, OpenApi, OpenApiBuilder, PathItem, Ref,
    RefOr, Response, ResponseBuilder, ServerBuilder,
};
use utoipa::{PartialSchema as _, ToSchema as _};

use crate::problem::Problem;
use crate::{Backend, routes};

const DESCRIPTION: &str = "\
Events go in by `POST /events`; every webhook that subscribed to an event's type gets it, signed, in \
the wire format of its contract, retried until it is delivered or its retry policy ends.

Every path answers under `/api/v1`, `/api` and `/` alike. A body is read as JSON whatever its content \
type. Fields that are not listed are errors. Times are RFC 3339.

A bearer token is the operator key, which may do everything and names its tenant in `X-Tenant-Id`, or a \
tenant's token, whose scopes say what it may do. What belongs to another tenant does not exist: 404.

Errors are `application/problem+json` (RFC 9457). `type` is stable; of an invalid request every wrong \
field is listed with its path.";

/// The document without its operations.
pub(crate) fn frame() -> OpenApi {
    let mut license = License::new("Apache-2.0");
    license.identifier = Some("Apache-2.0".to_owned());
    let info = InfoBuilder::new()
        .title("Hooklane")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .license(Some(license))
        .build();
    let mut components = Components::new();
    let mut bearer = Http::new(HttpAuthScheme::Bearer);
    bearer.description = Some(
        "The operator key, or a tenant's token. A scope listed with an operation is one that a \
         tenant's token needs."
            .to_owned(),
    );
    components.add_security_scheme(BEARER, SecurityScheme::Http(bearer));
    components.schemas.insert(Problem::name().into_owned(), Problem::schema());
    OpenApiBuilder::new()
        .info(info)
        .servers(Some([ServerBuilder::new().url("/api/v1").build()]))
        .components(Some(components))
        .build()
}

const BEARER: &str = "bearer";

/// The whole document.
pub(crate) fn document<B: Backend>() -> OpenApi {
    let all = routes::guarded::<B>().merge(routes::open::<B>());
    let (_, mut document) = all.split_for_parts();
    for (path, item) in &mut document.paths.paths {
        for operation in operations_of(item) {
            add_common_problems(path, operation);
        }
    }
    document
}

/// The document as it is checked in: indented, one line after the other.
pub fn openapi_json<B: Backend>() -> Result<String, serde_json::Error> {
    document::<B>().to_pretty_json()
}

fn operations_of(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch]
        .into_iter()
        .filter_map(Option::as_mut)
}

/// What any operation may answer instead of its own, unless it says so itself.
fn add_common_problems(path: &str, operation: &mut Operation) {
    let open = operation
        .security
        .as_ref()
        .is_some_and(|needed| needed.iter().all(|one| *one == SecurityRequirement::default()));
    let mut common = vec![("503", "A part does not answer; the same request may succeed later")];
    if !open {
        common.extend([
            ("400", "The request cannot be understood"),
            ("401", "There is no valid bearer token"),
            ("403", "The token lacks the scope that is needed"),
            ("429", "Over the tenant's rate limit; `Retry-After` says when to try again"),
        ]);
        if path.contains('{') {
            common.push(("404", "There is no such thing, or it is another tenant's"));
        }
    }
    for (status, description) in common {
        operation
            .responses
            .responses
            .entry(status.to_owned())
            .or_insert_with(|| problem(description));
    }
}

/// A refusal as the document describes it.
fn problem(description: &str) -> RefOr<Response> {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    ResponseBuilder::new()
        .description(description)
        .content("application/problem+json", content)
        .build()
        .into()
}
