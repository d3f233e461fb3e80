//! What a tenant asks of one delivery: another attempt, or no more of them.

use futures::lock::Mutex;
use hooklane_domain::delivery::message::{Deliver, Message};
use hooklane_domain::delivery::{CancelReason, Delivery, Status, Turn};
use hooklane_domain::ids::{DeliveryId, TenantId};

use super::find;
use hooklane_domain::Timestamp;
use hooklane_domain::isolation::slots::seconds_until;
use hooklane_domain::time::next_whole_millisecond;

use crate::conflict::{always_overtaken, decide_anew};
use crate::ports::{Clock, DeferQueue, DeliveryStore, Entropy, Unavailable};

/// How often a retry or a cancellation is tried against other writers. A retry sends a message in each try,
/// so there are fewer of them than of other conditional writes.
const TRIES: u32 = 5;

#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    #[error("the tenant has no such delivery")]
    Missing,
    /// It has ended in a way that the request cannot change.
    #[error("the delivery is {}", .0.as_str())]
    Ended(Status),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Makes an attempt at once and restarts the retry policy. A delivery that was delivered is not
/// delivered again.
pub async fn retry(
    deliveries: &impl DeliveryStore,
    queue: &impl DeferQueue,
    system: &(impl Clock + Entropy),
    tenant: &TenantId,
    id: &DeliveryId,
) -> Result<Delivery, RequestError> {
    retry_at(deliveries, queue, system, (tenant, id), system.now()).await
}

/// The same with the attempt at a time, or at once if that is past. It is at most 900 seconds away.
pub async fn retry_at(
    deliveries: &impl DeliveryStore,
    queue: &impl DeferQueue,
    system: &(impl Clock + Entropy),
    (tenant, id): (&TenantId, &DeliveryId),
    slot: Timestamp,
) -> Result<Delivery, RequestError> {
    let sent = Mutex::new(None);
    let retried = decide_anew(TRIES, || async {
        let mut sent = sent.lock().await;
        let retried = try_retry(deliveries, queue, system, (tenant, id), (slot, &mut sent)).await;
        Ok(retried.transpose())
    });
    retried.await?.unwrap_or_else(|| Err(always_overtaken("retrying a delivery").into()))
}

/// One try; `None` if another writer was faster. `sent` is the turn of the message that an earlier
/// try sent, which this one uses rather than send a second message.
async fn try_retry(
    deliveries: &impl DeliveryStore,
    queue: &impl DeferQueue,
    clock: &impl Clock,
    (tenant, id): (&TenantId, &DeliveryId),
    (slot, sent): (Timestamp, &mut Option<Turn>),
) -> Result<Option<Delivery>, RequestError> {
    let current = find(deliveries, tenant, id).await?.ok_or(RequestError::Missing)?;
    if current.status() == Status::Delivered {
        // If an earlier try sent a message, that message has delivered it, as requested.
        let ended = RequestError::Ended(Status::Delivered);
        return sent.as_ref().map(|_| Some(current)).ok_or(ended);
    }
    // The message was received before this write, and has taken over the delivery.
    let is_received = |turn: &Turn| {
        let is_due = current.next_attempt_at().is_none_or(|due| due <= clock.now());
        current.generation == turn.generation && is_due
    };
    if sent.as_ref().is_some_and(is_received) {
        return Ok(Some(current));
    }
    // The message goes first: if the item is then not written, the message takes over the delivery by
    // its generation. A message whose generation was overtaken meanwhile is of no more use.
    let turn = match sent.take().filter(|turn| turn.generation > current.generation) {
        Some(turn) => turn,
        None => send_at(queue, &current, slot, clock.now()).await?,
    };
    let due = next_whole_millisecond(slot).max(clock.now());
    let retried = current.retried(turn.clone(), due);
    *sent = Some(turn);
    Ok(deliveries.save(&retried).await?.written())
}

/// Sends the message that acts next for a delivery, before its item says so.
pub async fn send(queue: &impl DeferQueue, delivery: &Delivery) -> Result<Turn, Unavailable> {
    send_at(queue, delivery, Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH).await
}

/// The same with the message hidden until a time.
pub async fn send_at(
    queue: &impl DeferQueue,
    delivery: &Delivery,
    slot: Timestamp,
    now: Timestamp,
) -> Result<Turn, Unavailable> {
    let generation = delivery.generation.saturating_add(1);
    let message = Message::Deliver(Deliver {
        tenant: delivery.tenant.clone(),
        delivery: delivery.id.clone(),
        event_type: delivery.event_type.clone(),
        generation,
        payload: None,
    });
    let owner = queue.send_later(&message, seconds_until(slot, now)).await?;
    Ok(Turn { generation, owner })
}

/// Makes no further attempt. The delivery's message finds the cancellation when it is next received.
pub async fn cancel(
    deliveries: &impl DeliveryStore,
    system: &(impl Clock + Entropy),
    tenant: &TenantId,
    id: &DeliveryId,
) -> Result<Delivery, RequestError> {
    let once = async || {
        let current = find(deliveries, tenant, id).await?.ok_or(RequestError::Missing)?;
        if current.is_done() {
            return Err(RequestError::Ended(current.status()));
        }
        let cancelled = current.cancelled(system.now(), CancelReason::Requested);
        Ok(deliveries.save(&cancelled).await?.written())
    };
    let cancelled = decide_anew(TRIES, || async { Ok(once().await.transpose()) });
    cancelled.await?.unwrap_or_else(|| Err(always_overtaken("cancelling a delivery").into()))
}
