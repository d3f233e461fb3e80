use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{NewEvent, NewWebhook, WebhookChange};
use crate::resources::words::PreviewSecret;

/// All fields are optional.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"event": "user.created"}))]
pub(crate) struct NewPreview {
    /// A change as an update takes it. The request is that of the webhook after the change, which is not made.
    change: Option<WebhookChange>,
    /// The event type whose sample is shown, or the type of `payload`.
    #[schema(
        max_length = 255,
        pattern = "^[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*$",
        example = "user.created"
    )]
    event: Option<String>,
    /// The data that is shown: any JSON except `null`.
    #[schema(required = false, value_type = serde_json::Value, example = json!({"userId": "7"}))]
    payload: Option<serde_json::Value>,
    /// An event that was accepted. It cannot be combined with `event` or `payload`.
    #[schema(pattern = "^[A-Za-z0-9_-]{1,64}$")]
    event_id: Option<String>,
    /// `example` if omitted.
    secret: Option<PreviewSecret>,
}

/// `webhook` is required.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "webhook": {"contract": "standard", "transform": "{'type': event.type}"},
    "event": "user.created",
}))]
pub(crate) struct NewDraftPreview {
    /// As for a registration. `url` and `events` may be left out.
    #[schema(value_type = serde_json::Map<String, serde_json::Value>)]
    webhook: NewWebhook,
    /// The event type whose sample is shown, or the type of `payload`.
    #[schema(
        max_length = 255,
        pattern = "^[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*$",
        example = "user.created"
    )]
    event: Option<String>,
    /// The data that is shown: any JSON except `null`.
    #[schema(required = false, value_type = serde_json::Value, example = json!({"userId": "7"}))]
    payload: Option<serde_json::Value>,
    /// An event that was accepted. It cannot be combined with `event` or `payload`.
    #[schema(pattern = "^[A-Za-z0-9_-]{1,64}$")]
    event_id: Option<String>,
    /// `example` if omitted.
    secret: Option<PreviewSecret>,
}

/// All fields are optional. `events` cannot be combined with `eventType` or `limit`.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "filter": "event.data.total > 50.0",
    "transform": "{'id': event.data.orderId}",
    "events": [{"type": "order.created", "data": {"orderId": "1002", "total": 99.90}}],
}))]
pub(crate) struct NewExperiment {
    /// A CEL expression that selects events.
    #[schema(max_length = 2000, example = "event.data.total > 50.0")]
    filter: Option<String>,
    /// A CEL expression that makes the data to send.
    #[schema(max_length = 2000, example = "{'id': event.data.orderId}")]
    transform: Option<String>,
    /// The events to try them on, of at most 1 MiB of data together. If omitted, the newest of the tenant's.
    #[schema(max_items = 20)]
    events: Option<Vec<NewEvent>>,
    /// The type of the newest events: exact, with a prefix (`order.*`), or all (`*`).
    #[schema(
        max_length = 257,
        pattern = "^(\\*|[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*(\\.\\*)?)$",
        example = "order.*"
    )]
    event_type: Option<String>,
    /// How many of the newest events; 20 by default.
    #[schema(minimum = 1, maximum = 20)]
    limit: Option<u32>,
}
