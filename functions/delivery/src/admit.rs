//! Second stage: whether a delivery that is due is attempted now, and with what.

use std::sync::Arc;

use hooklane_app::payload;
use hooklane_app::ports::{Clock as _, EventStore as _, Unavailable};
use hooklane_domain::delivery::{CancelReason, Delivery, FailReason, ParkReason};
use hooklane_domain::event::Content;
use hooklane_domain::isolation::admission::{Admission, changes_lane};
use hooklane_domain::webhook::Webhook;

use crate::context::Context;
use crate::ports::Ports;
use crate::slots::{Slot, take};
use crate::standing;
use crate::task::Job;

/// What is done with a delivery that is due.
pub(crate) enum Admitted {
    /// Its attempt is made.
    Ready(Box<Ready>),
    /// It waits in the ledger: the delivery as it is to be written.
    Parked(Delivery),
    /// Its webhook's lane is the slow one: a message there takes over.
    Rerouted(Delivery),
    /// It waits in a queue for its slot under the rate limit: the delivery as it is to be written.
    Deferred(Delivery),
    /// It needs no attempt any more: the delivery as it ended.
    Ended(Delivery),
    /// Its message carries a payload that cannot be read, and its event is gone. The reason.
    Unreadable(String),
}

/// What an attempt is made with.
pub(crate) struct Ready {
    pub(crate) delivery: Delivery,
    pub(crate) webhook: Arc<Webhook>,
    pub(crate) content: Content,
}

pub(crate) async fn admit<P: Ports>(
    context: &Context<P>,
    job: &Job<'_>,
    delivery: Delivery,
) -> Result<Admitted, Unavailable> {
    let now = context.system.now();
    let Some(standing) = standing::recent(context, &delivery).await? else {
        return Ok(Admitted::Ended(delivery.cancelled(now, CancelReason::WebhookDeleted)));
    };
    let admission = standing.admission;
    if let Admission::Park(reason) = admission {
        return Ok(Admitted::Parked(delivery.parked(now, reason)));
    }
    if admission == Admission::Attempt && changes_lane(job.task.lane, standing.health.lane()) {
        return Ok(Admitted::Rerouted(delivery));
    }
    let content = match content(context, job).await? {
        Found::Content(content) => content,
        Found::Missing => {
            return Ok(Admitted::Ended(delivery.failed(now, FailReason::EventMissing)));
        }
        Found::Unreadable(reason) => return Ok(Admitted::Unreadable(reason)),
    };
    let webhook = standing.webhook;
    let delivery = match context.contracts.rate_limit_of(&webhook) {
        None => delivery,
        Some(limit) => match take(context, job, delivery, limit).await? {
            Slot::Here(delivery) => delivery,
            Slot::Soon(delivery) => return Ok(Admitted::Deferred(delivery)),
            Slot::Far(delivery) => return Ok(Admitted::Parked(delivery)),
        },
    };
    if admission == Admission::Probe && !context.health.may_probe(&delivery).await? {
        return Ok(Admitted::Parked(delivery.parked(now, ParkReason::Circuit)));
    }
    Ok(Admitted::Ready(Box::new(Ready { delivery, webhook, content })))
}

/// Where the content of the event is.
enum Found {
    Content(Content),
    /// The event was deleted, or has expired.
    Missing,
    /// The message carries a payload that cannot be read, and its event is gone.
    Unreadable(String),
}

/// From the message, or from the ledger. The ledger also has it if the message's payload is unreadable.
async fn content<P: Ports>(context: &Context<P>, job: &Job<'_>) -> Result<Found, Unavailable> {
    let unreadable = match job.deliver.payload.clone().map(payload::unpack) {
        Some(Ok(content)) => return Ok(Found::Content(content)),
        Some(Err(error)) => Some(error.chain()),
        None => None,
    };
    let event = context.ledger.get(&job.deliver.tenant, job.deliver.delivery.event()).await?;
    Ok(match (event, unreadable) {
        (Some(event), _) => Found::Content(event.content),
        (None, Some(reason)) => Found::Unreadable(reason),
        (None, None) => Found::Missing,
    })
}
