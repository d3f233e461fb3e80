//! The messages of the delivery queue and the retry queue.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::Content;
use crate::ids::{DeliveryId, EventType, TenantId};
use crate::json::position;

/// The version that this code writes and reads. A change that older code cannot read raises it. Code
/// that raises it must still read the version before, since messages wait in queues for days.
const VERSION: u8 = 1;

/// A message of the delivery pipeline: `{"version":1,"kind":"deliver",…}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    Deliver(Deliver),
}

/// The order to make one attempt of a delivery. Sent as is: messages of older code are still in the
/// queues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Deliver {
    pub tenant: TenantId,
    /// Contains the webhook, the event and the time of its acceptance.
    pub delivery: DeliveryId,
    pub event_type: EventType,
    pub generation: u32,
    /// The event's content, where it is small enough. Otherwise it is read from the ledger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Payload>,
}

/// An event's content inside a message. Sent as is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Payload {
    Plain(Box<Content>),
    /// zlib (RFC 1950) of the content's JSON, in base64.
    Zlib(String),
}

/// The first fields of a message. They are read before the body, so that a message of newer code can be
/// distinguished from garbage.
#[derive(Serialize, Deserialize)]
struct Header<'a> {
    version: u8,
    kind: &'a str,
}

#[derive(Serialize)]
struct Envelope<'a, T> {
    #[serde(flatten)]
    header: Header<'a>,
    body: &'a T,
}

#[derive(Deserialize)]
struct EnvelopeBody<T> {
    body: T,
}

#[derive(Debug, thiserror::Error)]
pub enum UnreadableMessage {
    #[error("is not a message ({0})")]
    Syntax(String),
    #[error("has version {0}, and this code reads version {VERSION}")]
    Version(u8),
    #[error("has the unknown kind {0:?}")]
    Kind(String),
}

impl Message {
    #[must_use]
    pub fn encode(&self) -> String {
        let Self::Deliver(body) = self;
        let header = Header { version: VERSION, kind: "deliver" };
        match serde_json::to_string(&Envelope { header, body }) {
            Ok(text) => text,
            Err(_) => unreachable!("every part of a message is representable in JSON"),
        }
    }

    pub fn decode(text: &str) -> Result<Self, UnreadableMessage> {
        let header: Header<'_> = serde_json::from_str(text).map_err(syntax)?;
        match (header.version, header.kind) {
            (VERSION, "deliver") => {
                let envelope: EnvelopeBody<Deliver> = serde_json::from_str(text).map_err(syntax)?;
                Ok(Self::Deliver(envelope.body))
            }
            (VERSION, kind) => Err(UnreadableMessage::Kind(kind.to_owned())),
            (version, _) => Err(UnreadableMessage::Version(version)),
        }
    }
}

fn syntax(error: serde_json::Error) -> UnreadableMessage {
    UnreadableMessage::Syntax(position(&error))
}

impl Deliver {
    /// The message that replaces this one, in the next generation.
    #[must_use]
    pub fn successor(&self) -> Self {
        Self { generation: self.generation.saturating_add(1), ..self.clone() }
    }

    #[must_use]
    pub fn accepted_at(&self) -> Timestamp {
        self.delivery.accepted_at()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::WebhookId;
    use crate::json::RawJson;
    use proptest::prelude::*;

    fn deliver() -> Deliver {
        let webhook = WebhookId::new(Timestamp::UNIX_EPOCH, 1);
        Deliver {
            tenant: "t1".parse().unwrap(),
            delivery: DeliveryId::new(webhook, Timestamp::UNIX_EPOCH, "e1".parse().unwrap()),
            event_type: "user.created".parse().unwrap(),
            generation: 0,
            payload: Some(Payload::Plain(Box::new(Content {
                event_type: "user.created".parse().unwrap(),
                data: RawJson::parse(r#"{"n":1234567890123456789}"#).unwrap(),
                metadata: None,
                timestamp: None,
                version: None,
                test: false,
            }))),
        }
    }

    #[test]
    fn a_message_is_json_with_version_and_kind() {
        insta::assert_snapshot!(Message::Deliver(deliver()).encode(), @r#"{"version":1,"kind":"deliver","body":{"tenant":"t1","delivery":"dlv_AAAAAAAAAAAAAAAAAAAAAAEAAAAAAABlMQ","eventType":"user.created","generation":0,"payload":{"plain":{"type":"user.created","data":{"n":1234567890123456789}}}}}"#);
    }

    #[test]
    fn an_unreadable_message_says_why() {
        for (text, expected) in [
            ("", "is not a message"),
            ("{}", "is not a message"),
            (r#"{"version":2,"kind":"deliver","body":{}}"#, "has version 2"),
            (r#"{"version":1,"kind":"probe","body":{}}"#, "has the unknown kind"),
            (r#"{"version":1,"kind":"deliver","body":{}}"#, "is not a message"),
        ] {
            let error = Message::decode(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn a_message_reads_back(generation: u32, with_payload: bool) {
            let mut message = deliver();
            message.generation = generation;
            message.payload = message.payload.filter(|_| with_payload);
            let message = Message::Deliver(message);
            prop_assert_eq!(Message::decode(&message.encode()).unwrap(), message);
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,200}") {
            let _ = Message::decode(&text);
        }
    }
}
