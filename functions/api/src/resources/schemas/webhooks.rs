use std::collections::BTreeMap;

use hooklane_domain::webhook::limits;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::retry::RetryPolicy;
use crate::resources::words::{RecoveryScope, Signing};

/// `null` is the same as omitting a field.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "name": "Orders",
    "url": "https://example.com/hooks",
    "events": ["order.*", "user.created"],
    "retryPolicy": {"scheduleSeconds": [5, 300, 1800]},
}))]
pub(crate) struct NewWebhook {
    /// The tenant's own id of it, unique among its webhooks. Paths take `ext:` and this id in place of the
    /// webhook's id.
    #[schema(pattern = "^[A-Za-z0-9._~:-]{1,128}$", example = "crm-4711")]
    external_id: Option<String>,
    /// What the tenant keeps beside it: at most 20 entries. A key has 1 to 64 of the characters A-Z a-z 0-9 _ -
    #[schema(example = json!({"team": "payments"}))]
    metadata: Option<BTreeMap<String, MetadataText>>,
    /// Defaults to the host of the URL.
    #[schema(min_length = 1, max_length = 255, example = "Orders")]
    name: Option<String>,
    #[schema(max_length = 1000)]
    description: Option<String>,
    /// The receiver's URL: https, a public host, and port 443 or any port from 1024 up.
    #[schema(max_length = 2048, pattern = "^https?://", example = "https://example.com/hooks")]
    url: String,
    /// Exact types (`order.created`), all types with a prefix (`order.*`), or all types (`*`).
    #[schema(min_items = 1, max_items = 100, example = json!(["order.*", "user.created"]))]
    events: Vec<EventPattern>,
    /// Any text, `whsec_` followed by base64, or `whsk_` followed by base64. Generated if omitted.
    #[schema(min_length = 8, max_length = 255, example = "your-webhook-secret")]
    secret: Option<String>,
    /// Defaults to `hmac`, or to `ed25519` if `secret` is an Ed25519 key (`whsk_…`).
    signing: Option<Signing>,
    /// The wire format. Defaults to the tenant's contract.
    #[schema(pattern = "^[a-z0-9-]{1,64}$", example = "standard")]
    contract: Option<String>,
    /// Custom headers sent with every attempt: at most 20, and none that HTTP or the contract sets.
    #[schema(example = json!({"Authorization": "Bearer of-yours"}))]
    headers: Option<BTreeMap<String, HeaderText>>,
    /// Defaults to the contract's value.
    retry_policy: Option<RetryPolicy>,
    /// Time limit for an attempt. Defaults to the contract's value. Also accepted as `timeout`.
    #[schema(minimum = 1, maximum = 30)]
    timeout_seconds: Option<u32>,
    /// Defaults to the contract's value.
    rate_limit: Option<RateLimit>,
    /// A CEL expression that selects events: an event is delivered if it is `true`.
    #[schema(max_length = 2000, example = "event.type.startsWith('order.')")]
    filter: Option<String>,
    /// A CEL expression that returns the `data` to send, computed from `event`. It must return a map.
    #[schema(max_length = 2000, example = "{'type': event.type}")]
    transform: Option<String>,
    /// The address ranges that deliveries may go to. If omitted, the operator's rules alone decide.
    #[schema(max_items = 20, example = json!(["203.0.113.0/24", "2001:db8::/32"]))]
    target_cidrs: Option<Vec<String>>,
    /// Whether it gets only events published with `test: true`. Other webhooks do not get these.
    test_mode: Option<bool>,
    /// `false` for a webhook that is switched off: events published meanwhile have no deliveries to it. (A
    /// pause keeps them.) Also accepted as `isActive`, or as `status` with `active` or `inactive`.
    active: Option<bool>,
    /// Whether event types of `events` that are not known yet are added to the tenant's, each with an empty sample,
    /// and patterns that match no known type are accepted.
    register: Option<bool>,
    /// Event types that are added to the tenant's, unless it has them already.
    #[schema(max_items = 20)]
    event_types: Option<Vec<AddedEventType>>,
}

/// Only the fields that are present are changed. `null`, where a field allows it, resets the field to
/// its default.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"events": ["order.*"], "active": true}))]
pub(crate) struct WebhookChange {
    /// Must be another than those of the tenant's other webhooks. `null` takes it away.
    #[schema(pattern = "^[A-Za-z0-9._~:-]{1,128}$", example = "crm-4711")]
    external_id: Option<String>,
    /// Replaces all entries.
    #[schema(example = json!({"team": "payments"}))]
    metadata: Option<BTreeMap<String, MetadataText>>,
    #[schema(nullable = false, min_length = 1, max_length = 255, example = "Orders")]
    name: Option<String>,
    #[schema(max_length = 1000)]
    description: Option<String>,
    #[schema(
        nullable = false,
        max_length = 2048,
        pattern = "^https?://",
        example = "https://example.com/hooks"
    )]
    url: Option<String>,
    #[schema(nullable = false, min_items = 1, max_items = 100, example = json!(["order.*"]))]
    events: Option<Vec<EventPattern>>,
    /// Must be the current value: only a rotation of the secret changes it.
    #[schema(nullable = false)]
    signing: Option<Signing>,
    #[schema(nullable = false, pattern = "^[a-z0-9-]{1,64}$", example = "standard")]
    contract: Option<String>,
    /// A header keeps its value if the value is sent masked, as it was shown: `***`.
    headers: Option<BTreeMap<String, HeaderText>>,
    retry_policy: Option<RetryPolicy>,
    /// Time limit for an attempt. Also accepted as `timeout`.
    #[schema(minimum = 1, maximum = 30)]
    timeout_seconds: Option<u32>,
    rate_limit: Option<RateLimit>,
    /// A CEL expression that selects events.
    #[schema(max_length = 2000, example = "event.type.startsWith('order.')")]
    filter: Option<String>,
    /// A CEL expression that makes the data to send.
    #[schema(max_length = 2000, example = "{'type': event.type}")]
    transform: Option<String>,
    /// The address ranges that deliveries may go to. If omitted, the operator's rules alone decide.
    #[schema(max_items = 20, example = json!(["203.0.113.0/24", "2001:db8::/32"]))]
    target_cidrs: Option<Vec<String>>,
    #[schema(nullable = false)]
    test_mode: Option<bool>,
    /// `false` switches it off: events published meanwhile have no deliveries to it. (A pause keeps them.) `true`
    /// also ends a pause, and activates a webhook that Hooklane has disabled. Also accepted as `isActive`, or
    /// as `status` with `active` or `inactive`.
    #[schema(nullable = false)]
    active: Option<bool>,
    /// Whether event types of `events` that are not known yet are added to the tenant's, each with an empty sample,
    /// and patterns that match no known type are accepted.
    register: Option<bool>,
    /// Event types that are added to the tenant's, unless it has them already.
    #[schema(max_items = 20)]
    event_types: Option<Vec<AddedEventType>>,
}

/// An event type that a webhook brings along. `PUT /event-types/{type}` gives it a JSON Schema.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddedEventType {
    #[schema(
        max_length = 255,
        pattern = "^[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*$",
        example = "ticket.opened"
    )]
    #[serde(rename = "type")]
    event_type: String,
    /// An example of an event's `data`: any JSON except `null`, at most 8 KiB.
    #[schema(value_type = serde_json::Value, example = json!({"ticketId": "T-1"}))]
    sample: serde_json::Value,
    /// The category under which it is listed; `custom` if omitted.
    #[schema(min_length = 1, max_length = 64, example = "tickets")]
    category: Option<String>,
    #[schema(max_length = 1000, example = "A customer opened a ticket")]
    description: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[schema(
    min_length = 1,
    max_length = 257,
    pattern = "^(\\*|[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*(\\.\\*)?)$",
    example = "order.*"
)]
pub(crate) struct EventPattern(String);

/// A short text.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(max_length = 256, example = "payments")]
pub(crate) struct MetadataText(String);

/// Visible ASCII characters, spaces and tabs.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(max_length = 2048, pattern = "^[\\t -~]*$", example = "Bearer of-yours")]
pub(crate) struct HeaderText(String);

/// All fields are optional.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"overlapSeconds": 86400}))]
pub(crate) struct Rotation {
    /// Any text, `whsec_` followed by base64, or `whsk_` followed by base64. Generated if omitted.
    #[schema(min_length = 8, max_length = 255)]
    secret: Option<String>,
    /// The kind of secret to generate. Defaults to the current kind.
    signing: Option<Signing>,
    /// How long requests are signed with the old secret too, in seconds; one day if omitted. 0 retires
    /// the old secret at once, although attempts that start within the next five seconds may still use
    /// it.
    #[schema(minimum = 0, maximum = 604800, example = 86400)]
    overlap_seconds: Option<u32>,
}

/// All fields are optional.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"discard": false, "rateLimit": {"requests": 60, "perSeconds": 60}}))]
pub(crate) struct Resumption {
    /// Whether to cancel the waiting deliveries of a paused webhook.
    discard: Option<bool>,
    /// How fast what is parked is sent. If omitted, as fast as possible.
    rate_limit: Option<RateLimit>,
}

/// Which of the events accepted between `since` and `until` to send again.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"since": "2024-01-15T10:30:00Z", "include": "all"}))]
pub(crate) struct NewRecovery {
    /// Also accepted as a number, in Unix seconds.
    #[schema(format = DateTime, example = "2024-01-15T10:30:00Z")]
    since: String,
    /// Defaults to now.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// Also accepted as `status`, and `all` as `any`.
    include: RecoveryScope,
    /// How fast to send. If omitted, as fast as possible.
    rate_limit: Option<RateLimit>,
    /// Whether to look for skipped events in the whole ledger instead of the tenant's list of events. Only the
    /// operator may: it costs as much as the ledger is large.
    thorough: Option<bool>,
    /// Whether to count only what would be sent. It cannot be combined with `thorough`.
    dry_run: Option<bool>,
}

/// At most `requests` attempts in `perSeconds` seconds.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RateLimit {
    #[schema(minimum = 1, maximum = 100000)]
    requests: u32,
    #[schema(minimum = 1, maximum = 3600)]
    per_seconds: u32,
}

impl RateLimit {
    pub(crate) fn new(limit: limits::RateLimit) -> Self {
        Self { requests: limit.requests(), per_seconds: limit.per_seconds() }
    }
}
