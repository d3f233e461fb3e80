use hooklane_domain::delivery::attempt_log::LogEntry;
use serde::Serialize;
use utoipa::ToSchema;

use super::deliveries::AttemptView;

/// One attempt, with its delivery and event.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LogEntry)]
pub(crate) struct LogView {
    /// Whether it was a test of the webhook, which has no delivery.
    test: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery_id: Option<String>,
    event_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_type: Option<String>,
    /// Whether the receiver accepted it (2xx).
    successful: bool,
    #[serde(flatten)]
    attempt: AttemptView,
}

impl LogView {
    pub(crate) fn new(entry: &LogEntry) -> Self {
        Self {
            test: entry.delivery.is_none(),
            delivery_id: entry.delivery.as_ref().map(ToString::to_string),
            event_id: entry.event.to_string(),
            event_type: entry.event_type.as_ref().map(ToString::to_string),
            successful: entry.attempt.outcome.is_success(),
            attempt: AttemptView::new(&entry.attempt),
        }
    }
}
