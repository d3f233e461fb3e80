use std::borrow::Cow;

use hooklane_domain::access::scope;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// The scopes, as the domain lists them.
pub(crate) struct Scope;

impl PartialSchema for Scope {
    fn schema() -> RefOr<Schema> {
        let words = scope::Scope::ALL.map(scope::Scope::as_str);
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into()
    }
}

impl ToSchema for Scope {
    fn name() -> Cow<'static, str> {
        "Scope".into()
    }
}
