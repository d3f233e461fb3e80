//! An event: something that happened in the platform, published for one tenant.

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::ids::{EventId, EventType, TenantId};
use crate::json::RawJson;

pub(crate) mod read;
mod value;

pub use read::{DefaultTenant, NewEvent, from_body, from_envelope_or_body};
pub use value::{NoSearchKey, SearchKey, ValueDigest};

/// The longest body of an event: 256 KiB of JSON as published.
pub const MAX_EVENT_BYTES: usize = 256 * 1024;

/// The types of operational events. Only Hooklane publishes them, and no wildcard matches them.
pub const OPERATIONAL: [&str; 5] = [
    "webhook.failing",
    "webhook.disabling",
    "webhook.disabled",
    "webhook.recovered",
    "delivery.exhausted",
];

/// An accepted event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub id: EventId,
    pub tenant: TenantId,
    pub content: Content,
    /// When Hooklane accepted it, in whole milliseconds.
    pub accepted_at: Timestamp,
    /// What its tenant can search it by: the value of the metadata's key that the tenant had chosen at the
    /// acceptance.
    pub value: Option<ValueDigest>,
}

/// What the producer sent. Two publications of one id must agree on all of it.
///
/// Stored and sent as is: renaming a field needs a migration.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Content {
    #[serde(rename = "type")]
    pub event_type: EventType,
    pub data: RawJson,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<RawJson>,
    /// When it happened. Where the producer does not say, it counts as happened on acceptance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// A test event reaches webhooks in test mode only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub test: bool,
}

/// Tells whether two publications of one event id, or two bodies under one idempotency key, are the
/// same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    /// The fingerprint of a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self::first_half(Sha256::digest(text).into())
    }

    fn first_half(digest: [u8; 32]) -> Self {
        let mut first = [0; 16];
        first.copy_from_slice(&digest[..16]);
        Self(first)
    }

    #[must_use]
    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }

    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        hex::decode(text).ok()?.try_into().ok().map(Self)
    }
}

impl Content {
    /// The first half of a SHA-256 over all parts, each preceded by its length.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let timestamp = self.timestamp.map(|t| t.to_string());
        let parts = [
            Some(self.event_type.as_str()),
            Some(self.data.as_str()),
            self.metadata.as_ref().map(RawJson::as_str),
            timestamp.as_deref(),
            self.version.as_deref(),
            self.test.then_some("test"),
        ];
        let mut hash = Sha256::new();
        for part in parts {
            let length = part.map_or(u64::MAX, |p| p.len() as u64);
            hash.update(length.to_be_bytes());
            hash.update(part.unwrap_or_default());
        }
        Fingerprint::first_half(hash.finalize().into())
    }

    /// When the event happened; its acceptance where the producer did not say.
    #[must_use]
    pub fn happened_at(&self, accepted_at: Timestamp) -> Timestamp {
        self.timestamp.unwrap_or(accepted_at)
    }
}
