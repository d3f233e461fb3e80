//! The OpenAPI document: what the operations say of themselves, and what holds for all of them.

use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, HeaderBuilder, InfoBuilder, License, ObjectBuilder, OpenApi,
    OpenApiBuilder, PathItem, Ref, RefOr, Response, ResponseBuilder, ServerBuilder, Type,
};
use utoipa::{PartialSchema as _, ToSchema as _};

use crate::http::problem::Problem;

mod links;
pub(crate) mod page;

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
            describe_path_parameters(operation);
            add_common_problems(path, operation);
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

/// What any operation may answer instead of its own, unless it says so itself.
fn add_common_problems(path: &str, operation: &mut Operation) {
    let mut common = vec![("503", "A part does not answer; the same request may succeed later")];
    if !is_open(operation) {
        common.extend([
            ("400", "The request cannot be understood"),
            ("401", "There is no valid bearer token"),
            ("403", "The token lacks the scope that is needed"),
            ("429", "Over the tenant's rate limit; `Retry-After` says when to try again"),
        ]);
        if path.contains('{') {
            common.push(("404", "There is no such thing, or it is another tenant's"));
            // A gateway that decodes the path may see another one in what stands for an id.
            common.push(("405", "The path does not take this method"));
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

/// What the parameters of a path look like. One that looks otherwise names nothing.
fn describe_path_parameters(operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else { continue };
        let pattern = PATH_PARAMETERS.iter().find(|(name, _)| *name == parameter.name);
        if let (ParameterIn::Path, Some((_, pattern))) = (&parameter.parameter_in, pattern) {
            let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(*pattern));
            parameter.schema = Some(text.build().into());
        }
    }
}

const PATH_PARAMETERS: [(&str, &str); 5] = [
    ("webhook", "^wh_[0-9A-HJKMNP-TV-Z]{26}$"),
    ("delivery", "^dlv_[A-Za-z0-9_-]{1,116}$"),
    ("event", "^[A-Za-z0-9_-]{1,64}$"),
    ("tenant", "^[A-Za-z0-9_-]{1,64}$"),
    ("type", "^[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*$"),
];

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

/// A refusal as the document describes it.
fn problem(description: &str) -> RefOr<Response> {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    ResponseBuilder::new()
        .description(description)
        .content("application/problem+json", content)
        .build()
        .into()
}
