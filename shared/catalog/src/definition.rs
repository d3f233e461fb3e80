//! What is known of one event type.

use hooklane_domain::json::RawJson;

use crate::schema::Schema;

mod read;

pub use read::MAX_SAMPLE_BYTES;

/// What is known of one event type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// What it is listed under, such as `orders`.
    pub category: String,
    pub description: String,
    /// The `data` of one event as it might be; it fits the schema.
    pub sample: RawJson,
    /// What every event's `data` has to fit, for tenants that are strict.
    pub schema: Schema,
}
