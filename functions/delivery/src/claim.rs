//! First stage: decides whether this message acts for its delivery, and claims the delivery if necessary.

use hooklane_app::batch::Disposition;
use hooklane_app::ports::{Clock as _, DeliveryStore as _, Unavailable};
use hooklane_domain::delivery::Delivery;
use hooklane_domain::delivery::receipt::{Claim, Decision, decide};

use crate::context::Context;
use crate::ports::Ports;
use crate::task::Job;

/// The result of a claim.
pub(crate) enum Claimed {
    /// The message acts, and the delivery is due.
    Due(Delivery),
    /// The delivery is parked. What it was parked for may have ended.
    Parked(Delivery),
    /// The message acts, but a new one must replace it: its queue's retention period ends soon, or the delivery
    /// waits and the message is for others too.
    Replaced(Delivery),
    /// The message names a tenant that is not the delivery's.
    Foreign,
    /// The message does not act now.
    Over(Disposition),
}

/// The number of times that a claim is tried if other writers are faster. After that the message comes back
/// later and decides again.
const TRIES: u32 = 3;

/// Decides by the delivery's item as it was `read`, and writes the claim if the message takes over.
pub(crate) async fn claim<P: Ports>(
    context: &Context<P>,
    job: &Job<'_>,
    read: Option<Delivery>,
) -> Result<Claimed, Unavailable> {
    let mut current = read.unwrap_or_else(|| job.unwritten());
    for _ in 0..TRIES {
        if current.tenant != job.deliver.tenant {
            return Ok(Claimed::Foreign);
        }
        let now = context.system.now();
        let (claim, hide_until) = match decide(&current, &job.receipt(), now) {
            Decision::Discard(why) => {
                tracing::debug!(delivery.id = %current.id, ?why, "message.discarded");
                return Ok(Claimed::Over(Disposition::Done));
            }
            Decision::LookAgain => return Ok(Claimed::Parked(current)),
            Decision::SendAfresh => return Ok(Claimed::Replaced(current)),
            // The message is for others too, so this delivery waits in one of its own.
            Decision::HideUntil(..) if job.held.is_shared && !current.is_done() => {
                return Ok(Claimed::Replaced(current));
            }
            Decision::HideUntil(until, claim) => (claim, Some(until)),
            Decision::Attempt(claim) => (claim, None),
        };
        let claimed = match claim {
            Claim::None => Some(current),
            Claim::Take(turn) => {
                let claimed = job.noted(current.handed_to(turn, now));
                context.ledger.save(&claimed).await?.written()
            }
        };
        match (claimed, hide_until) {
            (Some(_), Some(until)) => {
                return Ok(Claimed::Over(context.messages.hide_until(job, until).await));
            }
            (Some(claimed), None) => return Ok(Claimed::Due(claimed)),
            (None, _) => current = job.current(&*context.ledger).await?,
        }
    }
    Ok(Claimed::Over(Disposition::Interrupted))
}
