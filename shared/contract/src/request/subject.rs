//! What one attempt is about, and what the placeholders of its request stand for.

use hooklane_domain::event::Content;
use hooklane_domain::ids::DeliveryId;
use hooklane_domain::webhook::Webhook;
use jiff::Timestamp;

use super::body::BodyValue;
use super::placeholder::Placeholder;
use crate::time_format::TimeFormat;

/// What one attempt is about.
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
        placeholder: Placeholder,
        signature: &str,
        body: &str,
    ) -> Option<String> {
        Some(match placeholder {
            Placeholder::Signature => signature.to_owned(),
            Placeholder::Body => body.to_owned(),
            Placeholder::AttemptTimestamp(format) => format.write(self.at),
            Placeholder::AttemptNumber => self.attempt.to_string(),
            other => return self.body_value(other)?.into_text(),
        })
    }

    pub(super) fn body_value(&self, placeholder: Placeholder) -> Option<BodyValue<'a>> {
        let accepted_at = self.delivery.accepted_at();
        match placeholder {
            Placeholder::EventData => Some(BodyValue::Json(self.content.data.as_str())),
            Placeholder::EventMetadata => {
                self.content.metadata.as_ref().map(|m| BodyValue::Json(m.as_str()))
            }
            Placeholder::EventId => text(self.delivery.event()),
            Placeholder::EventTenant => text(&self.webhook.tenant),
            Placeholder::EventType => text(&self.content.event_type),
            Placeholder::EventVersion => self.content.version.clone().map(BodyValue::Text),
            Placeholder::EventTimestamp(format) => {
                time(format, self.content.happened_at(accepted_at))
            }
            // A delivery is created when its event is accepted.
            Placeholder::EventAcceptedAt(format) | Placeholder::DeliveryCreatedAt(format) => {
                time(format, accepted_at)
            }
            Placeholder::DeliveryId => text(self.delivery),
            Placeholder::WebhookId => text(&self.webhook.id),
            Placeholder::WebhookName => text(&self.webhook.name),
            // The loader lets none of these stand in a body.
            Placeholder::AttemptTimestamp(_)
            | Placeholder::AttemptNumber
            | Placeholder::Signature
            | Placeholder::Body => None,
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
