//! The schemas of request bodies, for the OpenAPI document only. The domain reads the bodies field by
//! field, so that it can report every mistake at once. Tests compare it with these schemas.

mod checks;
mod dead_letters;
pub(crate) mod inbox;
pub(crate) mod keys;
pub(crate) mod portal;
pub(crate) mod tenants;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

mod many;
mod retry;
mod scope;
mod trials;
mod webhooks;

pub(crate) use checks::NewCheck;
pub(crate) use dead_letters::LetterOrder;
pub(crate) use many::{ManyCancellations, ManyRetries, NewProbe};
pub(crate) use retry::RetryPolicy;
pub(crate) use scope::Scope;
pub(crate) use trials::{NewDraftPreview, NewExperiment, NewPreview};
pub(crate) use webhooks::{
    NewRecovery, NewWebhook, RateLimit, Resumption, Rotation, WebhookChange,
};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "id": "order-1002-created",
    "type": "order.created",
    "data": {"orderId": "1002", "total": 99.90},
}))]
pub(crate) struct NewEvent {
    /// The event's id. Publishing the same id again is idempotent. Generated if omitted.
    #[schema(pattern = "^[A-Za-z0-9_-]{1,64}$", example = "order-1002-created")]
    id: Option<String>,
    /// The tenant. It must be the one that the request is made for, and is required if the operator sends no
    /// `X-Tenant-Id`. Also accepted as `tenantId`.
    #[schema(pattern = "^[A-Za-z0-9_-]{1,64}$")]
    tenant: Option<String>,
    /// Also accepted as `event`.
    #[schema(
        rename = "type",
        max_length = 255,
        pattern = "^[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*$",
        example = "order.created"
    )]
    #[serde(rename = "type")]
    event_type: String,
    /// What happened: any JSON except `null`.
    #[schema(value_type = serde_json::Value, example = json!({"orderId": "1002", "total": 99.90}))]
    data: serde_json::Value,
    metadata: Option<BTreeMap<String, serde_json::Value>>,
    /// When it happened; also accepted as a number, in Unix seconds. Defaults to when it is accepted.
    #[schema(format = DateTime)]
    timestamp: Option<String>,
    #[schema(max_length = 64, pattern = "^[ -~]*$")]
    version: Option<String>,
    /// Whether the event goes to `testMode` webhooks only.
    test: Option<bool>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"events": [
    {"id": "order-1002-created", "type": "order.created", "data": {"orderId": "1002", "total": 99.90}},
    {"id": "order-1003-created", "type": "order.created", "data": {"orderId": "1003", "total": 12.50}},
]}))]
pub(crate) struct NewEvents {
    #[schema(min_items = 1, max_items = 100)]
    events: Vec<NewEvent>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "category": "shipping",
    "description": "A parcel went out",
    "sample": {"parcelId": "P-7"},
    "schema": {"type": "object", "required": ["parcelId"]},
}))]
pub(crate) struct NewEventType {
    /// The category under which it is listed; `custom` if omitted.
    #[schema(min_length = 1, max_length = 64, example = "shipping")]
    category: Option<String>,
    #[schema(max_length = 1000, example = "A parcel went out")]
    description: Option<String>,
    /// An example of an event's `data`: any JSON except `null`, at most 8 KiB. It must match the schema.
    #[schema(value_type = serde_json::Value, example = json!({"parcelId": "P-7"}))]
    sample: serde_json::Value,
    /// A JSON Schema (draft 2020-12, or draft-07 if its `$schema` says so) of at most 16 KiB, without
    /// remote or recursive references. Without a schema, any data is valid.
    #[schema(example = json!({"type": "object", "required": ["parcelId"]}))]
    schema: Option<serde_json::Map<String, serde_json::Value>>,
}
