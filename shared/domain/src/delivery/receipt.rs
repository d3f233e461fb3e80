//! What to do with a message that was received for a delivery.
//!
//! Standard queues and streams sometimes deliver a message twice. Only one message may act for a
//! delivery: its item records the owner and the generation, and every other message is discarded here.

use std::cmp::Ordering;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::delivery::waiting::{MAX_MESSAGE_AGE, OVERDUE};
use crate::delivery::{Delivery, MessageId, State, Turn};
use crate::time::later;

/// How long after a message was sent its sender may still write the item. Later the message is an
/// orphan.
pub const ORPHANED_AFTER: Duration = Duration::from_secs(120);
/// How long a message that waits for that write is hidden before it is looked at again.
pub const UNWRITTEN_RECHECK: Duration = Duration::from_secs(5);

/// A received message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub message: MessageId,
    pub generation: u32,
    pub sent_at: Timestamp,
}

/// What to do with a received message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The message is not needed.
    Discard(Discard),
    /// The attempt is not due yet: hide the message until then.
    HideUntil(Timestamp, Claim),
    /// The delivery is parked: check whether its webhook takes deliveries now. The webhook may just
    /// have been switched on, or this message may have parked the delivery and then been interrupted.
    LookAgain,
    /// Send a new message in place of this one: its queue would delete it soon, or the owner was lost.
    SendAfresh,
    Attempt(Claim),
}

/// Why a message is discarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discard {
    /// The delivery has ended.
    Done,
    /// A newer message acts for the delivery.
    Older,
    /// Another message of the same generation acts for it.
    Twin,
}

/// Whether the message must take over the delivery before it acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It is the owner already, or this is the first attempt.
    None,
    /// The item names another owner: first write this turn, conditionally.
    Take(Turn),
}

/// Decides what to do with a message. `current` is the delivery from a consistent read, with revision 0
/// where it has no item yet.
#[must_use]
pub fn decide(current: &Delivery, receipt: &Receipt, now: Timestamp) -> Decision {
    if current.is_done() {
        return done(current, receipt, now);
    }
    let turn = || Turn { generation: receipt.generation, owner: receipt.message.clone() };
    match receipt.generation.cmp(&current.generation) {
        Ordering::Less => Decision::Discard(Discard::Older),
        // The message was sent, and its sender was interrupted before it wrote the item.
        Ordering::Greater => act(current, receipt, now, Claim::Take(turn())),
        Ordering::Equal => match &current.state {
            State::Waiting { owner: None, .. } => Decision::Attempt(Claim::None),
            State::Waiting { owner: Some(owner), next_attempt_at } => {
                if *owner == receipt.message {
                    act(current, receipt, now, Claim::None)
                } else if now.duration_since(*next_attempt_at) > signed(OVERDUE) {
                    // The owner was lost. This message must not take over, since a duplicate receipt of
                    // it may just have been discarded as a twin, and SQS then deletes the message.
                    Decision::SendAfresh
                } else {
                    Decision::Discard(Discard::Twin)
                }
            }
            _ => Decision::LookAgain,
        },
    }
}

/// A message for a delivery that has ended. A retry by hand sends its message before it writes the
/// item, so a recent message of a higher generation waits for that write. What was delivered is not
/// retried.
fn done(current: &Delivery, receipt: &Receipt, now: Timestamp) -> Decision {
    let delivered = matches!(current.state, State::Delivered { .. });
    let recent = now.duration_since(receipt.sent_at) < signed(ORPHANED_AFTER);
    if delivered || receipt.generation <= current.generation || !recent {
        return Decision::Discard(Discard::Done);
    }
    Decision::HideUntil(later(now, UNWRITTEN_RECHECK), Claim::None)
}

/// A message that may act: now, or when the attempt is due.
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
