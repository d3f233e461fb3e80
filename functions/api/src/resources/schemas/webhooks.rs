use std::collections::BTreeMap;

use hooklane_domain::webhook::limits;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::resources::words::{RecoveredStatus, Signing};

/// `null` is the same as leaving a field out.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewWebhook {
    /// The host of the URL where it is left out.
    #[schema(min_length = 1, max_length = 255, example = "Orders")]
    name: Option<String>,
    #[schema(max_length = 1000)]
    description: Option<String>,
    /// Where to deliver: https, a public host, port 443 or from 1024 up.
    #[schema(max_length = 2048, pattern = "^https?://", example = "https://example.com/hooks")]
    url: String,
    /// Exact types (`order.created`), everything below a word (`order.*`), or `*`.
    #[schema(min_items = 1, max_items = 100, example = json!(["order.*", "user.created"]))]
    events: Vec<EventPattern>,
    /// Text, `whsec_` and base64, or `whsk_` and base64. Made where it is left out.
    #[schema(min_length = 8, max_length = 255, example = "your-webhook-secret")]
    secret: Option<String>,
    /// `hmac` unless the secret is a key.
    signing: Option<Signing>,
    /// The wire format; the tenant's where it is left out.
    #[schema(pattern = "^[a-z0-9-]{1,64}$", example = "standard")]
    contract: Option<String>,
    /// Sent with every delivery; at most 20, none that the protocol or the contract sets.
    #[schema(example = json!({"Authorization": "Bearer of-yours"}))]
    headers: Option<BTreeMap<String, HeaderText>>,
    /// The contract's where it is left out.
    retry_policy: Option<RetryPolicy>,
    /// Seconds that an attempt may take; the contract's where it is left out.
    #[schema(minimum = 1, maximum = 30)]
    timeout: Option<u32>,
    /// The contract's where it is left out.
    rate_limit: Option<RateLimit>,
    /// Which of its events it wants, in CEL: `true` of an event is a delivery.
    #[schema(max_length = 2000, example = "event.type.startsWith('order.')")]
    filter: Option<String>,
    /// What it gets of an event as data, in CEL: a map.
    #[schema(max_length = 2000, example = "{'type': event.type}")]
    transform: Option<String>,
    /// Address ranges that deliveries keep to; wherever the operator allows where it is left out.
    #[schema(max_items = 20, example = json!(["203.0.113.0/24", "2001:db8::/32"]))]
    target_cidrs: Option<Vec<String>>,
    /// Gets events published with `test: true`, and no others.
    test_mode: Option<bool>,
    /// Also as `isActive`, or as `status`: `active` or `inactive`.
    active: Option<bool>,
}

/// What it names is changed, the rest stays. `null` takes a field back to what it is where a new webhook
/// leaves it out, for the fields that it is allowed for.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WebhookChange {
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
    /// As it is: it changes with a rotation of the secret.
    #[schema(nullable = false)]
    signing: Option<Signing>,
    #[schema(nullable = false, pattern = "^[a-z0-9-]{1,64}$", example = "standard")]
    contract: Option<String>,
    /// A value that is sent as it was shown, `***`, stays.
    headers: Option<BTreeMap<String, HeaderText>>,
    retry_policy: Option<RetryPolicy>,
    /// Seconds.
    #[schema(minimum = 1, maximum = 30)]
    timeout: Option<u32>,
    rate_limit: Option<RateLimit>,
    /// In CEL.
    #[schema(max_length = 2000, example = "event.type.startsWith('order.')")]
    filter: Option<String>,
    /// In CEL.
    #[schema(max_length = 2000, example = "{'type': event.type}")]
    transform: Option<String>,
    /// Address ranges that deliveries keep to; wherever the operator allows where it is left out.
    #[schema(max_items = 20, example = json!(["203.0.113.0/24", "2001:db8::/32"]))]
    target_cidrs: Option<Vec<String>>,
    #[schema(nullable = false)]
    test_mode: Option<bool>,
    /// Also as `isActive`, or as `status`: `active` or `inactive`.
    #[schema(nullable = false)]
    active: Option<bool>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[schema(
    min_length = 1,
    max_length = 257,
    pattern = "^(\\*|[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*(\\.\\*)?)$"
)]
pub(crate) struct EventPattern(String);

/// Visible ASCII characters, spaces and tabs.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(max_length = 2048, pattern = "^[\\t -~]*$")]
pub(crate) struct HeaderText(String);

/// All of it may be left out.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Rotation {
    /// Text, `whsec_` and base64, or `whsk_` and base64. Made where it is left out.
    #[schema(min_length = 8, max_length = 255)]
    secret: Option<String>,
    /// The kind of the secret that is made; as it was where it is left out.
    signing: Option<Signing>,
    /// Seconds that the old secret signs beside the new one; a day where it is left out. With 0 it signs
    /// no more, but for deliveries that begin within five seconds.
    #[schema(minimum = 0, maximum = 604800, example = 86400)]
    overlap_seconds: Option<u32>,
}

/// All of it may be left out.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Resumption {
    /// Whether what a paused webhook's deliveries waited for is not to come: they are cancelled.
    discard: Option<bool>,
}

/// What of the events accepted from `since` to `until` is to be sent again.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRecovery {
    #[schema(format = DateTime, example = "2024-01-15T10:30:00Z")]
    since: String,
    /// Now where it is left out.
    #[schema(format = DateTime)]
    until: Option<String>,
    status: RecoveredStatus,
}

/// At most so many attempts in so many seconds.
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

/// When to try again. The documents' other spellings (`maxAttempts`, `retryDelay`, `max_delay`, …) are
/// understood too.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum RetryPolicy {
    Preset(Preset),
    Schedule(Schedule),
    Backoff(Backoff),
    NoRetries(NoRetries),
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
    /// The contract's where it is left out and that has a back-off, or else `exponential`.
    strategy: Option<Strategy>,
    /// Milliseconds; the contract's where it is left out, or else 1,000.
    #[schema(minimum = 100, maximum = 86400000)]
    initial_delay: Option<u32>,
    /// The contract's where it is left out, or else 2.
    #[schema(minimum = 1, maximum = 100)]
    multiplier: Option<f64>,
    /// Milliseconds; the contract's where it is left out, or else 300,000.
    #[schema(minimum = 1000, maximum = 86400000)]
    max_delay: Option<u32>,
    /// The contract's where it is left out, or else 3.
    #[schema(minimum = 1, maximum = 10)]
    max_retries: Option<u32>,
    #[schema(minimum = 0, maximum = 1)]
    jitter: Option<f64>,
}

/// A policy without retries may have any delay, 0 too.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NoRetries {
    #[schema(minimum = 0, maximum = 0)]
    max_retries: u32,
    strategy: Option<Strategy>,
    #[schema(minimum = 0, maximum = 86400000)]
    initial_delay: Option<u32>,
    #[schema(minimum = 1, maximum = 100)]
    multiplier: Option<f64>,
    #[schema(minimum = 1000, maximum = 86400000)]
    max_delay: Option<u32>,
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
