//! Slots under a webhook's rate limit. Waiting for a slot does not count as an attempt.

use hooklane_app::ports::{Clock as _, SlotStore as _, Unavailable};
use hooklane_domain::delivery::{Delivery, ParkReason};
use hooklane_domain::isolation::slots::MAX_QUEUED_WAIT;
use hooklane_domain::webhook::limits::RateLimit;

use crate::context::Context;
use crate::ports::Ports;
use crate::task::Job;

/// When the slot of a delivery comes, with the delivery. One that waits must be written as it is here.
pub(crate) enum Slot {
    /// The slot has come.
    Here(Delivery),
    /// The delivery waits for it in a queue.
    Soon(Delivery),
    /// The delivery waits for it in the ledger.
    Far(Delivery),
}

/// Takes the next slot, unless the delivery already holds one.
pub(crate) async fn take<P: Ports>(
    context: &Context<P>,
    job: &Job<'_>,
    delivery: Delivery,
    limit: RateLimit,
) -> Result<Slot, Unavailable> {
    let now = context.system.now();
    let slot = match delivery.slot {
        Some(slot) => slot,
        None => context.ledger.take_slot(delivery.id.webhook(), limit, now).await?,
    };
    if slot <= now {
        return Ok(Slot::Here(delivery));
    }
    let waiting = delivery.slotted(slot, job.turn());
    let until = waiting.slot.unwrap_or(slot);
    if until.duration_since(now).unsigned_abs() > MAX_QUEUED_WAIT {
        return Ok(Slot::Far(waiting.parked_until(now, until, ParkReason::RateLimit)));
    }
    Ok(Slot::Soon(waiting))
}
