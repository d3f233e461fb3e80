//! The parameters in paths, described once for all operations.

use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::Object;
use utoipa::openapi::{ObjectBuilder, RefOr, Required, Type};

/// Name, description and pattern. A value that does not match is answered with 404.
const IDS: [(&str, &str, &str); 8] = [
    (
        "webhook",
        "The webhook's id, or `ext:` followed by its `externalId`",
        "^(wh_[0-9A-HJKMNP-TV-Z]{26}|ext:[A-Za-z0-9._~:-]{1,128})$",
    ),
    ("delivery", "The delivery's id", "^dlv_[A-Za-z0-9_-]{1,116}$"),
    ("event", "The event's id", "^[A-Za-z0-9_-]{1,64}$"),
    ("key", "The key's id", "^key_[0-9A-HJKMNP-TV-Z]{26}$"),
    ("request", "The id of the request", "^req_[1-9][0-9]{0,17}$"),
    ("tenant", "The tenant's id", TENANT_ID),
    ("token", "The last part of the inbox's URL", "^[A-Za-z0-9_-]{1,64}[.][A-Za-z0-9_-]{32}$"),
    ("type", "The event type's name", "^[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*$"),
];

const TENANT_ID: &str = "^[A-Za-z0-9_-]{1,64}$";

/// Describes the path's parameters. If the operation's annotation describes one, only its schema is set.
pub(super) fn add(path: &str, operation: &mut Operation) {
    let acts_for_tenant = acts_for_tenant(operation);
    let all = operation.parameters.get_or_insert_default();
    for (place, name) in names(path).enumerate() {
        let Some((_, description, pattern)) = IDS.iter().find(|(id, ..)| *id == name) else {
            continue;
        };
        match all.iter_mut().find_map(|parameter| of_path(parameter, name)) {
            Some(described) => described.schema = Some(matching(pattern).into()),
            None => all.insert(place, parameter(name, description, pattern).into()),
        }
    }
    if acts_for_tenant {
        all.push(tenant().into());
    }
    if all.is_empty() {
        operation.parameters = None;
    }
}

/// Whether a tenant's token may call the operation. Then the operator has to name the tenant.
fn acts_for_tenant(operation: &Operation) -> bool {
    let needed = operation.security.iter().flatten();
    needed
        .filter_map(|one| serde_json::to_value(one).ok())
        .any(|one| one["bearer"].as_array().is_some_and(|scopes| !scopes.is_empty()))
}

fn tenant() -> Parameter {
    ParameterBuilder::new()
        .name("X-Tenant-Id")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "The tenant that the request is for. The operator key needs it; what a tenant sends names the \
             tenant already",
        ))
        .schema(Some(matching(TENANT_ID)))
        .build()
}

/// The names between braces, in the order of the path.
pub(super) fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn of_path<'p>(parameter: &'p mut RefOr<Parameter>, name: &str) -> Option<&'p mut Parameter> {
    match parameter {
        RefOr::T(p) if p.name == name && p.parameter_in == ParameterIn::Path => Some(p),
        RefOr::T(_) | RefOr::Ref(_) => None,
    }
}

fn parameter(name: &str, description: &str, pattern: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(description))
        .schema(Some(matching(pattern)))
        .build()
}

fn matching(pattern: &str) -> Object {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).build()
}
