use hooklane_app::dead_letters::Listed;
use serde::Serialize;
use utoipa::ToSchema;

use super::time;

/// What the pipeline put aside.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeadLetter)]
pub(crate) struct DeadLetterView {
    #[schema(example = "5fea7756-0ea4-451a-a703-a558b933e274")]
    id: String,
    #[schema(example = "type: is required")]
    reason: String,
    /// Whether AWS moved it, which gives no reason of its own.
    moved_by_aws: bool,
    /// When it was put aside. If AWS moved it: when its message was first sent.
    #[schema(format = DateTime)]
    sent_at: String,
    /// When the queue deletes it.
    #[schema(format = DateTime)]
    expires_at: String,
    /// How often it was received from a queue, looks included.
    receives: u32,
    /// What its body says of whom and what it is about. Each is absent if it does not say it, or cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "acme")]
    tenant: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    event_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    event_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    webhook_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    delivery_id: Option<String>,
    /// The body, or its beginning.
    #[schema(example = "{\"tenant\":\"acme\",\"id\":\"order-1\"}")]
    body: String,
    /// Whether only the first 2,000 bytes of the body are shown.
    body_cut: bool,
    /// The size of the whole body, in bytes.
    size: usize,
}

impl DeadLetterView {
    pub(crate) fn new(letter: Listed) -> Self {
        let about = letter.about;
        Self {
            id: letter.id.as_str().to_owned(),
            reason: letter.reason,
            moved_by_aws: letter.moved,
            sent_at: time(letter.sent_at),
            expires_at: time(letter.expires_at),
            receives: letter.receives,
            tenant: about.tenant.map(|id| id.to_string()),
            event_id: about.event.map(|id| id.to_string()),
            event_type: about.event_type.map(|name| name.to_string()),
            webhook_id: about.webhook.map(|id| id.to_string()),
            delivery_id: about.delivery.map(|id| id.to_string()),
            body_cut: letter.body.is_cut(),
            body: letter.body.text,
            size: letter.body.size,
        }
    }
}
