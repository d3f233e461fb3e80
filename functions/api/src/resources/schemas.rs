//! What request bodies look like, for the OpenAPI document only: they are read by the domain, field by
//! field, so that every mistake is reported at once. The tests hold the two together.

pub(crate) mod tenants;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};

mod webhooks;

pub(crate) use webhooks::{
    NewRecovery, NewWebhook, RateLimit, Resumption, RetryPolicy, Rotation, WebhookChange,
};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewEvent {
    /// The idempotency key; made where it is left out.
    #[schema(pattern = "^[A-Za-z0-9_-]{1,64}$", example = "order-1002-created")]
    id: Option<String>,
    /// Also as `event`.
    #[schema(
        rename = "type",
        max_length = 255,
        pattern = "^[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*$",
        example = "order.created"
    )]
    #[serde(rename = "type")]
    event_type: String,
    /// What happened: any JSON but `null`.
    #[schema(schema_with = something)]
    data: serde_json::Value,
    metadata: Option<BTreeMap<String, serde_json::Value>>,
    /// When it happened; the time of acceptance where it is left out.
    #[schema(format = DateTime)]
    timestamp: Option<String>,
    #[schema(max_length = 64, pattern = "^[ -~]*$")]
    version: Option<String>,
    /// Reaches `testMode` webhooks, and no others.
    test: Option<bool>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewEvents {
    #[schema(min_items = 1, max_items = 100)]
    events: Vec<NewEvent>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewEventType {
    /// What it is listed under.
    #[schema(min_length = 1, max_length = 64, example = "shipping")]
    category: String,
    #[schema(min_length = 1, max_length = 1000, example = "A parcel went out")]
    description: String,
    /// The `data` of one event as it might be, at most 8 KiB; it fits the schema.
    #[schema(schema_with = something)]
    sample: serde_json::Value,
    /// A JSON Schema (draft 2020-12, or draft-07 by its `$schema`) of at most 16 KiB, without remote or
    /// recursive references. Without one, any data fits.
    #[schema(example = json!({"type": "object", "required": ["parcelId"]}))]
    schema: Option<serde_json::Map<String, serde_json::Value>>,
}

/// Any JSON but `null`, which is the same as nothing.
fn something() -> Object {
    let kinds = [Type::Object, Type::Array, Type::String, Type::Number, Type::Boolean];
    ObjectBuilder::new()
        .schema_type(SchemaType::Array(kinds.to_vec()))
        .examples([serde_json::json!({"orderId": "1002", "total": 99.90})])
        .build()
}
