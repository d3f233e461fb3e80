//! Messages that only a newer version can handle wait for it.

use std::time::Duration;

use hooklane_app::batch::Disposition;
use hooklane_app::careful::forgive;
use hooklane_app::ports::{Clock as _, Strikes as _, Unavailable};
use hooklane_domain::delivery::newer::{Next, next, wait};
use hooklane_domain::isolation::deaths::Suspect;

use crate::context::Context;
use crate::ports::Ports;
use crate::task::Held;

/// Hides a message that this version cannot read, and makes a dead letter of it once this version has
/// tried for long enough. If the tries cannot be counted, it waits.
pub(crate) async fn message<P: Ports>(
    context: &Context<P>,
    held: &Held<'_>,
    reason: &str,
) -> Disposition {
    let met = Suspect::newer_message(&held.task.message.0);
    let next = match context.ledger.strike(&met, context.system.now()).await {
        Ok(times) => next(times),
        Err(error) => {
            error.log("message.not_counted");
            Next::Wait(wait(held.task.receives))
        }
    };
    match next {
        Next::Wait(time) => {
            tracing::warn!(reason, wait_s = time.as_secs(), "message.newer");
            hide(context, held, time).await
        }
        Next::GiveUp => {
            let Held { task, .. } = held;
            let disposition = context.messages.dead_letter(&task.body, task, reason).await;
            if disposition == Disposition::Done {
                forgive(&*context.ledger, &met).await;
            }
            disposition
        }
    }
}

/// Hides a message whose delivery, webhook or health a newer version wrote. Nothing is written: what this
/// version does not understand it leaves alone.
pub(crate) async fn item<P: Ports>(
    context: &Context<P>,
    held: &Held<'_>,
    error: &Unavailable,
) -> Disposition {
    let time = wait(held.task.receives);
    tracing::warn!(error = error.chain(), wait_s = time.as_secs(), "delivery.newer");
    hide(context, held, time).await
}

async fn hide<P: Ports>(context: &Context<P>, held: &Held<'_>, time: Duration) -> Disposition {
    context.messages.hide(held, u32::try_from(time.as_secs()).unwrap_or(u32::MAX)).await;
    Disposition::Stays
}
