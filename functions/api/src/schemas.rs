//! What request bodies look like, for the OpenAPI document only: they are read by the domain, field by
//! field, so that every mistake is reported at once. The tests hold the two together.

pub(crate) mod tenants;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

mod webhooks;

pub(crate) use webhooks::{
    NewRecovery, NewWebhook, RateLimit, RecoveredStatus, Resumption, RetryPolicy, Rotation,
    Signing, WebhookChange,
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
    /// What happened: any JSON.
    #[schema(example = json!({"orderId": "1002", "total": 99.90}))]
    data: serde_json::Value,
    metadata: Option<BTreeMap<String, serde_json::Value>>,
    /// When it happened; the time of acceptance where it is left out.
    #[schema(format = DateTime)]
    timestamp: Option<String>,
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

/// What of an event its producer said.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct EventContent {
    #[serde(rename = "type")]
    event_type: String,
    data: serde_json::Value,
    metadata: Option<BTreeMap<String, serde_json::Value>>,
    timestamp: Option<String>,
    version: Option<String>,
    test: Option<bool>,
}
