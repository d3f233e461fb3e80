//! What a contract's templates can name.

use jiff::Timestamp;

/// A name in braces, such as `{event.id}` or `{attempt.timestamp:unix}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placeholder {
    EventId,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimeFormat {
    /// Seconds since 1970.
    Unix,
    /// `2024-01-15T10:30:00Z`
    Rfc3339,
    /// `2024-01-15T10:30:00.000Z`
    Rfc3339Ms,
}

const NAMES: &str = "event.id, event.type, event.version, event.timestamp, event.acceptedAt, \
    event.data, event.metadata, delivery.id, delivery.createdAt, webhook.id, webhook.name, \
    attempt.timestamp, attempt.number, signature, body";

impl Placeholder {
    /// Reads what stands between the braces.
    pub(super) fn parse(text: &str, place: Place) -> Result<Self, String> {
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
            // What may be absent cannot be signed: nobody could tell absent from empty.
            Self::EventVersion => !matches!(place, Place::Signed | Place::SignatureValue),
            // A webhook's name is free text, which a header does not carry.
            Self::WebhookName => matches!(place, Place::BodyText | Place::BodyValue),
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

impl TimeFormat {
    fn parse(name: &str, format: Option<&str>) -> Result<Self, String> {
        match format {
            Some("unix") => Ok(Self::Unix),
            Some("rfc3339") => Ok(Self::Rfc3339),
            Some("rfc3339ms") => Ok(Self::Rfc3339Ms),
            _ => Err(format!("{{{name}}} needs a format: :unix, :rfc3339 or :rfc3339ms")),
        }
    }

    pub(super) fn write(self, time: Timestamp) -> String {
        match self {
            Self::Unix => time.as_second().to_string(),
            Self::Rfc3339 => time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            Self::Rfc3339Ms => time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
        }
    }
}
