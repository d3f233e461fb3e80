//! The canonical answers: camelCase, times in RFC 3339 with milliseconds, secrets masked.

use hooklane_domain::Timestamp;

mod deliveries;
mod event_types;
mod webhooks;

pub(crate) use deliveries::{DeliveryDetailView, DeliveryView};
pub(crate) use event_types::EventTypeView;
pub(crate) use webhooks::WebhookView;

pub(crate) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}
