//! Idempotency keys: a request that a client sends twice with one `Idempotency-Key` counts once.

use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::event::Fingerprint;
use crate::ids::{EventId, WebhookId};
use crate::time::later;

/// A client's key of one request: 1 to 255 visible ASCII characters and spaces, unique within the
/// tenant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyKey(String);

/// The text is not an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {MAX_KEY_BYTES} visible ASCII characters")]
pub struct InvalidKey;

const MAX_KEY_BYTES: usize = 255;

impl IdempotencyKey {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id of an event that was sent without one under this key: the same each time. `place` is its
    /// index in a batch, whose events share the key.
    #[must_use]
    pub fn event_id(&self, place: Option<usize>) -> EventId {
        let mut hash = Sha256::new();
        hash.update(&self.0);
        // No key contains a 0 byte, so different keys and places never hash the same bytes.
        if let Some(place) = place {
            hash.update([0]);
            hash.update(place.to_string());
        }
        EventId::from_digest(hash.finalize().into())
    }
}

impl FromStr for IdempotencyKey {
    type Err = InvalidKey;
    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let text = text.trim();
        let fits = (1..=MAX_KEY_BYTES).contains(&text.len())
            && text.bytes().all(|b| (b' '..=b'~').contains(&b));
        fits.then(|| Self(text.to_owned())).ok_or(InvalidKey)
    }
}

/// The idempotency record of a request that creates a webhook. It is written before the webhook, so
/// that a repeated request creates the same one, even if the first was interrupted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyRecord {
    /// The id of the webhook that is created under the key.
    pub webhook: WebhookId,
    /// The fingerprint of the request's body.
    pub fingerprint: Fingerprint,
    pub at: Timestamp,
    /// Whether the webhook was created. If it was and does not exist, it was deleted later.
    pub fulfilled: bool,
}

/// How long an idempotency key counts.
pub const LIFETIME: Duration = Duration::from_secs(24 * 3600);

impl IdempotencyRecord {
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        later(self.at, LIFETIME)
    }

    /// Whether it still counts at `now`.
    #[must_use]
    pub fn holds_at(&self, now: Timestamp) -> bool {
        now < self.expires_at()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_key_has_1_to_255_visible_characters() {
        for good in ["a", " a ", "8e03978e-40d5-43e8-bc93-6894a57f9324", "a b", &"x".repeat(255)] {
            assert!(good.parse::<IdempotencyKey>().is_ok(), "{good}");
        }
        for bad in ["", " ", "a\nb", "ä", &"x".repeat(256)] {
            assert_eq!(bad.parse::<IdempotencyKey>(), Err(InvalidKey), "{bad}");
        }
    }

    #[test]
    fn event_ids_derive_from_key_and_place() {
        let key = |text: &str| text.parse::<IdempotencyKey>().unwrap();
        let ids = [
            key("a").event_id(None),
            key("a").event_id(Some(0)),
            key("a").event_id(Some(1)),
            key("a0").event_id(None),
            key("a1").event_id(Some(1)),
            key("a").event_id(Some(11)),
        ];
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
        assert_eq!(key("a").event_id(Some(1)), ids[2]);
        assert!(ids[0].as_str().parse::<EventId>().is_ok(), "{}", ids[0]);
    }

    #[test]
    fn a_record_counts_for_a_day() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let fingerprint = Fingerprint::of("{}");
        let record = IdempotencyRecord {
            webhook: WebhookId::new(at(0), 1),
            fingerprint,
            at: at(0),
            fulfilled: false,
        };
        assert!(record.holds_at(at(86_399)) && !record.holds_at(at(86_400)));
    }
}
