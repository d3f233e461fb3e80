//! Instead of an attempt: the delivery waits in the ledger, without a message.

use hooklane_app::batch::Disposition;
use hooklane_app::ports::{Clock as _, DeliveryStore as _, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::{Delivery, ParkReason, State};
use hooklane_domain::isolation::admission::Admission;

use crate::context::Context;
use crate::parking_lot::Room;
use crate::ports::Ports;
use crate::standing;
use crate::task::Job;

/// Parks a delivery; `parked` is what is to be written. If the webhook already has too many parked
/// deliveries and this one has no item yet, it is counted as skipped instead.
///
/// The cause may end while the delivery is being written: a concurrent release then misses it. So the
/// webhook's standing is read again after the write.
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

/// Sends a parked delivery on if nothing holds it after all. One that is not due yet, and one that its
/// tenant wants to be discarded, is left to `upkeep`.
pub(crate) async fn look_again<P: Ports>(
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
    if standing.admission == Admission::Attempt && !standing.health.discards(since) {
        return context.messages.replace(job, parked).await;
    }
    Ok(Disposition::Done)
}

/// Parks a delivery that has just failed and would wait for long, while the brake is on. `None` means
/// that somebody else wrote the delivery meanwhile.
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
