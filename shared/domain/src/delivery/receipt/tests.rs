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
fn one_message_acts_for_a_delivery_and_the_others_are_discarded() {
    let parked = || unwritten().parked(at(1_001), ParkReason::Inactive);
    let failed = || unwritten().failed(at(1_001), FailReason::Exhausted);
    for (name, current, receipt, now, expected) in [
        ("first", unwritten(), receipt("a", 0), 1_000, Decision::Attempt(Claim::None)),
        (
            "first, with a clock that is behind",
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
            "done, and the message is an orphan",
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
        ("twin", waiting(1, "a", 1_010), receipt("b", 1), 1_010, Decision::Discard(Discard::Twin)),
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
        ("old, early", waiting(1, "a", 1_000_000), receipt("a", 1), 900_000, Decision::SendAfresh),
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
