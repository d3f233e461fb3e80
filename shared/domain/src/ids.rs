//! Identifiers. Each is parsed once, at the door, and cannot be made wrong afterwards.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

mod names;

pub use names::{CatalogName, ContractName};

/// Why a text is not an identifier; the message is fit to be shown to the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidId(&'static str);

/// Implements the text forms of a newtype that has `FromStr` and `Display`.
macro_rules! text_forms {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.to_string()
            }
        }
    };
}

const KEY_MAX: usize = 64;

fn is_key(text: &str) -> bool {
    (1..=KEY_MAX).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// A newtype of a key's text.
macro_rules! key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                if is_key(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidId("must be 1 to 64 of the characters A-Z a-z 0-9 _ -"))
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        text_forms!($name);
    };
}

key! {
    /// A customer of the platform: `[A-Za-z0-9_-]{1,64}`.
    TenantId
}

key! {
    /// An event's id, unique within its tenant and its idempotency key: `[A-Za-z0-9_-]{1,64}`.
    EventId
}

impl EventId {
    /// A new id, `evt_` and a ULID of the acceptance time.
    #[must_use]
    pub fn new(accepted_at: Timestamp, random: u128) -> Self {
        Self(format!("evt_{}", ulid_at(accepted_at, random)))
    }

    /// The id of an event that came without one on the event queue. It follows from the SQS
    /// `messageId`, so that a redelivered message is no second event.
    pub fn from_message_id(message_id: &str) -> Result<Self, InvalidId> {
        format!("msg_{message_id}").parse()
    }

    /// The id of an event that is known by a digest of something, such as its producer's key.
    pub(crate) fn from_digest(digest: [u8; 32]) -> Self {
        Self(format!("key_{}", URL_SAFE_NO_PAD.encode(digest)))
    }
}

/// An event type: words of `[A-Za-z0-9_-]` joined by dots, at most 255 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EventType(String);

impl EventType {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EventType {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let word = |w: &str| {
            !w.is_empty() && w.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        };
        if text.len() <= 255 && text.split('.').all(word) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidId(
                "must be words of A-Z a-z 0-9 _ - joined by dots, at most 255 characters",
            ))
        }
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
text_forms!(EventType);

/// A webhook: `wh_` and a ULID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WebhookId(Ulid);

impl WebhookId {
    #[must_use]
    pub fn new(created_at: Timestamp, random: u128) -> Self {
        Self(ulid_at(created_at, random))
    }
}

impl FromStr for WebhookId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        text.strip_prefix("wh_")
            .and_then(canonical_ulid)
            .map(Self)
            .ok_or(InvalidId("must be a webhook id: wh_ and 26 characters"))
    }
}

impl fmt::Display for WebhookId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wh_{}", self.0)
    }
}
text_forms!(WebhookId);

/// One event on its way to one webhook.
///
/// It *is* the key of the delivery in the ledger: webhook, acceptance time of the event, event. So a
/// replayed stream record or a duplicate message meets the same delivery, and reading one by its id
/// needs no index. As text: `dlv_` and base64url of a tag byte, 16 bytes of webhook ULID, 6 bytes of
/// milliseconds and the event id (16 bytes where it is `evt_` and a ULID): at most 120 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeliveryId {
    webhook: WebhookId,
    accepted_ms: u64,
    event: EventId,
}

/// 48 bits of milliseconds since 1970 reach the year 10889, past every [`Timestamp`].
const MS_BYTES: usize = 6;
const TAG_TEXT: u8 = 0;
const TAG_ULID: u8 = 1;

impl DeliveryId {
    /// `accepted_at` counts in whole milliseconds; times before 1970 count as 1970.
    #[must_use]
    pub fn new(webhook: WebhookId, accepted_at: Timestamp, event: EventId) -> Self {
        let accepted_ms = u64::try_from(accepted_at.as_millisecond()).unwrap_or(0);
        Self { webhook, accepted_ms, event }
    }

    #[must_use]
    pub fn webhook(&self) -> WebhookId {
        self.webhook
    }

    #[must_use]
    pub fn event(&self) -> &EventId {
        &self.event
    }

    #[must_use]
    pub fn accepted_at(&self) -> Timestamp {
        i64::try_from(self.accepted_ms)
            .ok()
            .and_then(|ms| Timestamp::from_millisecond(ms).ok())
            .unwrap_or(Timestamp::MAX)
    }

    #[must_use]
    pub fn accepted_ms(&self) -> u64 {
        self.accepted_ms
    }
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ulid = self.event.as_str().strip_prefix("evt_").and_then(canonical_ulid);
        let mut bytes = vec![if ulid.is_some() { TAG_ULID } else { TAG_TEXT }];
        bytes.extend_from_slice(&self.webhook.0.to_bytes());
        bytes.extend_from_slice(&self.accepted_ms.to_be_bytes()[8 - MS_BYTES..]);
        match ulid {
            Some(ulid) => bytes.extend_from_slice(&ulid.to_bytes()),
            None => bytes.extend_from_slice(self.event.as_str().as_bytes()),
        }
        write!(f, "dlv_{}", URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for DeliveryId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        parse_delivery(text)
            .ok_or(InvalidId("must be a delivery id: dlv_ and up to 116 characters"))
    }
}
text_forms!(DeliveryId);

fn parse_delivery(text: &str) -> Option<DeliveryId> {
    let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix("dlv_")?).ok()?;
    let (&tag, rest) = bytes.split_first()?;
    let (webhook, rest) = rest.split_first_chunk::<16>()?;
    let (ms, event) = rest.split_first_chunk::<MS_BYTES>()?;
    let mut wide = [0; 8];
    wide[8 - MS_BYTES..].copy_from_slice(ms);
    let event = match tag {
        TAG_ULID => format!("evt_{}", Ulid::from_bytes(event.try_into().ok()?)),
        TAG_TEXT => String::from_utf8(event.to_vec()).ok()?,
        _ => return None,
    };
    let id = DeliveryId {
        webhook: WebhookId(Ulid::from_bytes(*webhook)),
        accepted_ms: u64::from_be_bytes(wide),
        event: event.parse().ok()?,
    };
    // One delivery, one text: another spelling of the same key is no id.
    (id.to_string() == text).then_some(id)
}

fn ulid_at(at: Timestamp, random: u128) -> Ulid {
    Ulid::from_parts(u64::try_from(at.as_millisecond()).unwrap_or(0), random)
}

/// A ULID in its one canonical spelling; the crate also reads lower case and look-alikes.
fn canonical_ulid(text: &str) -> Option<Ulid> {
    Ulid::from_string(text).ok().filter(|ulid| ulid.to_string() == text)
}

#[cfg(test)]
mod tests;
