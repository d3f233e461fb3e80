//! The placeholders of requests: what the templates of headers, signatures and bodies can name.

use crate::time_format::TimeFormat;

/// A placeholder in a template: `{event.id}`, `{attempt.timestamp:unix}`, or with a default for a
/// missing value, `{event.version|1.0}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placeholder {
    pub(super) name: PlaceholderName,
    pub(super) default: Option<String>,
}

/// The value that a placeholder names, and the format where it is a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PlaceholderName {
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

/// Where a template is, which decides what it may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Header,
    /// The text that is signed.
    Signed,
    /// The text of one signature.
    SignatureValue,
    /// A string of the body that has other text too.
    BodyText,
    /// A string of the body that is only this placeholder.
    BodyValue,
}

const NAMES: &str = "event.id, event.tenant, event.type, event.version, event.timestamp, \
    event.acceptedAt, event.data, event.metadata, delivery.id, delivery.createdAt, webhook.id, \
    webhook.name, attempt.timestamp, attempt.number, signature, body";

impl Placeholder {
    /// Reads the text between the braces.
    pub(super) fn parse(text: &str, place: Place) -> Result<Self, String> {
        let (named, default) = match text.split_once('|') {
            Some((named, default)) => (named, Some(default)),
            None => (text, None),
        };
        let name = PlaceholderName::parse(named, place)?;
        match (name, default) {
            (_, None) | (PlaceholderName::EventVersion, Some(_)) => {}
            (PlaceholderName::EventMetadata, Some(_)) => {
                return Err(format!("{{{named}}} is JSON and takes no default"));
            }
            _ => return Err(format!("{{{named}}} always has a value and takes no default")),
        }
        if default.is_some_and(str::is_empty) {
            return Err(format!("{{{named}|}} has an empty default"));
        }
        Ok(Self { name, default: default.map(str::to_owned) })
    }

    /// Whether it has no value for some events.
    pub(super) fn may_be_absent(&self) -> bool {
        let optional =
            matches!(self.name, PlaceholderName::EventVersion | PlaceholderName::EventMetadata);
        optional && self.default.is_none()
    }
}

impl PlaceholderName {
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
                return Err(format!("{{{name}}} is not a time and takes no format"));
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
            Err(format!("{{{name}}} is not allowed {}", place.describe()))
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
            // Free text, which must not get into a header. In the body it is signed too.
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
