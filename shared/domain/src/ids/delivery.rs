//! The id of a delivery, which is its key in the ledger.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use super::{EventId, InvalidId, WebhookId, canonical_ulid, text_forms};

/// One event on its way to one webhook.
///
/// It is the key of the delivery in the ledger: webhook, acceptance time of the event, event. So a
/// replayed stream record or a duplicate message finds the same delivery, and reading one by its id
/// needs no index. As text: `dlv_` and base64url of a tag byte, 16 bytes of webhook ULID, 6 bytes of
/// milliseconds and the event id (16 bytes where it is `evt_` and a ULID): at most 120 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeliveryId {
    webhook: WebhookId,
    accepted_ms: u64,
    event: EventId,
}

/// Bytes of milliseconds since 1970: 48 bits reach the year 10889, past every [`Timestamp`].
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
    // Each delivery has one spelling: base64 that decodes to the same key is not enough.
    (id.to_string() == text).then_some(id)
}
