use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Scope;

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"name": "Billing", "scopes": ["webhooks:read", "events:publish"]}))]
pub(crate) struct NewKey {
    /// What people call it. Several keys may have the same name.
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*$",
        example = "Billing"
    )]
    name: String,
    /// What it permits.
    #[schema(value_type = Vec<Scope>, min_items = 1, max_items = 20, example = json!(["events:publish"]))]
    scopes: Vec<String>,
    /// From then on the key is refused. It must be later than now; a key without it does not expire.
    #[schema(format = DateTime, example = "2099-01-15T10:30:00Z")]
    expires_at: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Billing"}))]
pub(crate) struct KeyChange {
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 100,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*$",
        example = "Billing"
    )]
    name: Option<String>,
}

/// All fields are optional.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"overlapSeconds": 86400}))]
pub(crate) struct KeyRotation {
    /// How long the old secret stays valid, in seconds; one day if omitted. 0 ends it at once.
    #[schema(minimum = 0, maximum = 604800, example = 86400)]
    overlap_seconds: Option<u32>,
}
