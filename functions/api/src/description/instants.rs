//! Instants have a type of their own in the document. Their names say what they are, so that no annotation
//! can forget it.

use utoipa::openapi::schema::{Object, Schema, SchemaType};
use utoipa::openapi::{KnownFormat, OpenApi, RefOr, SchemaFormat, Type};

/// Whether a field of this name is an instant.
fn is_instant(name: &str) -> bool {
    let named = ["At", "Since"].iter().any(|end| name.ends_with(end));
    named || ["at", "since", "until", "timestamp"].contains(&name)
}

/// Gives every text that is an instant its format.
pub(super) fn add(document: &mut OpenApi) {
    let schemas = document.components.iter_mut().flat_map(|all| all.schemas.values_mut());
    for schema in schemas {
        each_object(schema, &mut |object| {
            for (name, property) in &mut object.properties {
                if let RefOr::T(Schema::Object(property)) = property
                    && is_instant(name)
                    && is_text(&property.schema_type)
                {
                    property.format = Some(SchemaFormat::KnownFormat(KnownFormat::DateTime));
                }
            }
        });
    }
}

fn is_text(of: &SchemaType) -> bool {
    match of {
        SchemaType::Type(kind) => *kind == Type::String,
        SchemaType::Array(kinds) => kinds.contains(&Type::String),
        SchemaType::AnyValue => false,
    }
}

/// Calls `change` with each object in the schema.
pub(super) fn each_object(schema: &mut RefOr<Schema>, change: &mut impl FnMut(&mut Object)) {
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Object(object) => {
            change(object);
            for property in object.properties.values_mut() {
                each_object(property, change);
            }
        }
        Schema::AllOf(all) => all.items.iter_mut().for_each(|part| each_object(part, change)),
        Schema::OneOf(one) => one.items.iter_mut().for_each(|part| each_object(part, change)),
        Schema::AnyOf(any) => any.items.iter_mut().for_each(|part| each_object(part, change)),
        _ => {}
    }
}
