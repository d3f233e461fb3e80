//! Answers that always show the secret, where others leave it out.

use std::borrow::Cow;
use std::marker::PhantomData;

use utoipa::openapi::{AllOfBuilder, ObjectBuilder, Ref, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::{KeyView, WebhookView};

pub(crate) type WebhookWithSecret = WithSecret<WebhookView>;
pub(crate) type KeyWithSecret = WithSecret<KeyView>;

/// The schema of a `T` whose `secret` is not optional, so that clients need not ask whether it is there.
pub(crate) struct WithSecret<T>(PhantomData<T>);

impl<T: ToSchema> PartialSchema for WithSecret<T> {
    fn schema() -> RefOr<Schema> {
        let secret = ObjectBuilder::new().schema_type(Type::String);
        let always = ObjectBuilder::new()
            .schema_type(Type::Object)
            .property("secret", secret)
            .required("secret");
        AllOfBuilder::new().item(Ref::from_schema_name(T::name())).item(always).into()
    }
}

impl<T: ToSchema> ToSchema for WithSecret<T> {
    fn name() -> Cow<'static, str> {
        format!("{}WithSecret", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}
