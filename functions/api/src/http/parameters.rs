//! The schemas of query parameters, for the OpenAPI document.

use hooklane_domain::delivery::Status;
use hooklane_domain::delivery::period::Period;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{
    KnownFormat, ObjectBuilder, OneOfBuilder, Schema, SchemaFormat, Type,
};
use utoipa::{PartialSchema, ToSchema};

use hooklane_app::deliveries::UNDELIVERED;

/// The last second that a timestamp can hold: 9999-12-30T22:00:00Z.
const LAST_SECOND: i64 = 253_402_207_200;

/// One of several words.
fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> ObjectBuilder {
    let words: Vec<_> = words.into_iter().collect();
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words))
}

/// Defines types that exist for their schema only.
macro_rules! described {
    ($($(#[$doc:meta])* $name:ident: $schema:expr;)+) => { $(
        $(#[$doc])*
        pub(crate) struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                $schema
            }
        }

        impl ToSchema for $name {}
    )+ };
}

described! {
    /// The statuses of deliveries that are not delivered.
    UndeliveredStatus: one_of(UNDELIVERED.map(Status::as_str)).into();
    /// The period that statistics cover.
    StatisticsPeriod: one_of(Period::ALL.map(Period::as_str)).into();
    /// A point in time: RFC 3339, or a Unix timestamp in seconds.
    Time: OneOfBuilder::new()
        .item(
            ObjectBuilder::new()
                .schema_type(Type::String)
                .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))),
        )
        .item(
            ObjectBuilder::new()
                .schema_type(Type::Integer)
                .minimum(Some(0))
                .maximum(Some(LAST_SECOND)),
        )
        .into();
}
