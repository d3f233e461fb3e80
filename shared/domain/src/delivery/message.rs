//! The messages of the delivery queue and the retry queue.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::event::Content;
use crate::ids::{DeliveryId, EventType, TenantId};
use crate::json::position;

pub mod bundle;

/// The version that this code writes and reads. A change that older code cannot read raises it. Code
/// that raises it must still read the version before, since messages wait in queues for days.
const VERSION: u64 = 1;

/// What a message of the delivery pipeline asks for: `{"version":1,"kind":"deliver",…}`. Several may share a
/// message ([`bundle`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    Deliver(Deliver),
}

/// The order to make one attempt of a delivery. Sent as is: messages of older code are still in the
/// queues. A field that this code does not know is passed over: newer code added it, and does without it
/// where older code wrote the message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deliver {
    pub tenant: TenantId,
    /// Contains the webhook, the event and the time of its acceptance.
    pub delivery: DeliveryId,
    pub event_type: EventType,
    pub generation: u32,
    /// The event's content, where it is small enough. Otherwise it is read from the ledger, and so is one
    /// in a form that this code does not know.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "known_payload")]
    pub payload: Option<Payload>,
}

/// An event's content inside a message. Sent as is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Payload {
    Plain(Box<Content>),
    /// zlib (RFC 1950) of the content's JSON, in base64.
    Zlib(String),
}

/// The first fields of a message. They are read before the body, so that a message of newer code can be
/// distinguished from garbage.
#[derive(Deserialize)]
struct Header<'a> {
    version: u64,
    /// Newer code may spell it in another way, so only the header of this version must have it.
    #[serde(borrow)]
    kind: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Envelope<'a, T> {
    version: u64,
    kind: &'a str,
    body: &'a T,
}

#[derive(Deserialize)]
struct EnvelopeBody<T> {
    body: T,
}

/// Why a message cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableMessage {
    /// Another try would fail in the same way.
    #[error("is not a message ({0})")]
    Syntax(String),
    /// Code of a later release sent it, and can read it.
    #[error("{0}, as a newer version of Hooklane sends it")]
    Newer(Newer),
}

/// What shows that a later release sent a message.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Newer {
    #[error("has version {0}, and this code reads version {VERSION}")]
    Version(u64),
    #[error("has the unknown kind {0:?}")]
    Kind(String),
}

impl UnreadableMessage {
    /// Whether code of a later release can read the message.
    #[must_use]
    pub fn is_newer(&self) -> bool {
        matches!(self, Self::Newer(_))
    }
}

impl Message {
    #[must_use]
    pub fn encode(&self) -> String {
        let Self::Deliver(body) = self;
        match serde_json::to_string(&Envelope { version: VERSION, kind: "deliver", body }) {
            Ok(text) => text,
            Err(_) => unreachable!("every part of a message is representable in JSON"),
        }
    }

    /// What a message of its own asks for.
    pub fn decode(text: &str) -> Result<Self, UnreadableMessage> {
        let mut each = Self::decode_each(text)?;
        match (each.pop(), each.len()) {
            (Some(alone), 0) => Ok(alone),
            (_, others) => {
                let why = format!("it holds {} deliveries", others + 1);
                Err(UnreadableMessage::Syntax(why))
            }
        }
    }

    /// What a message asks for, one or several.
    pub fn decode_each(text: &str) -> Result<Vec<Self>, UnreadableMessage> {
        let header: Header<'_> = serde_json::from_str(text).map_err(syntax)?;
        if header.version > VERSION {
            return Err(UnreadableMessage::Newer(Newer::Version(header.version)));
        }
        if header.version < VERSION {
            let why = format!("version {} never existed", header.version);
            return Err(UnreadableMessage::Syntax(why));
        }
        let kind = header.kind.map_or("null", RawValue::get);
        match serde_json::from_str::<String>(kind).map_err(syntax)?.as_str() {
            "deliver" => {
                let envelope: EnvelopeBody<Deliver> = serde_json::from_str(text).map_err(syntax)?;
                Ok(vec![Self::Deliver(envelope.body)])
            }
            bundle::KIND => {
                let envelope: EnvelopeBody<Vec<Deliver>> =
                    serde_json::from_str(text).map_err(syntax)?;
                if envelope.body.is_empty() {
                    return Err(UnreadableMessage::Syntax("it holds no delivery".to_owned()));
                }
                Ok(envelope.body.into_iter().map(Self::Deliver).collect())
            }
            kind => Err(UnreadableMessage::Newer(Newer::Kind(kind.to_owned()))),
        }
    }
}

/// Reads a payload. One whose form has an unknown name is `None`: the ledger has the content as well.
fn known_payload<'de, D: Deserializer<'de>>(source: D) -> Result<Option<Payload>, D::Error> {
    /// A payload, by the name of its form.
    #[derive(Deserialize)]
    struct Forms {
        #[serde(default)]
        plain: Option<Box<Content>>,
        #[serde(default)]
        zlib: Option<String>,
    }
    let forms = Option::<Forms>::deserialize(source)?;
    Ok(forms.and_then(|forms| match forms {
        Forms { plain: Some(content), .. } => Some(Payload::Plain(content)),
        Forms { zlib, .. } => zlib.map(Payload::Zlib),
    }))
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
        for (text, expected, newer) in [
            ("", "is not a message", false),
            ("{}", "is not a message", false),
            (r#"{"version":0,"kind":"deliver","body":{}}"#, "is not a message", false),
            (r#"{"version":-2,"kind":"deliver","body":{}}"#, "is not a message", false),
            (r#"{"version":"2","kind":"deliver","body":{}}"#, "is not a message", false),
            (r#"{"version":1,"body":{}}"#, "is not a message", false),
            (r#"{"version":1,"kind":7,"body":{}}"#, "is not a message", false),
            (r#"{"version":1,"kind":"deliver","body":{}}"#, "is not a message", false),
            (r#"{"version":2,"kind":"deliver","body":{}}"#, "has version 2", true),
            (r#"{"version":300,"kind":{"name":"deliver"}}"#, "has version 300", true),
            (r#"{"version":2}"#, "has version 2", true),
            (r#"{"version":1,"kind":"probe","body":{}}"#, "has the unknown kind", true),
            (r#"{"version":1,"kind":"pro\u0062e"}"#, "has the unknown kind \"probe\"", true),
        ] {
            let error = Message::decode(text).unwrap_err();
            assert_eq!(error.is_newer(), newer, "{text}");
            let error = error.to_string();
            assert!(error.starts_with(expected), "{text}: {error}");
        }
    }

    #[test]
    fn finding_rolling_upgrade_a_field_of_a_newer_message_is_passed_over() {
        let expected = Message::Deliver(deliver());
        let text = expected.encode();
        for (place, more) in [
            (r#"{"version""#, r#"{"priority":3,"version""#),
            (r#"{"tenant""#, r#"{"notBefore":{"at":1},"tenant""#),
            (r#"{"plain""#, r#"{"checksum":"x","plain""#),
        ] {
            let newer = text.replacen(place, more, 1);
            assert_ne!(newer, text);
            assert_eq!(Message::decode(&newer), Ok(expected.clone()), "{newer}");
        }
    }

    #[test]
    fn finding_rolling_upgrade_a_payload_in_an_unknown_form_is_read_from_the_ledger() {
        let text = r#"{"version":1,"kind":"deliver","body":{"tenant":"t1","delivery":"dlv_AAAAAAAAAAAAAAAAAAAAAAEAAAAAAAAAZTE","eventType":"user.created","generation":0,"payload":{"brotli":"GwE="}}}"#;
        let text = text
            .replace("dlv_AAAAAAAAAAAAAAAAAAAAAAEAAAAAAAAAZTE", &deliver().delivery.to_string());
        let Message::Deliver(read) = Message::decode(&text).unwrap();
        assert_eq!(read, Deliver { payload: None, ..deliver() });
        // A known form that is wrong is no newer one.
        for payload in [r#"{"zlib":7}"#, r#"{"plain":"x"}"#, "7"] {
            let text = text.replace(r#"{"brotli":"GwE="}"#, payload);
            let error = Message::decode(&text).unwrap_err();
            assert!(!error.is_newer(), "{payload}: {error}");
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
