//! The delivery item. It fits into one write unit whatever the receiver answered, as long as the ids of
//! tenant and event have at most 40 characters.

use std::collections::BTreeMap;

use hooklane_app::ports::{
    DeliveryFilter, DeliveryPage, DeliveryStore, FiguresOf, Saved, Unavailable,
};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::attempt::{Attempt, LastAttempt};
use hooklane_domain::delivery::failures::DeliveryFailures;
use hooklane_domain::delivery::outcome::{AttemptError, ErrorKind, is_success};
use hooklane_domain::delivery::{
    CancelReason, Delivery, FailReason, FailedAt, MessageId, ParkReason, State,
};
use hooklane_domain::figures::settled::{Listing, Note, listing};
use hooklane_domain::ids::{DeliveryId, EventType, TenantId, WebhookId};
use serde::{Deserialize, Serialize};

use super::attempt::StoredAttempt;
use super::{Ledger, expiry, keys, time};
use crate::failure::{corrupt, unreadable};
use crate::table::{Item, Rewrite, size, string, to_item};

/// A delivery as stored. Its id is in its key.
#[derive(Serialize, Deserialize)]
struct DeliveryItem {
    /// Tenant.
    t: TenantId,
    /// Event type.
    e: EventType,
    s: StoredState,
    /// Generation.
    g: u32,
    /// Number of attempts.
    n: u32,
    /// Retries used.
    r: u8,
    /// Failed attempts: number, milliseconds, number, milliseconds, …
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    f: Vec<i64>,
    /// How often attempts failed, by what failed.
    #[serde(default, skip_serializing_if = "DeliveryFailures::is_empty")]
    k: DeliveryFailures,
    /// How often it waited for a slot.
    #[serde(default, skip_serializing_if = "is_zero")]
    w: u32,
    /// The last attempt, if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    l: Option<StoredLast>,
    /// The attempt that succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    y: Option<StoredAttempt>,
    /// The time of the slot that it holds, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    q: Option<i64>,
    /// How often the owner had been received when it was last written, while the delivery waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    h: Option<u32>,
    /// Revision.
    v: u32,
    #[serde(rename = "expiresAt")]
    expires_at: i64,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// A state. Times are in milliseconds.
#[derive(Serialize, Deserialize)]
enum StoredState {
    #[serde(rename = "w")]
    Waiting(i64, Option<MessageId>),
    #[serde(rename = "p")]
    Parked(i64, ParkReason, #[serde(default)] Option<i64>),
    #[serde(rename = "d")]
    Delivered(i64, ()),
    #[serde(rename = "f")]
    Failed(i64, FailReason),
    #[serde(rename = "c")]
    Cancelled(i64, CancelReason),
}

/// When it began, its duration, status and error.
#[derive(Serialize, Deserialize)]
struct StoredLast(i64, u32, Option<u16>, Option<(ErrorKind, String)>);

/// One write unit, in bytes.
const UNIT: usize = 1024;
/// The number of characters that a delivery keeps of its last error. The attempt keeps all of it.
const MAX_DETAIL: usize = 160;

impl DeliveryStore for Ledger {
    async fn read(&self, ids: &[DeliveryId]) -> Result<Vec<Option<Delivery>>, Unavailable> {
        let keys: Vec<_> = ids.iter().map(keys::delivery).collect();
        let items = self.table.get_all(&keys).await?;
        let read = |item| to_delivery(item).map(|delivery| (delivery.id.clone(), delivery));
        let found = items.into_iter().map(read).collect::<Result<BTreeMap<_, _>, _>>()?;
        Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
    }

    async fn save(&self, delivery: &Delivery) -> Result<Saved, Unavailable> {
        let written = Delivery {
            revision: delivery.revision + 1,
            expires_at: Some(expiry(self.retention.expires_at(delivery.id.accepted_at()))?),
            ..delivery.clone()
        };
        let now = self.clock.now();
        // Before the delivery: who looks at its figures afterwards sees the note.
        if let Some(note) = Note::of(delivery, now) {
            let of = FiguresOf::Webhook(delivery.id.webhook());
            self.note_change(&of, note, now).await?;
        }
        let listing = listing(delivery, now);
        let item = self.delivery_item(&written, listing)?;
        let over = |item| {
            let rewrite = Rewrite::of::<DeliveryItem>(item);
            let rewrite = match listing {
                Listing::AsItIs => rewrite,
                Listing::In(_) | Listing::None => rewrite.knows(keys::UNDELIVERED_KEY),
            };
            rewrite.over("v", delivery.revision)
        };
        let saved = match &delivery.state {
            State::Parked { due, .. } => {
                // In one transaction, so that every parked delivery has a pointer to it.
                let pointer = self.pointer_write(delivery, *due)?;
                self.table.transact(vec![over(item), pointer]).await?
            }
            _ if delivery.revision == 0 => self.table.put_new(item).await?,
            _ => self.table.write(over(item)).await?,
        };
        // If an answer is lost the call is repeated, and meets its own write: who gets a conflict reads what
        // is there.
        Ok(if saved { Saved::Yes(Box::new(written)) } else { Saved::Conflict })
    }

    async fn keep_attempt(
        &self,
        delivery: &Delivery,
        attempt: &Attempt,
    ) -> Result<(), Unavailable> {
        self.put_attempt(delivery, attempt).await
    }

    async fn attempts(&self, delivery: &Delivery) -> Result<Vec<Attempt>, Unavailable> {
        self.read_attempts(delivery).await
    }

    async fn list(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        filter: &DeliveryFilter,
    ) -> Result<DeliveryPage, Unavailable> {
        self.page(tenant, webhook, filter).await
    }
}

impl Ledger {
    fn delivery_item(&self, delivery: &Delivery, listing: Listing) -> Result<Item, Unavailable> {
        let mut stored = DeliveryItem {
            t: delivery.tenant.clone(),
            e: delivery.event_type.clone(),
            s: StoredState::new(&delivery.state),
            g: delivery.generation,
            n: delivery.attempts,
            r: delivery.retries,
            f: delivery
                .failed_at
                .iter()
                .flat_map(|f| [i64::from(f.number), f.at.as_millisecond()])
                .collect(),
            k: delivery.failures.clone(),
            w: delivery.slot_waits,
            l: delivery
                .last
                .as_ref()
                .filter(|l| !l.status.is_some_and(is_success))
                .map(StoredLast::new),
            y: delivery.success.as_ref().map(StoredAttempt::new),
            q: delivery.slot.map(Timestamp::as_millisecond),
            h: delivery.receives.filter(|_| delivery.next_attempt_at().is_some()),
            v: delivery.revision,
            expires_at: self.retention.expires_at(delivery.id.accepted_at()),
        };
        let key = keys::delivery(&delivery.id);
        let listed = |mut item: Item| {
            if let Listing::In(list) = listing {
                let u = keys::listed(delivery.id.webhook(), list);
                item.insert(keys::UNDELIVERED_KEY.to_owned(), string(u));
            }
            item
        };
        let item = listed(to_item(&key, &stored)?);
        let over = size(&item).saturating_sub(UNIT);
        match &mut stored.y {
            Some(success) if over > 0 => {
                success.shed(over);
                to_item(&key, &stored).map(listed)
            }
            _ => Ok(item),
        }
    }
}

pub(super) fn to_delivery(item: Item) -> Result<Delivery, Unavailable> {
    let tenant = item.get("t").and_then(|t| t.as_s().ok()).and_then(|t| t.parse().ok());
    read_delivery(item).map_err(|error| error.of(tenant))
}

fn read_delivery(item: Item) -> Result<Delivery, Unavailable> {
    let id = keys::delivery_of(&item)
        .ok_or_else(|| corrupt("a delivery", "its key is not that of a delivery"))?;
    let item: DeliveryItem = serde_dynamo::from_item(item)
        .map_err(|e| unreadable(format!("the stored delivery {id}"), &e))?;
    let success = item.y.map(StoredAttempt::read).transpose()?;
    let failed_at = item
        .f
        .chunks_exact(2)
        .map(|pair| {
            let number = u32::try_from(pair[0]).map_err(|e| corrupt("a delivery", e))?;
            Ok(FailedAt { number, at: time(pair[1])? })
        })
        .collect::<Result<_, Unavailable>>()?;
    let last = match (item.l, &success) {
        (Some(last), _) => Some(last.read()?),
        (None, success) => success.as_ref().map(Attempt::summary),
    };
    Ok(Delivery {
        id,
        tenant: item.t,
        event_type: item.e,
        state: item.s.read()?,
        generation: item.g,
        attempts: item.n,
        retries: item.r,
        failed_at,
        failures: item.k,
        slot_waits: item.w,
        last,
        success,
        slot: item.q.map(time).transpose()?,
        receives: item.h,
        expires_at: Some(expiry(item.expires_at)?),
        revision: item.v,
    })
}

impl StoredState {
    fn new(state: &State) -> Self {
        match state {
            State::Waiting { next_attempt_at, owner } => {
                Self::Waiting(next_attempt_at.as_millisecond(), owner.clone())
            }
            State::Parked { since, due, reason } => {
                Self::Parked(since.as_millisecond(), *reason, Some(due.as_millisecond()))
            }
            State::Delivered { at } => Self::Delivered(at.as_millisecond(), ()),
            State::Failed { at, reason } => Self::Failed(at.as_millisecond(), *reason),
            State::Cancelled { at, reason } => Self::Cancelled(at.as_millisecond(), *reason),
        }
    }

    fn read(self) -> Result<State, Unavailable> {
        Ok(match self {
            Self::Waiting(ms, owner) => State::Waiting { next_attempt_at: time(ms)?, owner },
            Self::Parked(ms, reason, due) => {
                State::Parked { since: time(ms)?, due: time(due.unwrap_or(ms))?, reason }
            }
            Self::Delivered(ms, ()) => State::Delivered { at: time(ms)? },
            Self::Failed(ms, reason) => State::Failed { at: time(ms)?, reason },
            Self::Cancelled(ms, reason) => State::Cancelled { at: time(ms)?, reason },
        })
    }
}

impl StoredLast {
    fn new(last: &LastAttempt) -> Self {
        let error = last
            .error
            .as_ref()
            .map(|e| (e.kind, e.detail.chars().take(MAX_DETAIL).collect::<String>()));
        Self(last.at.as_millisecond(), last.duration_ms, last.status, error)
    }

    fn read(self) -> Result<LastAttempt, Unavailable> {
        let error = self.3.map(|(kind, detail)| AttemptError { kind, detail });
        Ok(LastAttempt { at: time(self.0)?, duration_ms: self.1, status: self.2, error })
    }
}

#[cfg(test)]
mod tests;
