//! What any operation may answer instead of its own answer. A handler's annotation names only what is
//! special: a conflict, or an error whose usual description would not do.

use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::{Content, ContentBuilder, Ref, RefOr, ResponseBuilder};

use super::is_open;

/// Adds the errors that follow from what the operation takes, unless it describes them itself, and the
/// body that all errors have.
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
    let mut usual = vec![("503", "A part does not answer; the same request may succeed later")];
    if is_open(operation) {
        return usual;
    }
    usual.extend([
        ("400", "The request cannot be understood"),
        ("401", "There is no valid bearer token"),
        ("403", "The token lacks the scope that is needed"),
        ("429", "Over the tenant's rate limit; `Retry-After` says when to try again"),
    ]);
    if path.contains('{') {
        usual.push(("404", "There is no such thing, or it is another tenant's"));
        // A gateway that decodes the path may see another one in what stands for an id.
        usual.push(("405", "The path does not take this method"));
    }
    if takes(operation, |p| p.name == "If-Match") {
        usual.push(("412", "It has changed since it was read"));
    }
    if operation.request_body.is_some() {
        usual.push(("413", "It is too large"));
        usual.push(("422", "Every wrong field with its path"));
    } else if takes(operation, |p| p.parameter_in == ParameterIn::Query) {
        usual.push(("422", "A parameter is wrong"));
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
