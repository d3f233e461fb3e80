//! First stage: whether this message acts for its delivery.

use hooklane_app::batch::Disposition;
use hooklane_app::ports::{Clock as _, DeliveryStore as _, Unavailable};
use hooklane_domain::delivery::Delivery;
use hooklane_domain::delivery::receipt::{Claim, Decision, decide};

use crate::context::Context;
use crate::ports::Ports;
use crate::task::Job;

/// What a message may do for its delivery.
pub(crate) enum Claimed {
    /// It acts, and the delivery is due.
    Due(Delivery),
    /// The delivery is parked: whatever held it may have ended.
    Parked(Delivery),
    /// It acts, but its queue would soon forget it: a new message takes its place.
    Aged(Delivery),
    /// The message names another tenant than the delivery has.
    Foreign,
    /// It does not act now.
    Over(Disposition),
}

/// A claim that meets other writers this often gives way: its message comes back and decides anew.
const TRIES: u32 = 3;

/// Decides by the delivery as it was `read`, and writes the claim if there is one to write.
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
            Decision::SendAfresh => return Ok(Claimed::Aged(current)),
            Decision::HideUntil(until, claim) => (claim, Some(until)),
            Decision::Attempt(claim) => (claim, None),
        };
        let claimed = match claim {
            Claim::None => Some(current),
            Claim::Take(turn) => {
                context.ledger.save(&current.handed_to(turn, now)).await?.written()
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
    Ok(Claimed::Over(Disposition::Stays))
}
