//! Answers leave out what has no value. The document says so for every schema that only answers use, so that
//! clients need not expect `null`. Requests may send it, in fields: a body that a request does not need is left
//! out, since some generators make programs that fail without a body if its schema names `null`.

use std::collections::BTreeSet;

use serde_json::Value;
use utoipa::openapi::schema::{Object, Schema, SchemaType};
use utoipa::openapi::{Content, OpenApi, RefOr, Type};

use super::instants::each_object;
use super::operations_of;

/// Removes `null` from request bodies, and from the fields of schemas that no request uses.
pub(super) fn leave_out_null(document: &mut OpenApi) {
    let requested = of_requests(document);
    for operation in document.paths.paths.values_mut().flat_map(operations_of) {
        let Some(RefOr::T(body)) = &mut operation.request_body else { continue };
        for content in body.content.values_mut() {
            if let RefOr::T(Content { schema: Some(schema), .. }) = content {
                without_null(schema);
            }
        }
    }
    let schemas = document.components.iter_mut().flat_map(|all| &mut all.schemas);
    for (_, schema) in schemas.filter(|(name, _)| !requested.contains(*name)) {
        each_object(schema, &mut |object: &mut Object| {
            object.properties.values_mut().for_each(without_null);
        });
    }
}

fn without_null(schema: &mut RefOr<Schema>) {
    let other = match schema {
        RefOr::T(Schema::Object(object)) => {
            if let SchemaType::Array(kinds) = &mut object.schema_type {
                kinds.retain(|kind| *kind != Type::Null);
                if let [one] = kinds.as_slice() {
                    object.schema_type = SchemaType::Type(one.clone());
                }
            }
            None
        }
        RefOr::T(Schema::Array(array)) => {
            if let SchemaType::Array(_) = array.schema_type {
                array.schema_type = SchemaType::Type(Type::Array);
            }
            None
        }
        RefOr::T(Schema::OneOf(one)) => {
            one.items.retain(|item| !is_null(item));
            match one.items.as_slice() {
                [only] => Some(only.clone()),
                _ => None,
            }
        }
        RefOr::T(_) | RefOr::Ref(_) => None,
    };
    if let Some(other) = other {
        *schema = other;
    }
}

fn is_null(schema: &RefOr<Schema>) -> bool {
    match schema {
        RefOr::T(Schema::Object(object)) => object.schema_type == SchemaType::Type(Type::Null),
        RefOr::T(_) | RefOr::Ref(_) => false,
    }
}

/// The names of the schemas in request bodies, with those that they refer to.
fn of_requests(document: &mut OpenApi) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for item in document.paths.paths.values_mut() {
        for operation in operations_of(item) {
            if let Ok(body) = serde_json::to_value(&operation.request_body) {
                references(&body, &mut names);
            }
        }
    }
    let Some(components) = &document.components else { return names };
    loop {
        let mut more = names.clone();
        for schema in names.iter().filter_map(|name| components.schemas.get(name)) {
            if let Ok(schema) = serde_json::to_value(schema) {
                references(&schema, &mut more);
            }
        }
        if more.len() == names.len() {
            return names;
        }
        names = more;
    }
}

fn references(node: &Value, names: &mut BTreeSet<String>) {
    match node {
        Value::Object(fields) => {
            if let Some(name) = fields.get("$ref").and_then(Value::as_str) {
                names.extend(name.rsplit('/').next().map(str::to_owned));
            }
            fields.values().for_each(|value| references(value, names));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, names)),
        _ => {}
    }
}
