//! What to do with a message that says: deliver this.
//!
//! Standard queues and streams deliver twice now and then. One delivery has one live message: the
//! delivery's item records a generation and the message that acts for it, and every other message
//! finds out here that it is not needed.

use std::cmp::Ordering;

use jiff::{SignedDuration, Timestamp};

use crate::delivery::waiting::{MAX_MESSAGE_AGE, OVERDUE};
use crate::delivery::{Delivery, MessageId, State, Turn};

/// So long after it was sent, a message whose sender has not written the item is nobody's.
const YOUNG: SignedDuration = SignedDuration::from_secs(120);
/// So long it waits before it looks again.
const PATIENCE: SignedDuration = SignedDuration::from_secs(5);

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
    Decision::HideUntil(now.saturating_add(PATIENCE).unwrap_or(now), Claim::None)
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

fn signed(duration: std::time::Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::{FailReason, ParkReason};
    use crate::ids::{DeliveryId, WebhookId};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn unwritten() -> Delivery {
        let webhook = WebhookId::new(at(0), 1);
        let id = DeliveryId::new(webhook, at(1_000), "evt-1".parse().unwrap());
        Delivery::unwritten(id, "t".parse().unwrap(), "user.created".parse().unwrap())
    }

    fn waiting(generation: u32, owner: &str, due: i64) -> Delivery {
        let owner = Some(MessageId(owner.to_owned()));
        let state = State::Waiting { next_attempt_at: at(due), owner };
        Delivery { state, generation, revision: 1, attempts: 1, ..unwritten() }
    }

    fn receipt(message: &str, generation: u32) -> Receipt {
        Receipt { message: MessageId(message.to_owned()), generation, sent_at: at(1_000) }
    }

    fn take(message: &str, generation: u32) -> Claim {
        Claim::Take(Turn { generation, owner: MessageId(message.to_owned()) })
    }

    #[test]
    fn decisions() {
        let parked = || unwritten().parked(at(1_001), ParkReason::Inactive);
        let failed = || unwritten().failed(at(1_001), FailReason::Exhausted);
        for (name, current, receipt, now, expected) in [
            ("first", unwritten(), receipt("a", 0), 1_000, Decision::Attempt(Claim::None)),
            (
                "first, clock behind",
                unwritten(),
                receipt("a", 0),
                900,
                Decision::Attempt(Claim::None),
            ),
            (
                "unknown generation",
                unwritten(),
                receipt("a", 1),
                1_000,
                Decision::Attempt(take("a", 1)),
            ),
            ("done", failed(), receipt("a", 0), 1_000, Decision::Discard(Discard::Done)),
            (
                "done, retried a moment ago",
                failed(),
                receipt("a", 1),
                1_010,
                Decision::HideUntil(at(1_015), Claim::None),
            ),
            (
                "done, nobody's message",
                failed(),
                receipt("a", 1),
                1_120,
                Decision::Discard(Discard::Done),
            ),
            (
                "older",
                waiting(2, "a", 1_010),
                receipt("a", 1),
                2_000,
                Decision::Discard(Discard::Older),
            ),
            (
                "owner, due",
                waiting(1, "a", 1_010),
                receipt("a", 1),
                1_010,
                Decision::Attempt(Claim::None),
            ),
            (
                "owner, early",
                waiting(1, "a", 1_010),
                receipt("a", 1),
                1_009,
                Decision::HideUntil(at(1_010), Claim::None),
            ),
            (
                "twin",
                waiting(1, "a", 1_010),
                receipt("b", 1),
                1_010,
                Decision::Discard(Discard::Twin),
            ),
            (
                "twin, not overdue",
                waiting(1, "a", 1_010),
                receipt("b", 1),
                1_910,
                Decision::Discard(Discard::Twin),
            ),
            ("twin, overdue", waiting(1, "a", 1_010), receipt("b", 1), 1_911, Decision::SendAfresh),
            (
                "newer, early",
                waiting(1, "a", 1_010),
                receipt("b", 2),
                1_000,
                Decision::HideUntil(at(1_010), take("b", 2)),
            ),
            (
                "newer, due",
                waiting(1, "a", 1_010),
                receipt("b", 2),
                1_010,
                Decision::Attempt(take("b", 2)),
            ),
            ("parked", parked(), receipt("a", 0), 2_000, Decision::LookAgain),
            ("released", parked(), receipt("b", 1), 2_000, Decision::Attempt(take("b", 1))),
            (
                "old, early",
                waiting(1, "a", 1_000_000),
                receipt("a", 1),
                900_000,
                Decision::SendAfresh,
            ),
            (
                "old, due",
                waiting(1, "a", 900_000),
                receipt("a", 1),
                900_000,
                Decision::Attempt(Claim::None),
            ),
        ] {
            assert_eq!(decide(&current, &receipt, at(now)), expected, "{name}");
        }
    }
}
