//! Requests that a client may send twice and that count once (`Idempotency-Key`).

use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::event::Fingerprint;
use crate::ids::{EventId, WebhookId};
use crate::time::later;

/// A client's key for one request: 1 to 255 visible ASCII characters and spaces, unique within its
/// tenant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyKey(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {MAX_KEY} visible ASCII characters")]
pub struct InvalidKey;

const MAX_KEY: usize = 255;

impl IdempotencyKey {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id of an event that came without one under this key: the same each time. `place` is where
    /// it stands in a batch, whose events share one key.
    #[must_use]
    pub fn event_id(&self, place: Option<usize>) -> EventId {
        let mut hash = Sha256::new();
        hash.update(&self.0);
        // No key holds a 0, so no key and place read like another.
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
        let fits =
            (1..=MAX_KEY).contains(&text.len()) && text.bytes().all(|b| (b' '..=b'~').contains(&b));
        fits.then(|| Self(text.to_owned())).ok_or(InvalidKey)
    }
}

/// What a request with a key makes. It is written before the webhook, so that whoever comes with the
/// same key afterwards makes the same one, even if the first request died on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyRecord {
    /// The id of the webhook that is made under the key.
    pub webhook: WebhookId,
    /// Of the request's body.
    pub fingerprint: Fingerprint,
    pub at: Timestamp,
    /// Whether the webhook was made. One that was made and is not there was deleted since.
    pub fulfilled: bool,
}

/// A key is remembered this long.
const LIFETIME: Duration = Duration::from_secs(24 * 3600);

impl IdempotencyRecord {
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        later(self.at, LIFETIME)
    }

    /// Whether it still counts.
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
    fn keys() {
        for good in ["a", " a ", "8e03978e-40d5-43e8-bc93-6894a57f9324", "a b", &"x".repeat(255)] {
            assert!(good.parse::<IdempotencyKey>().is_ok(), "{good}");
        }
        for bad in ["", " ", "a\nb", "ä", &"x".repeat(256)] {
            assert_eq!(bad.parse::<IdempotencyKey>(), Err(InvalidKey), "{bad}");
        }
    }

    #[test]
    fn ids_follow_from_key_and_place() {
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
    fn a_claim_holds_for_a_day() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let fingerprint = Fingerprint::of("{}");
        let claim = IdempotencyRecord {
            webhook: WebhookId::new(at(0), 1),
            fingerprint,
            at: at(0),
            fulfilled: false,
        };
        assert!(claim.holds_at(at(86_399)) && !claim.holds_at(at(86_400)));
    }
}
