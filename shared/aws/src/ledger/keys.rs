//! The ledger's keys, built here and nowhere else.

use hooklane_domain::Timestamp;
use hooklane_domain::access::idempotency::IdempotencyKey;
use hooklane_domain::access::quota::Window;
use hooklane_domain::delivery::attempt_log::LogKey;
use hooklane_domain::delivery::period::TimeRange;
use hooklane_domain::delivery::{FailedAt, Status};
use hooklane_domain::ids::{DeliveryId, EventId, TenantId, WebhookId};

use crate::table::{Item, Key, text};

/// The name of the sparse index on what is not delivered.
pub(super) const UNDELIVERED: &str = "undelivered";
/// Its partition key; absent once a delivery has come to a good end.
pub(super) const UNDELIVERED_KEY: &str = "u";

/// An event: its tenant and id, which is its idempotency key; each event is a partition of its own.
pub(super) fn event(tenant: &TenantId, id: &EventId) -> Key {
    Key { pk: format!("{}{id}", events_of(tenant)), sk: EVENT.to_owned() }
}

/// The sort key of every event.
pub(super) const EVENT: &str = "EVENT";

/// A delivery: its webhook, then the event's acceptance so that a list is in order of time, then the
/// event so that two of one millisecond differ. Nothing in it is chance: a replay meets the same item.
pub(super) fn delivery(id: &DeliveryId) -> Key {
    Key {
        pk: webhook(id.webhook()),
        sk: format!("{DELIVERY_PREFIX}{:015}#{}", id.accepted_ms(), id.event()),
    }
}

/// The delivery whose key an item has.
pub(super) fn delivery_of(item: &Item) -> Option<DeliveryId> {
    let webhook = text(item, "pk")?.strip_prefix("WH#")?.parse().ok()?;
    let sk = text(item, "sk")?;
    let (ms, event) = sk.strip_prefix(DELIVERY_PREFIX)?.split_once('#')?;
    let accepted_at = Timestamp::from_millisecond(ms.parse().ok()?).ok()?;
    Some(DeliveryId::new(webhook, accepted_at, event.parse().ok()?))
}

const DELIVERY_PREFIX: &str = "DL#";
const ATTEMPT_PREFIX: &str = "AT#";

/// The sort keys of a webhook's deliveries, or of its attempts, in a span of time: from `low` up to
/// `high`. No item has one of the two: after its time every key goes on with `#`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) low: String,
    pub(super) high: String,
}

impl Span {
    /// Deliveries by their event's acceptance.
    pub(super) fn of_deliveries(range: TimeRange) -> Self {
        Self::of(DELIVERY_PREFIX, range)
    }

    /// Attempts by the time at which they began.
    pub(super) fn of_attempts(range: TimeRange) -> Self {
        Self::of(ATTEMPT_PREFIX, range)
    }

    fn of(prefix: &str, range: TimeRange) -> Self {
        let bound = |time: Timestamp| format!("{prefix}{:015}", time.as_millisecond().max(0));
        Self {
            low: range.since().map_or_else(|| prefix.to_owned(), bound),
            // Greater than every digit.
            high: range.until().map_or_else(|| format!("{prefix}~"), bound),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.low >= self.high
    }
}

/// The partition of a webhook's deliveries and attempts.
pub(super) fn webhook(id: WebhookId) -> String {
    format!("WH#{id}")
}

/// A kept attempt: beside its webhook's others in order of time, then the event and the attempt's
/// number, which tell apart what happened in one millisecond.
pub(super) fn attempt(id: &DeliveryId, failed: FailedAt) -> Key {
    let key = LogKey { at: failed.at, event: id.event().clone(), number: failed.number };
    logged(id.webhook(), &key)
}

/// An attempt by its place in its webhook's log.
pub(super) fn logged(id: WebhookId, key: &LogKey) -> Key {
    let ms = key.at.as_millisecond().max(0);
    Key { pk: webhook(id), sk: format!("{ATTEMPT_PREFIX}{ms:015}#{}#{}", key.event, key.number) }
}

/// The place in its webhook's log of the attempt whose key an item has.
pub(super) fn place_of_attempt(item: &Item) -> Option<LogKey> {
    let sk = text(item, "sk")?;
    let (ms, rest) = sk.strip_prefix(ATTEMPT_PREFIX)?.split_once('#')?;
    let (event, number) = rest.split_once('#')?;
    let at = Timestamp::from_millisecond(ms.parse().ok()?).ok()?;
    Some(LogKey { at, event: event.parse().ok()?, number: number.parse().ok()? })
}

/// The pointer to a parked delivery: in order of when it is due, under its webhook.
pub(super) fn parked(id: &DeliveryId, due: Timestamp) -> Key {
    Key { pk: parking(id.webhook()), sk: format!("{}#{}", parked_at(due), id.event()) }
}

/// The partition of a webhook's pointers.
pub(super) fn parking(webhook: WebhookId) -> String {
    format!("PK#{webhook}")
}

/// How the sort keys of pointers that are due then begin.
pub(super) fn parked_at(due: Timestamp) -> String {
    format!("{:015}", due.as_millisecond().max(0))
}

/// What a webhook's rate limit has handed out.
pub(super) fn slots(webhook: WebhookId) -> Key {
    Key { pk: format!("RL#{webhook}"), sk: "SLOTS".to_owned() }
}

/// How the partition keys of a tenant's events begin. No tenant's id holds a `#`.
pub(super) fn events_of(tenant: &TenantId) -> String {
    format!("EV#{tenant}#")
}

/// The count of a tenant's API requests in one minute.
pub(super) fn quota(tenant: &TenantId, window: Window) -> Key {
    Key { pk: format!("RA#{tenant}"), sk: format!("{:012}", window.number()) }
}

/// What was begun under a client's idempotency key: a key is its tenant's, and no tenant holds a `#`.
pub(super) fn claim(tenant: &TenantId, key: &IdempotencyKey) -> Key {
    Key { pk: format!("IK#{tenant}#{}", key.as_str()), sk: "CLAIM".to_owned() }
}

/// The undelivered of a webhook by status.
pub(super) fn undelivered(webhook: WebhookId, status: Status) -> Option<String> {
    match status {
        Status::Pending | Status::Retrying | Status::Failed => {
            Some(format!("{webhook}#{}", status.as_str()))
        }
        Status::Delivered | Status::Cancelled => None,
    }
}
