//! Identifiers and names. Each is parsed once, where it enters Hooklane; a value of these types is
//! always well formed.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

mod delivery;

pub use delivery::DeliveryId;

/// Why a text is not an identifier; the message may be shown to the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidId(&'static str);

/// Converts a type that has `FromStr` and `Display` from and to a `String`, for serde.
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
pub(crate) use text_forms;

/// A newtype of a text: any that `$is_valid` takes, else `$message` says what was expected.
macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $is_valid:expr, $message:literal) => {
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
                let is_valid: fn(&str) -> bool = $is_valid;
                if is_valid(text) { Ok(Self(text.to_owned())) } else { Err(InvalidId($message)) }
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

const MAX_KEY_BYTES: usize = 64;
const MAX_EVENT_TYPE_BYTES: usize = 255;
const MAX_EXTERNAL_BYTES: usize = 128;

fn is_key(text: &str) -> bool {
    text.len() <= MAX_KEY_BYTES && is_word(text)
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// What a segment of a path holds without escapes (RFC 3986 §3.3), without the characters that some clients
/// escape or reserve.
fn is_external(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"-._~:".contains(&b);
    (1..=MAX_EXTERNAL_BYTES).contains(&text.len()) && text.bytes().all(fits)
}

fn is_file_stem(text: &str) -> bool {
    (1..=MAX_KEY_BYTES).contains(&text.len())
        && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

text! {
    /// A customer of the platform: `[A-Za-z0-9_-]{1,64}`.
    TenantId, is_key, "must be 1 to 64 of the characters A-Z a-z 0-9 _ -"
}

text! {
    /// An event's id, unique within its tenant and its idempotency key: `[A-Za-z0-9_-]{1,64}`.
    EventId, is_key, "must be 1 to 64 of the characters A-Z a-z 0-9 _ -"
}

text! {
    /// An event type: words of `[A-Za-z0-9_-]` joined by dots, at most 255 characters.
    EventType,
    |text| text.len() <= MAX_EVENT_TYPE_BYTES && text.split('.').all(is_word),
    "must be dot-separated names of A-Z a-z 0-9 _ -, at most 255 characters"
}

text! {
    /// A tenant's own id of a webhook, unique for the tenant: `[A-Za-z0-9._~:-]{1,128}`.
    ExternalId, is_external, "must be 1 to 128 of the characters A-Z a-z 0-9 - . _ ~ :"
}

text! {
    /// A contract's name, that of its file: `[a-z0-9-]{1,64}`.
    ContractName, is_file_stem, "must be a contract's name"
}

text! {
    /// An event catalog's name, that of its file: `[a-z0-9-]{1,64}`.
    CatalogName, is_file_stem, "must be a catalog's name"
}

/// The tenant of the canary (`hooklane_domain::canary`).
const CANARY_TENANT: &str = "hooklane-canary";

impl TenantId {
    /// The tenant of the canary.
    #[must_use]
    pub fn canary() -> Self {
        Self(CANARY_TENANT.to_owned())
    }

    /// Whether this is the tenant of the canary. No client and no producer may name it.
    #[must_use]
    pub fn is_canary(&self) -> bool {
        self.0 == CANARY_TENANT
    }
}

/// The id of a tenant that a client or a producer names: not Hooklane's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientsTenant(pub TenantId);

impl FromStr for ClientsTenant {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let id: TenantId = text.parse()?;
        if id.is_canary() {
            return Err(InvalidId("is reserved for Hooklane itself: choose another id"));
        }
        Ok(Self(id))
    }
}

/// How the id of a canary begins.
const CANARY: &str = "canary_";

/// How the ids begin that Hooklane derives from something else.
const DERIVED: [&str; 3] = ["op_", "msg_", "key_"];

impl EventId {
    /// A new id: `evt_` and a ULID of the acceptance time.
    #[must_use]
    pub fn new(accepted_at: Timestamp, random: u128) -> Self {
        Self(format!("evt_{}", ulid_at(accepted_at, random)))
    }

    /// Whether Hooklane derives ids of this form itself: from a message, from an idempotency key, or from
    /// what an operational event reports. A producer that could choose one would take it from the event
    /// that is still to come.
    #[must_use]
    pub fn is_derived(&self) -> bool {
        DERIVED.iter().any(|prefix| self.0.starts_with(prefix))
    }

    /// The id of a canary: `canary_` and a ULID of its sending.
    pub(crate) fn of_canary(sent_at: Timestamp, random: u128) -> Self {
        Self(format!("{CANARY}{}", ulid_at(sent_at, random)))
    }

    /// Whether it is the id of a canary. Such an event belongs to the canary's tenant.
    pub(crate) fn is_canary(&self) -> bool {
        self.0.strip_prefix(CANARY).and_then(canonical_ulid).is_some()
    }

    /// The id of an operational event, made from a digest of what it reports.
    pub(crate) fn of_report(digest: [u8; 32]) -> Self {
        Self(format!("op_{}", &hex::encode(digest)[..40]))
    }

    /// The id of an event that came through the event queue without one. It derives from the SQS
    /// `messageId`, so that a redelivered message is the same event.
    pub fn from_message_id(message_id: &str) -> Result<Self, InvalidId> {
        format!("msg_{message_id}").parse()
    }

    /// The id of an event that is identified by a digest, such as that of its idempotency key.
    pub(crate) fn from_digest(digest: [u8; 32]) -> Self {
        Self(format!("key_{}", URL_SAFE_NO_PAD.encode(digest)))
    }
}

/// An id of a prefix and a ULID, which begins with the time of creation.
macro_rules! ulid {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $message:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Ulid);

        impl $name {
            #[must_use]
            pub fn new(created_at: Timestamp, random: u128) -> Self {
                Self(ulid_at(created_at, random))
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let ulid = text.strip_prefix($prefix).and_then(canonical_ulid);
                ulid.map(Self).ok_or(InvalidId($message))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }
        text_forms!($name);
    };
}

ulid! {
    /// A webhook: `wh_` and a ULID.
    WebhookId, "wh_", "must be a webhook id: wh_ and 26 characters"
}

ulid! {
    /// A key of a tenant: `key_` and a ULID.
    KeyId, "key_", "must be a key's id: key_ and 26 characters"
}

fn ulid_at(at: Timestamp, random: u128) -> Ulid {
    Ulid::from_parts(u64::try_from(at.as_millisecond()).unwrap_or(0), random)
}

/// A ULID in its canonical spelling. The crate itself also reads lower case and similar-looking
/// letters.
fn canonical_ulid(text: &str) -> Option<Ulid> {
    Ulid::from_string(text).ok().filter(|ulid| ulid.to_string() == text)
}

#[cfg(test)]
mod tests;
