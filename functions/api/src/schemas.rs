//! What request bodies look like, for the OpenAPI document only: they are read by the domain, field by
//! field, so that every mistake is reported at once. The tests hold the two together.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewWebhook {
    /// The host of the URL where it is left out.
    #[schema(min_length = 1, max_length = 255, example = "Orders")]
    name: Option<String>,
    #[schema(max_length = 1000)]
    description: Option<String>,
    /// Where to deliver: https, a public host, port 443 or from 1024 up.
    #[schema(max_length = 2048, example = "https://example.com/hooks")]
    url: String,
    /// Exact types (`order.created`), everything below a word (`order.*`), or `*`.
    #[schema(min_items = 1, max_items = 100, example = json!(["order.*", "user.created"]))]
    events: Vec<String>,
    /// Text, or `whsec_` and base64. Made where it is left out.
    #[schema(min_length = 8, max_length = 255, example = "your-webhook-secret")]
    secret: Option<String>,
    /// The wire format; the tenant's where it is left out.
    #[schema(example = "standard")]
    contract: Option<String>,
    headers: Option<BTreeMap<String, String>>,
    retry_policy: Option<RetryPolicy>,
    /// Gets events published with `test: true`, and no others.
    test_mode: Option<bool>,
    /// Also as `isActive`, or as `status`: `active` or `inactive`.
    active: Option<bool>,
}

/// What it names is changed, the rest stays.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WebhookChange {
    #[schema(min_length = 1, max_length = 255, example = "Orders")]
    name: Option<String>,
    #[schema(max_length = 1000)]
    description: Option<String>,
    #[schema(max_length = 2048, example = "https://example.com/hooks")]
    url: Option<String>,
    #[schema(min_items = 1, max_items = 100, example = json!(["order.*"]))]
    events: Option<Vec<String>>,
    #[schema(example = "standard")]
    contract: Option<String>,
    /// A value that is sent as it was shown, `***`, stays.
    headers: Option<BTreeMap<String, String>>,
    retry_policy: Option<RetryPolicy>,
    test_mode: Option<bool>,
    active: Option<bool>,
}

/// When to try again. The documents' other spellings (`maxAttempts`, `retryDelay`, `max_delay`, …) are
/// understood too.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum RetryPolicy {
    Preset(Preset),
    Schedule(Schedule),
    Backoff(Backoff),
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Preset {
    Immediate,
    Standard,
    Aggressive,
    Conservative,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Schedule {
    /// Seconds before each retry.
    #[schema(max_items = 10, example = json!([5, 300, 1800]))]
    schedule: Vec<DelaySeconds>,
    #[schema(minimum = 0, maximum = 1)]
    jitter: Option<f64>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[schema(minimum = 1, maximum = 86400)]
pub(crate) struct DelaySeconds(u32);

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Backoff {
    strategy: Option<Strategy>,
    /// Milliseconds.
    #[schema(minimum = 100, maximum = 86400000)]
    initial_delay: Option<u32>,
    #[schema(minimum = 1, maximum = 100)]
    multiplier: Option<f64>,
    /// Milliseconds.
    #[schema(minimum = 1000, maximum = 86400000)]
    max_delay: Option<u32>,
    #[schema(minimum = 0, maximum = 10)]
    max_retries: Option<u32>,
    #[schema(minimum = 0, maximum = 1)]
    jitter: Option<f64>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Strategy {
    Fixed,
    Linear,
    Exponential,
}

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

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewEventType {
    /// What it is listed under.
    #[schema(min_length = 1, max_length = 64, example = "shipping")]
    category: String,
    #[schema(min_length = 1, max_length = 1000, example = "A parcel went out")]
    description: String,
    /// The `data` of one event as it might be, at most 8 KiB; it fits the schema.
    #[schema(example = json!({"parcelId": "p-1"}))]
    sample: serde_json::Value,
    /// A JSON Schema (draft 2020-12, or draft-07 by its `$schema`) of at most 16 KiB, without remote or
    /// recursive references. Without one, any data fits.
    #[schema(example = json!({"type": "object", "required": ["parcelId"]}))]
    schema: Option<serde_json::Map<String, serde_json::Value>>,
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
