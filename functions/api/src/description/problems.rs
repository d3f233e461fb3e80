//! The errors of operations. Most follow from what an operation takes. A handler's annotation states only
//! the others: conflicts, and errors that need a description of their own.

use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::{Content, ContentBuilder, Ref, RefOr, ResponseBuilder};

use super::is_open;

/// Adds the errors that follow from what the operation takes, unless its annotation describes them, and
/// the body that all errors have.
pub(super) fn add(path: &str, operation: &mut Operation) {
    for (status, description) in usual(path, operation) {
        operation
            .responses
            .responses
            .entry(status.to_owned())
            .or_insert_with(|| ResponseBuilder::new().description(description).build().into());
    }
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        if status.starts_with(['4', '5']) && response.content.is_empty() {
            response.content.insert("application/problem+json".to_owned(), body().into());
        }
    }
}

fn usual(path: &str, operation: &Operation) -> Vec<(&'static str, &'static str)> {
    let mut usual = vec![("503", "A dependency does not answer; try again later")];
    if path.contains('{') {
        // A gateway that decodes escapes may turn an id into another path.
        usual.push(("405", "The path does not support this method"));
    }
    if is_open(operation) {
        return usual;
    }
    usual.extend([
        ("400", "The request is malformed"),
        ("401", "The bearer token is missing or invalid"),
        ("403", "The key or token lacks the required scope"),
        ("410", "The tenant was removed, and its id cannot be used yet"),
        ("429", "The tenant's rate limit is exceeded; `Retry-After` says when to try again"),
    ]);
    if path.contains('{') {
        usual.push(("404", "Not found, or it belongs to another tenant"));
    }
    if takes(operation, |p| p.name == "If-Match") {
        usual.push(("412", "The resource has changed: no `ETag` in `If-Match` matches"));
    }
    if operation.request_body.is_some() {
        usual.push(("413", "The body is too large"));
        usual.push((
            "422",
            "Invalid body; `errors` lists the wrong fields with their paths, at most fifty",
        ));
    } else if takes(operation, |p| p.parameter_in == ParameterIn::Query) {
        usual.push(("422", "Invalid query parameter; `errors` lists at most fifty"));
    }
    usual
}

fn takes(operation: &Operation, is_it: impl Fn(&Parameter) -> bool) -> bool {
    let parameters = operation.parameters.iter().flatten();
    parameters.filter_map(|p| if let RefOr::T(p) = p { Some(p) } else { None }).any(is_it)
}

fn body() -> Content {
    ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build()
}
