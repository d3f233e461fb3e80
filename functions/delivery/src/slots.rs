//! Slots under a webhook's rate limit. Waiting for one spends no attempt.

use hooklane_app::ports::{Clock as _, SlotStore as _, Unavailable};
use hooklane_domain::delivery::{Delivery, ParkReason};
use hooklane_domain::isolation::slots::MAX_QUEUED_WAIT;
use hooklane_domain::webhook::limits::RateLimit;

use crate::context::Context;
use crate::ports::Ports;
use crate::task::Job;

/// When the slot of a delivery comes. The deliveries that wait are as they are to be written.
pub(crate) enum Slot {
    /// It has come.
    Here(Delivery),
    /// It is waited for in a queue.
    Soon(Delivery),
    /// It is waited for in the ledger.
    Far(Delivery),
}

/// The slot that the delivery already holds, or else the next one.
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
