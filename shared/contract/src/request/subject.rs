//! What the request of one attempt is about, and the values of its placeholders.

use hooklane_domain::event::Content;
use hooklane_domain::ids::DeliveryId;
use hooklane_domain::webhook::Webhook;
use jiff::Timestamp;

use super::body::BodyValue;
use super::placeholder::PlaceholderName;
use crate::time_format::TimeFormat;

/// What the request of one attempt is about.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub content: &'a Content,
    pub delivery: &'a DeliveryId,
    pub webhook: &'a Webhook,
    pub attempt: u32,
    pub at: Timestamp,
}

impl<'a> Subject<'a> {
    pub(super) fn text(
        &self,
        placeholder: PlaceholderName,
        signature: &str,
        body: &str,
    ) -> Option<String> {
        Some(match placeholder {
            PlaceholderName::Signature => signature.to_owned(),
            PlaceholderName::Body => body.to_owned(),
            PlaceholderName::AttemptTimestamp(format) => format.write(self.at),
            PlaceholderName::AttemptNumber => self.attempt.to_string(),
            other => return self.body_value(other)?.into_text(),
        })
    }

    pub(super) fn body_value(&self, placeholder: PlaceholderName) -> Option<BodyValue<'a>> {
        let accepted_at = self.delivery.accepted_at();
        match placeholder {
            PlaceholderName::EventData => Some(BodyValue::Json(self.content.data.as_str())),
            PlaceholderName::EventMetadata => {
                self.content.metadata.as_ref().map(|m| BodyValue::Json(m.as_str()))
            }
            PlaceholderName::EventId => text(self.delivery.event()),
            PlaceholderName::EventTenant => text(&self.webhook.tenant),
            PlaceholderName::EventType => text(&self.content.event_type),
            PlaceholderName::EventVersion => self.content.version.clone().map(BodyValue::Text),
            PlaceholderName::EventTimestamp(format) => {
                time(format, self.content.happened_at(accepted_at))
            }
            // A delivery is created when its event is accepted.
            PlaceholderName::EventAcceptedAt(format)
            | PlaceholderName::DeliveryCreatedAt(format) => time(format, accepted_at),
            PlaceholderName::DeliveryId => text(self.delivery),
            PlaceholderName::WebhookId => text(&self.webhook.id),
            PlaceholderName::WebhookName => text(&self.webhook.name),
            // The loader refuses these in a body.
            PlaceholderName::AttemptTimestamp(_)
            | PlaceholderName::AttemptNumber
            | PlaceholderName::Signature
            | PlaceholderName::Body => None,
        }
    }
}

fn text(value: &impl ToString) -> Option<BodyValue<'static>> {
    Some(BodyValue::Text(value.to_string()))
}

fn time(format: TimeFormat, time: Timestamp) -> Option<BodyValue<'static>> {
    Some(match format {
        TimeFormat::Unix => BodyValue::Number(time.as_second()),
        TimeFormat::Rfc3339 | TimeFormat::Rfc3339Ms => BodyValue::Text(format.write(time)),
    })
}
