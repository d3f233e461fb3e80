//! The placeholders of requests: what the templates of headers, signatures and bodies can name.

use crate::time_format::TimeFormat;

/// A placeholder as a template writes it: `{event.id}`, `{attempt.timestamp:unix}`, or with what
/// stands in where there is no value, `{event.version|1.0}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) placeholder: Placeholder,
    pub(super) default: Option<String>,
}

/// What a placeholder names, and for a time how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placeholder {
    EventId,
    EventTenant,
    EventType,
    EventVersion,
    EventTimestamp(TimeFormat),
    EventAcceptedAt(TimeFormat),
    EventData,
    EventMetadata,
    DeliveryId,
    DeliveryCreatedAt(TimeFormat),
    WebhookId,
    WebhookName,
    AttemptTimestamp(TimeFormat),
    AttemptNumber,
    Signature,
    Body,
}

/// Where a template stands decides what it may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Header,
    /// What is signed.
    Signed,
    /// How one signature is written.
    SignatureValue,
    /// In a string of the body, among other text.
    BodyText,
    /// All of a string of the body.
    BodyValue,
}

const NAMES: &str = "event.id, event.tenant, event.type, event.version, event.timestamp, \
    event.acceptedAt, event.data, event.metadata, delivery.id, delivery.createdAt, webhook.id, \
    webhook.name, attempt.timestamp, attempt.number, signature, body";

impl Slot {
    /// Reads what stands between the braces.
    pub(super) fn parse(text: &str, place: Place) -> Result<Self, String> {
        let (named, default) = match text.split_once('|') {
            Some((named, default)) => (named, Some(default)),
            None => (text, None),
        };
        let placeholder = Placeholder::parse(named, place)?;
        match (placeholder, default) {
            (_, None) | (Placeholder::EventVersion, Some(_)) => {}
            (Placeholder::EventMetadata, Some(_)) => {
                return Err(format!("{{{named}}} is JSON and takes no default"));
            }
            _ => return Err(format!("{{{named}}} always has a value and takes no default")),
        }
        if default.is_some_and(str::is_empty) {
            return Err(format!("{{{named}|}} has an empty default"));
        }
        Ok(Self { placeholder, default: default.map(str::to_owned) })
    }

    /// Whether an event can leave it without a value.
    pub(super) fn may_be_absent(&self) -> bool {
        let optional =
            matches!(self.placeholder, Placeholder::EventVersion | Placeholder::EventMetadata);
        optional && self.default.is_none()
    }
}

impl Placeholder {
    fn parse(text: &str, place: Place) -> Result<Self, String> {
        let (name, format) = match text.split_once(':') {
            Some((name, format)) => (name, Some(format)),
            None => (text, None),
        };
        let time = || TimeFormat::parse(name, format);
        let placeholder = match name {
            "event.timestamp" => Self::EventTimestamp(time()?),
            "event.acceptedAt" => Self::EventAcceptedAt(time()?),
            "delivery.createdAt" => Self::DeliveryCreatedAt(time()?),
            "attempt.timestamp" => Self::AttemptTimestamp(time()?),
            _ if format.is_some() => {
                return Err(format!("{{{name}}} is no time and takes no format"));
            }
            "event.id" => Self::EventId,
            "event.tenant" => Self::EventTenant,
            "event.type" => Self::EventType,
            "event.version" => Self::EventVersion,
            "event.data" => Self::EventData,
            "event.metadata" => Self::EventMetadata,
            "delivery.id" => Self::DeliveryId,
            "webhook.id" => Self::WebhookId,
            "webhook.name" => Self::WebhookName,
            "attempt.number" => Self::AttemptNumber,
            "signature" => Self::Signature,
            "body" => Self::Body,
            _ => {
                return Err(format!("unknown placeholder {{{name}}}; expected one of {NAMES}"));
            }
        };
        if placeholder.fits(place) {
            Ok(placeholder)
        } else {
            Err(format!("{{{name}}} may not stand {}", place.describe()))
        }
    }

    fn fits(self, place: Place) -> bool {
        match self {
            Self::EventData | Self::EventMetadata => place == Place::BodyValue,
            Self::AttemptTimestamp(_) | Self::AttemptNumber => {
                !matches!(place, Place::BodyText | Place::BodyValue)
            }
            Self::Signature => matches!(place, Place::Header | Place::SignatureValue),
            Self::Body => place == Place::Signed,
            // Free text, which a header does not carry. In the body it is signed all the same.
            Self::EventVersion | Self::WebhookName => {
                matches!(place, Place::BodyText | Place::BodyValue)
            }
            _ => true,
        }
    }
}

impl Place {
    fn describe(self) -> &'static str {
        match self {
            Self::Header => "in a header",
            Self::Signed => "in what is signed",
            Self::SignatureValue => "in a signature's value",
            Self::BodyText => "inside a text of the body",
            Self::BodyValue => "in the body, which is the same on every attempt",
        }
    }
}
