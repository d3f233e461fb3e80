//! Parking: the delivery waits in the ledger, without a message, instead of being attempted.

use hooklane_app::batch::Disposition;
use hooklane_app::ports::{Clock as _, DeliveryStore as _, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::{Delivery, ParkReason, State};
use hooklane_domain::isolation::admission::Admission;

use crate::context::Context;
use crate::parking_lot::Room;
use crate::ports::Ports;
use crate::standing::{self, Standing};
use crate::task::Job;

/// Parks a delivery; `parked` is the delivery as it must be written. If its webhook has too many parked
/// deliveries, a delivery that has no item yet is skipped and counted instead.
///
/// The reason for parking may end just before the write, so that a release does not find this delivery.
/// Therefore the webhook's state is read again after the write.
pub(crate) async fn park<P: Ports>(
    context: &Context<P>,
    job: &Job<'_>,
    parked: Delivery,
) -> Result<Disposition, Unavailable> {
    let room = context.parking.announce(&parked).await?;
    if room == Room::Full && parked.revision == 0 {
        context.parking.withdraw(parked.id.webhook());
        context.parking.skip(&parked).await?;
        return Ok(Disposition::Done);
    }
    match save(context, &parked).await? {
        Some(parked) => look_again(context, job, parked).await,
        None => Ok(context.messages.come_back(job).await),
    }
}

/// A message has come for a parked delivery. If there is no longer a reason to park it, a new message replaces
/// this one. Otherwise it is parked once more: whoever sent the message may have removed the pointer, as
/// `upkeep` does for an item that it cannot read. Its pointer is a new one, because the old one may still be
/// about to be removed.
pub(crate) async fn park_again<P: Ports>(
    context: &Context<P>,
    job: &Job<'_>,
    parked: Delivery,
) -> Result<Disposition, Unavailable> {
    let now = context.system.now();
    let (since, reason) = match parked.state {
        State::Parked { since, due, reason } if due <= now => (since, reason),
        _ => return Ok(Disposition::Done),
    };
    let standing = standing::fresh(context, &parked).await?;
    if standing.as_ref().is_some_and(|standing| may_go(standing, since)) {
        return context.messages.replace(job, parked).await;
    }
    let reason = match standing.map(|standing| standing.admission) {
        Some(Admission::Park(reason)) => reason,
        _ => reason,
    };
    context.parking.announce(&parked).await?;
    match save(context, &parked.parked_until(since, now, reason)).await? {
        Some(parked) => look_again(context, job, parked).await,
        None => Ok(context.messages.come_back(job).await),
    }
}

/// Whether nothing holds a delivery that was parked then.
fn may_go(standing: &Standing, since: Timestamp) -> bool {
    standing.admission == Admission::Attempt && !standing.health.discards(since)
}

/// Sends a new message for a delivery that was just parked if there is no longer a reason to park it. `upkeep`
/// handles deliveries that are not due yet, and those that the tenant wants discarded.
async fn look_again<P: Ports>(
    context: &Context<P>,
    job: &Job<'_>,
    parked: Delivery,
) -> Result<Disposition, Unavailable> {
    let State::Parked { since, due, .. } = parked.state else { return Ok(Disposition::Done) };
    if due > context.system.now() {
        return Ok(Disposition::Done);
    }
    let Some(standing) = standing::fresh(context, &parked).await? else {
        return Ok(Disposition::Done);
    };
    if may_go(&standing, since) {
        return context.messages.replace(job, parked).await;
    }
    Ok(Disposition::Done)
}

/// Parks a delivery whose attempt has just failed and whose next one is far away, while the brake is on.
/// Returns `None` if another writer changed the delivery in the meantime.
pub(crate) async fn park_for_backlog<P: Ports>(
    context: &Context<P>,
    waiting: Delivery,
    until: Timestamp,
) -> Result<Option<Delivery>, Unavailable> {
    context.parking.announce(&waiting).await?;
    let now = context.system.now();
    save(context, &waiting.parked_until(now, until, ParkReason::Backlog)).await
}

async fn save<P: Ports>(
    context: &Context<P>,
    parked: &Delivery,
) -> Result<Option<Delivery>, Unavailable> {
    let written = context.ledger.save(parked).await?.written();
    match &written {
        Some(Delivery { id, state: State::Parked { reason, .. }, .. }) => {
            tracing::info!(delivery.id = %id, ?reason, "delivery.parked");
        }
        Some(_) => {}
        None => context.parking.withdraw(parked.id.webhook()),
    }
    Ok(written)
}
