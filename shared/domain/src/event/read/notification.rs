//! What Amazon SNS puts on a queue for a subscription without raw message delivery. Source: *Amazon SNS
//! Developer Guide*, "Parsing Amazon SNS message formats".

use crate::json::fields::{FieldErrors, Fields};

/// Fields that messages of SNS have, and no other event: one of the first, or both of the second.
const TOPIC: &[&str] = &["TopicArn"];
const TYPE: &[&str] = &["Type"];
const MESSAGE: &[&str] = &["Message"];

/// A message that was published to a topic.
pub(super) struct Notification {
    /// The same for every copy that SNS delivers of the message.
    pub(super) message_id: Option<String>,
    /// What was published.
    pub(super) message: String,
}

impl Notification {
    pub(super) fn is_one(fields: &Fields) -> bool {
        fields.has(TOPIC) || (fields.has(TYPE) && fields.has(MESSAGE))
    }

    /// Everything but id and message is SNS's own (signature, subject, attributes) and says nothing about
    /// the event.
    pub(super) fn read(mut fields: Fields) -> Result<Self, FieldErrors> {
        let message_id = fields.read::<String>(&["MessageId"], "a string");
        match fields.read::<String>(TYPE, "Notification").as_deref() {
            Some("Notification") | None => {}
            // A queue of another account has to confirm that it wants the messages.
            Some("SubscriptionConfirmation") => fields.error(
                "Type",
                "is SubscriptionConfirmation, which is no event: open the SubscribeURL of this message to confirm the subscription",
            ),
            Some("UnsubscribeConfirmation") => fields.error(
                "Type",
                "is UnsubscribeConfirmation, which is no event: the queue is no longer subscribed to the topic",
            ),
            Some(_) => fields.error("Type", "must be Notification"),
        }
        let message = if fields.has(MESSAGE) {
            fields.read::<String>(MESSAGE, "a string")
        } else {
            fields.error("Message", "is required");
            None
        };
        fields.take_rest();
        fields.finish()?;
        Ok(Self { message_id, message: message.unwrap_or_default() })
    }
}
