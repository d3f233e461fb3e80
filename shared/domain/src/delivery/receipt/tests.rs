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

/// A name, the delivery as read, the received message, the time in seconds, and what to do.
type Case = (&'static str, Delivery, Receipt, i64, Decision);

fn check(cases: Vec<Case>) {
    for (name, current, receipt, now, expected) in cases {
        assert_eq!(decide(&current, &receipt, at(now)), expected, "{name}");
    }
}

fn parked() -> Delivery {
    unwritten().parked(at(1_001), ParkReason::Inactive)
}

fn failed() -> Delivery {
    unwritten().failed(at(1_001), FailReason::Exhausted)
}

#[test]
fn a_first_or_newer_message_attempts_and_takes_over() {
    check(vec![
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
        ("released", parked(), receipt("b", 1), 2_000, Decision::Attempt(take("b", 1))),
    ]);
}

#[test]
fn a_message_of_an_ended_or_parked_delivery_is_discarded_or_waits() {
    check(vec![
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
        ("parked", parked(), receipt("a", 0), 2_000, Decision::LookAgain),
    ]);
}

#[test]
fn the_owner_attempts_when_the_delivery_is_due() {
    check(vec![
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
        ("old, early", waiting(1, "a", 1_000_000), receipt("a", 1), 900_000, Decision::SendAfresh),
        (
            "old, due",
            waiting(1, "a", 900_000),
            receipt("a", 1),
            900_000,
            Decision::Attempt(Claim::None),
        ),
    ]);
}

#[test]
fn an_older_message_or_a_twin_is_discarded() {
    check(vec![
        (
            "older",
            waiting(2, "a", 1_010),
            receipt("a", 1),
            2_000,
            Decision::Discard(Discard::Older),
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
    ]);
}
