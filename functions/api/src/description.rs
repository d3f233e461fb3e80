//! The OpenAPI document. The handlers' annotations describe the operations; what holds for all of them is
//! added here.

use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Components, Header, HeaderBuilder, InfoBuilder, License, ObjectBuilder, OpenApi,
    OpenApiBuilder, PathItem, RefOr, ServerBuilder, Type,
};
use utoipa::{PartialSchema as _, ToSchema as _};

use crate::http::problem::Problem;

mod answers;
mod instants;
mod links;
pub(crate) mod page;
mod parameters;
mod problems;

const DESCRIPTION: &str = "\
Publish events with `POST /events`. Hooklane sends each event to every webhook that subscribes to its \
type: signed, in the wire format of the webhook's contract, and retried until it is delivered or the \
retry policy ends.

Every path is available under `/api/v1`, `/api` and `/`. Bodies are read as JSON whatever their content \
type. Unknown fields are errors. A number is one by its value: `5.0` is the whole number 5, and `\"5\"` is \
a text. Times are RFC 3339, in UTC and with milliseconds in answers; requests may also give a whole \
number of seconds since 1970. A duration says its unit.

Send a bearer token: either the operator key, which may do everything and names the tenant in \
`X-Tenant-Id`, or a tenant's key or token, which names its tenant itself and may do what its scopes \
allow. What belongs to another tenant is answered with 404, as if it did not exist.

Answers leave out what has no value; they never hold `null`.

Errors are `application/problem+json` (RFC 9457). `type` is stable. For an invalid request, `errors` lists \
the wrong fields with their paths: at most fifty, then one entry that says how many more there are.

This document describes the canonical answers. A contract (a wire format that a tenant can choose) may \
rename fields and enum values and change status codes in the answers to that tenant; requests stay the \
same. `Accept: application/vnd.hooklane+json` always gets the canonical answer: a generated client sends it \
with every request.";

/// The document before the operations are added.
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
        "The operator key, or a tenant's key or token. The scopes listed with an operation are \
         those that a tenant's key or token needs."
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

/// Adds what the operations' annotations leave out.
pub(crate) fn complete(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        for operation in operations_of(item) {
            parameters::add(path, operation);
            problems::add(path, operation);
            add_rate_limit_headers(operation);
            add_retry_after(operation);
        }
    }
    instants::add(document);
    answers::leave_out_null(document);
    links::add(document);
}

fn operations_of(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch]
        .into_iter()
        .filter_map(Option::as_mut)
}

fn is_open(operation: &Operation) -> bool {
    let needed = operation.security.as_ref();
    needed.is_some_and(|needed| needed.iter().all(|one| *one == SecurityRequirement::default()))
}

/// Every answer to a request with a token tells how much of the tenant's rate limit is left.
fn add_rate_limit_headers(operation: &mut Operation) {
    if is_open(operation) {
        return;
    }
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        if status.starts_with('2') || status == "429" {
            for (name, description) in RATE_LIMIT_HEADERS {
                response.headers.insert(name.to_owned(), integer_header(description));
            }
        }
    }
}

/// An answer that asks to come back later says when.
fn add_retry_after(operation: &mut Operation) {
    for status in ["429", "503"] {
        let Some(RefOr::T(response)) = operation.responses.responses.get_mut(status) else {
            continue;
        };
        let header = integer_header("How many seconds to wait before the next try");
        response.headers.insert("Retry-After".to_owned(), header);
    }
}

fn integer_header(description: &str) -> RefOr<Header> {
    let integer = ObjectBuilder::new().schema_type(Type::Integer);
    HeaderBuilder::new().schema(Some(integer)).description(Some(description)).build().into()
}

const RATE_LIMIT_HEADERS: [(&str, &str); 3] = [
    ("X-RateLimit-Limit", "The tenant's limit, in requests per minute"),
    ("X-RateLimit-Remaining", "Approximate number of requests left in this minute"),
    ("X-RateLimit-Reset", "When the minute ends, as a Unix timestamp in seconds"),
];
