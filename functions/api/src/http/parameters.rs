//! What query parameters look like, for the OpenAPI document.

use hooklane_domain::delivery::Status;
use hooklane_domain::delivery::period::Period;
use hooklane_domain::delivery::waiting;
use hooklane_domain::isolation::circuit::Circuit;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{
    KnownFormat, ObjectBuilder, OneOfBuilder, Schema, SchemaFormat, Type,
};
use utoipa::{PartialSchema, ToSchema};

use hooklane_app::deliveries::UNDELIVERED;

/// The last second that a time can be in: 9999-12-30T22:00:00Z.
const LAST_SECOND: i64 = 253_402_207_200;

/// One of some words.
fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> ObjectBuilder {
    let words: Vec<_> = words.into_iter().collect();
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words))
}

const HEALTH: &str = "`degraded` under 98 % delivered, `unhealthy` under 95 %, `unknown` where nothing was \
    attempted.";

const CIRCUIT: &str = "`closed`: attempts are made. `open`: the receiver fails, and its deliveries are parked but for \
    one probe now and then. `half-open`: a probe is being made.";

const LANE: &str = "`slow`: first attempts take the way of retries, because the circuit is not closed or the receiver \
    answers slowly.";

/// A type that is only there to be described.
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
    /// The status of a delivery.
    DeliveryStatus: one_of(Status::ALL.map(Status::as_str)).into();
    /// One that is not delivered.
    UndeliveredStatus: one_of(UNDELIVERED.map(Status::as_str)).into();
    /// How far back statistics look.
    StatisticsPeriod: one_of(Period::ALL.map(Period::as_str)).into();
    /// How a webhook's receiver does.
    HealthStatus: one_of(["healthy", "degraded", "unhealthy", "unknown"])
        .description(Some(HEALTH))
        .into();
    /// Whether a webhook's receiver is tried at all.
    CircuitState: one_of(Circuit::STATES).description(Some(CIRCUIT)).into();
    /// Where a webhook's deliveries are sent.
    Lane: one_of([waiting::Lane::Fast, waiting::Lane::Slow].map(waiting::Lane::as_str)).description(Some(LANE)).into();
    /// A point in time: RFC 3339, or seconds since 1970.
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
