//! The schemas of query parameters, for the OpenAPI document.

use hooklane_domain::dead_letter::Source;
use hooklane_domain::delivery::Status;
use hooklane_domain::delivery::period::Period;
use hooklane_domain::figures::report::Step;
use hooklane_domain::figures::series::{By, Metric};
use serde_json::json;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use hooklane_app::deliveries::UNDELIVERED;
use hooklane_app::deliveries::many::Request;

/// Every status, in a search.
pub(crate) const ALL: &str = "all";

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
    /// The statuses of deliveries that can be cancelled.
    CancellableStatus: one_of(Request::Cancel.statuses().iter().map(|status| status.as_str())).into();
    /// The statuses that deliveries can be searched by.
    SearchedStatus: one_of(Status::ALL.map(Status::as_str).into_iter().chain([ALL])).into();
    /// The functions that put dead letters aside, by the name of what they were.
    LetterSource: one_of(Source::ALL.map(Source::as_str)).into();
    /// The period that statistics cover.
    StatisticsPeriod: one_of(Period::ALL.map(Period::as_str)).into();
    /// What a series is of.
    SeriesMetric: one_of(Metric::ALL.map(Metric::as_str)).into();
    /// What a series is told apart by.
    SeriesBy: one_of(By::ALL.map(By::as_str)).into();
    /// The length of a step.
    SeriesStep: one_of(Step::ALL.map(Step::as_str)).into();
    /// A month of UTC.
    MonthText: ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some("^(19[7-9][0-9]|[2-9][0-9]{3})-(0[1-9]|1[0-2])$"))
        .examples([json!("2026-10")])
        .into();
    /// A point in time: RFC 3339, or a Unix timestamp in seconds. A text with a pattern and not a choice of two
    /// types, because generated clients take one type for a parameter.
    Time: ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some("RFC 3339, or a Unix timestamp in seconds"))
        .pattern(Some("^[-+0-9]"))
        .examples([json!("2026-11-22T02:59:20.315Z")])
        .into();
}
