//! The definition of an event type.

use hooklane_domain::json::RawJson;

use crate::schema::Schema;

mod read;

pub use read::MAX_SAMPLE_BYTES;

/// The definition of an event type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// The heading under which it is listed, such as `orders`.
    pub category: String,
    pub description: String,
    /// The `data` of a sample event, which fits the schema.
    pub sample: RawJson,
    /// The schema that the `data` of every event must fit, for strict tenants.
    pub schema: Schema,
}
