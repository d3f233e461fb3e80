//! What to do with a message that says: deliver this.
//!
//! Standard queues and streams deliver twice now and then. One delivery has one live message: the
//! delivery's item records a generation and the message that acts for it, and every other message
//! finds out here that it is not needed.

use std::cmp::Ordering;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::delivery::waiting::{MAX_MESSAGE_AGE, OVERDUE};
use crate::delivery::{Delivery, MessageId, State, Turn};
use crate::time::later;

/// So long after it was sent, a message whose sender has not written the item is nobody's.
const YOUNG: SignedDuration = SignedDuration::from_secs(120);
/// So long it waits before it looks again.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a received message says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub message: MessageId,
    pub generation: u32,
    pub sent_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The message is not needed.
    Discard(Discard),
    /// Back too early: hide it until then.
    HideUntil(Timestamp, Claim),
    /// It is parked, perhaps only a moment after its webhook was switched on, and perhaps by this very
    /// message, which was then interrupted: see whether the webhook takes deliveries.
    LookAgain,
    /// Near the end of its queue's retention, or in place of an owner that is lost: send a new message.
    SendAfresh,
    Attempt(Claim),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discard {
    /// The delivery has come to its end.
    Done,
    /// A newer message acts for the delivery.
    Older,
    /// Another message of the same generation acts for it.
    Twin,
}

/// Whether this message must become the delivery's own before anything else is done with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It acts for the delivery already, or this is the first attempt.
    None,
    /// The item does not know this message yet: write this first, conditionally.
    Take(Turn),
}

/// `current` is the delivery as read consistently, with revision 0 where nothing is written yet.
#[must_use]
pub fn decide(current: &Delivery, receipt: &Receipt, now: Timestamp) -> Decision {
    if current.is_done() {
        return done(current, receipt, now);
    }
    let turn = || Turn { generation: receipt.generation, owner: receipt.message.clone() };
    match receipt.generation.cmp(&current.generation) {
        Ordering::Less => Decision::Discard(Discard::Older),
        // Sent in this delivery's name, but the sender did not get to write so.
        Ordering::Greater => act(current, receipt, now, Claim::Take(turn())),
        Ordering::Equal => match &current.state {
            State::Waiting { owner: None, .. } => Decision::Attempt(Claim::None),
            State::Waiting { owner: Some(owner), next_attempt_at } => {
                if *owner == receipt.message {
                    act(current, receipt, now, Claim::None)
                } else if now.duration_since(*next_attempt_at) > signed(OVERDUE) {
                    // Its owner is lost. This message must not become the owner itself: another receipt
                    // of it may have discarded it a moment ago, for a twin.
                    Decision::SendAfresh
                } else {
                    Decision::Discard(Discard::Twin)
                }
            }
            _ => Decision::LookAgain,
        },
    }
}

/// A retry by hand sends its message before it writes the item, so a young message of a higher
/// generation waits for that write. A delivery that arrived has nothing to wait for.
fn done(current: &Delivery, receipt: &Receipt, now: Timestamp) -> Decision {
    let arrived = matches!(current.state, State::Delivered { .. });
    let young = now.duration_since(receipt.sent_at) < YOUNG;
    if arrived || receipt.generation <= current.generation || !young {
        return Decision::Discard(Discard::Done);
    }
    Decision::HideUntil(later(now, PATIENCE), Claim::None)
}

fn act(current: &Delivery, receipt: &Receipt, now: Timestamp, claim: Claim) -> Decision {
    match current.next_attempt_at() {
        Some(due) if now < due && current.revision > 0 => {
            if now.duration_since(receipt.sent_at) > signed(MAX_MESSAGE_AGE) {
                return Decision::SendAfresh;
            }
            Decision::HideUntil(due, claim)
        }
        _ => Decision::Attempt(claim),
    }
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests;
