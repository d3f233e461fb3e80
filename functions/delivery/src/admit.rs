//! Second stage: decides whether a due delivery is attempted now, and loads what the attempt needs.

use std::sync::Arc;

use hooklane_app::payload;
use hooklane_app::ports::{Clock as _, EventStore as _, Unavailable};
use hooklane_domain::delivery::{CancelReason, Delivery, FailReason, ParkReason};
use hooklane_domain::event::Content;
use hooklane_domain::isolation::admission::{Admission, changes_lane};
use hooklane_domain::isolation::circuit::Circuit;
use hooklane_domain::webhook::Webhook;

use crate::context::Context;
use crate::ports::Ports;
use crate::slots::{Slot, take};
use crate::standing;
use crate::task::Job;

/// What happens to a due delivery.
pub(crate) enum Admitted {
    /// It is attempted.
    Ready(Box<Ready>),
    /// It is parked. Holds the delivery as it must be written.
    Parked(Delivery),
    /// Its webhook is in the slow lane, so a new message there takes over.
    Rerouted(Delivery),
    /// It waits in a queue for its slot under the rate limit. Holds the delivery as it must be written.
    Deferred(Delivery),
    /// It has ended without an attempt. Holds the delivery as it must be written.
    Ended(Delivery),
    /// Its message has an unreadable payload and its event no longer exists. Holds the reason.
    Unreadable(String),
}

/// What an attempt needs.
pub(crate) struct Ready {
    pub(crate) delivery: Delivery,
    pub(crate) webhook: Arc<Webhook>,
    pub(crate) content: Content,
    /// The circuit of the webhook.
    pub(crate) circuit: Circuit,
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
    if admission == Admission::Attempt && changes_lane(job.held.task.lane, standing.health.lane()) {
        return Ok(Admitted::Rerouted(delivery));
    }
    let content = match content(context, job).await? {
        Found::Content(content) => content,
        Found::Missing => {
            return Ok(Admitted::Ended(delivery.failed(now, FailReason::EventMissing)));
        }
        Found::Unreadable(reason) => return Ok(Admitted::Unreadable(reason)),
    };
    let (webhook, circuit) = (standing.webhook, standing.health.circuit);
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
    Ok(Admitted::Ready(Box::new(Ready { delivery, webhook, content, circuit })))
}

/// The result of looking for the event's content.
enum Found {
    Content(Content),
    /// The event does not exist: it was deleted or has expired.
    Missing,
    /// The message has an unreadable payload and the event no longer exists. Holds the reason.
    Unreadable(String),
}

/// Reads the content from the message, or from the ledger if the message has no payload or an unreadable one.
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
