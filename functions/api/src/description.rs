//! The OpenAPI document: what the operations say of themselves, and what holds for all of them.

use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Components, HeaderBuilder, InfoBuilder, License, ObjectBuilder, OpenApi, OpenApiBuilder,
    PathItem, RefOr, ServerBuilder, Type,
};
use utoipa::{PartialSchema as _, ToSchema as _};

use crate::http::problem::Problem;

mod links;
pub(crate) mod page;
mod parameters;
mod problems;

const DESCRIPTION: &str = "\
Events go in by `POST /events`; every webhook that subscribed to an event's type gets it, signed, in \
the wire format of its contract, retried until it is delivered or its retry policy ends.

Every path answers under `/api/v1`, `/api` and `/` alike. A body is read as JSON whatever its content \
type. Fields that are not listed are errors. Times are RFC 3339.

A bearer token is the operator key, which may do everything and names its tenant in `X-Tenant-Id`, or a \
tenant's token, whose scopes say what it may do. What belongs to another tenant does not exist: 404.

Errors are `application/problem+json` (RFC 9457). `type` is stable; of an invalid request every wrong \
field is listed with its path.

This document describes the canonical answers. Where a tenant's settings name a contract that shapes \
answers, requests for it are answered in that contract's fields, words and status codes instead; \
requests are the same. `Accept: application/vnd.hooklane+json` gets the canonical answer in any case.";

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

/// Adds what the operations do not say of themselves.
pub(crate) fn complete(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        for operation in operations_of(item) {
            parameters::add(path, operation);
            problems::add(path, operation);
            add_rate_limit_headers(operation);
        }
    }
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

/// Where a tenant stands with its rate limit is told on every answer that needed a token.
fn add_rate_limit_headers(operation: &mut Operation) {
    if is_open(operation) {
        return;
    }
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        if status.starts_with('2') || status == "429" {
            for (name, description) in RATE_LIMIT_HEADERS {
                let integer = ObjectBuilder::new().schema_type(Type::Integer);
                let header =
                    HeaderBuilder::new().schema(Some(integer)).description(Some(description));
                response.headers.insert(name.to_owned(), header.build().into());
            }
        }
    }
}

const RATE_LIMIT_HEADERS: [(&str, &str); 3] = [
    ("X-RateLimit-Limit", "The tenant's requests a minute"),
    ("X-RateLimit-Remaining", "What is left of them, about"),
    ("X-RateLimit-Reset", "When the minute ends, in Unix seconds"),
];
