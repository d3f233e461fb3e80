//! Deliveries that are not attempted now: they change their lane, wait for their slot, or end.

use hooklane_app::batch::Disposition;
use hooklane_app::ports::{Clock as _, DeliveryStore as _, Unavailable};
use hooklane_domain::delivery::Delivery;
use hooklane_domain::delivery::waiting::Wait;

use crate::context::Context;
use crate::ports::Ports;
use crate::task::Job;

/// Hands the delivery over to a new message in the slow lane.
pub(crate) async fn reroute<P: Ports>(
    context: &Context<P>,
    job: &Job<'_>,
    delivery: Delivery,
) -> Result<Disposition, Unavailable> {
    context.parking.watch(&delivery).await?;
    context.messages.replace(job, delivery).await
}

/// Makes the delivery wait in a queue for the slot that it holds.
pub(crate) async fn defer<P: Ports>(
    context: &Context<P>,
    job: &Job<'_>,
    waiting: Delivery,
) -> Result<Disposition, Unavailable> {
    context.parking.watch(&waiting).await?;
    let until = waiting.slot.unwrap_or_else(|| context.system.now());
    if let Wait::Move { delay_seconds } = context.messages.plan(job, until) {
        match context.messages.send_successor(job, delay_seconds).await {
            Ok(turn) => {
                context.ledger.save(&waiting.slotted(until, turn)).await?;
                return Ok(Disposition::Done);
            }
            // Its slot must not be lost: it is not handed out again.
            Err(error) => error.log("delivery.move_failed"),
        }
    }
    context.ledger.save(&job.noted(waiting)).await?;
    Ok(context.messages.hide_until(job, until).await)
}

/// Writes the end of a delivery that needs no attempt. If another writer changed the delivery in the
/// meantime, the message comes back and decides by that.
pub(crate) async fn end<P: Ports>(
    context: &Context<P>,
    job: &Job<'_>,
    ended: Delivery,
) -> Result<Disposition, Unavailable> {
    match context.ledger.save(&ended).await?.written() {
        Some(ended) => {
            tracing::info!(
                delivery.id = %ended.id,
                delivery.status = ended.status().as_str(),
                "delivery.finished_without_attempt"
            );
            Ok(Disposition::Done)
        }
        None => Ok(context.messages.come_back(job).await),
    }
}
