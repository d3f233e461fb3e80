//! The ledger's keys, built here and nowhere else.

use hooklane_domain::Timestamp;
use hooklane_domain::delivery::{FailedAt, Status};
use hooklane_domain::idempotency::IdempotencyKey;
use hooklane_domain::ids::{DeliveryId, EventId, TenantId, WebhookId};
use hooklane_domain::quota::Window;

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

pub(super) const DELIVERY_PREFIX: &str = "DL#";

/// The partition of a webhook's deliveries and attempts.
pub(super) fn webhook(id: WebhookId) -> String {
    format!("WH#{id}")
}

/// A failed attempt: beside its webhook's others in order of time, then the event and the attempt's
/// number, which tell apart what happened in one millisecond.
pub(super) fn attempt(id: &DeliveryId, failed: FailedAt) -> Key {
    let ms = failed.at.as_millisecond().max(0);
    Key { pk: webhook(id.webhook()), sk: format!("AT#{ms:015}#{}#{}", id.event(), failed.number) }
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
