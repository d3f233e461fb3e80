use super::*;
use crate::delivery::outcome::{Outcome, Response};
use crate::delivery::{MessageId, ParkReason};
use crate::ids::WebhookId;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn unwritten() -> Delivery {
    let id = DeliveryId::new(WebhookId::new(at(0), 1), at(1_000), "evt-1".parse().unwrap());
    Delivery::unwritten(id, "t".parse().unwrap(), "user.created".parse().unwrap())
}

fn attempt(number: u32, second: i64, status: u16) -> Attempt {
    let response =
        Response { status, status_text: String::new(), headers: vec![], body: String::new() };
    Attempt {
        number,
        at: at(second),
        duration_ms: 500,
        request_headers: vec![],
        outcome: Outcome::Answered(response),
        remarks: vec![],
        measure: crate::delivery::attempt::Measure::Unknown,
    }
}

fn turn(generation: u32, owner: &str) -> Turn {
    Turn { generation, owner: MessageId(owner.to_owned()) }
}

#[test]
fn a_delivery_fails_waits_and_is_delivered() {
    let first = unwritten();
    assert_eq!(first.status(), Status::Pending);

    let waits = first.after(&attempt(1, 1_000, 500), Next::RetryAt(at(1_005)), turn(0, "a"));
    assert_eq!(waits.status(), Status::Retrying);
    assert_eq!(waits.next_attempt_at(), Some(at(1_005)));
    assert_eq!((waits.attempts, waits.retries, waits.next_number()), (1, 1, 2));
    assert_eq!(waits.failed_at, [FailedAt { number: 1, at: at(1_000) }]);

    let done = waits.after(&attempt(2, 1_005, 200), Next::Delivered, turn(0, "a"));
    assert_eq!(done.status(), Status::Delivered);
    assert_eq!(done.done_at(), Some(Timestamp::from_millisecond(1_005_500).unwrap()));
    assert_eq!(done.attempts, 2);
    assert_eq!(done.failed_at.len(), 1);
    assert_eq!(done.success.unwrap().number, 2);
}

#[test]
fn a_new_message_sets_generation_and_owner() {
    let moved = unwritten().after(&attempt(1, 1_000, 500), Next::RetryAt(at(2_000)), turn(1, "b"));
    assert_eq!(moved.generation, 1);
    let owner = Some(MessageId("b".to_owned()));
    assert_eq!(moved.state, State::Waiting { next_attempt_at: at(2_000), owner });
}

#[test]
fn an_exhausted_policy_and_a_receiver_that_is_gone_are_failures() {
    for (next, reason) in [(Next::Exhausted, FailReason::Exhausted), (Next::Gone, FailReason::Gone)]
    {
        let failed = unwritten().after(&attempt(1, 1_000, 410), next, turn(0, "a"));
        let end = Timestamp::from_millisecond(1_000_500).unwrap();
        assert_eq!(failed.state, State::Failed { at: end, reason });
        assert!(failed.is_done());
    }
}

#[test]
fn a_success_ends_delivered_whatever_was_written_meanwhile() {
    let moved =
        || unwritten().after(&attempt(1, 1_000, 500), Next::RetryAt(at(2_000)), turn(3, "b"));
    for newer in [
        moved(),
        moved().cancelled(at(1_001), CancelReason::WebhookDeleted),
        moved().failed(at(1_001), FailReason::Exhausted),
        moved().parked(at(1_001), ParkReason::Inactive),
    ] {
        let merged = newer.merged(&attempt(1, 1_000, 200), Next::Delivered).unwrap();
        assert_eq!(merged.status(), Status::Delivered);
        assert_eq!(merged.attempts, 2);
    }
    let delivered = unwritten().after(&attempt(1, 1_000, 200), Next::Delivered, turn(0, "a"));
    assert_eq!(delivered.merged(&attempt(1, 1_000, 200), Next::Delivered), None);
}

#[test]
fn a_late_failure_is_kept_and_the_newer_state_stays() {
    let delivered = unwritten().after(&attempt(1, 1_001, 200), Next::Delivered, turn(0, "a"));
    let merged =
        delivered.clone().merged(&attempt(1, 1_000, 500), Next::RetryAt(at(1_010))).unwrap();
    assert_eq!(merged.state, delivered.state);
    assert_eq!(merged.last, delivered.last, "the newest attempt stays the last one");
    assert_eq!(merged.failed_at, [FailedAt { number: 1, at: at(1_000) }]);
    let again = merged.merged(&attempt(1, 1_000, 500), Next::RetryAt(at(1_010)));
    assert_eq!(again, None, "the same attempt is not counted twice");
}

#[test]
fn another_message_takes_over_a_wait_and_its_time_stays() {
    let waits = unwritten().after(&attempt(1, 1_000, 500), Next::RetryAt(at(2_000)), turn(0, "a"));
    let handed = waits.handed_to(turn(1, "b"), at(1_500));
    assert_eq!((handed.next_attempt_at(), handed.generation), (Some(at(2_000)), 1));
    let parked =
        unwritten().parked(at(1_200), ParkReason::Inactive).handed_to(turn(2, "c"), at(1_500));
    assert_eq!((parked.next_attempt_at(), parked.generation), (Some(at(1_500)), 2));
    let done = unwritten().failed(at(1_300), FailReason::Gone);
    assert_eq!(done.clone().handed_to(turn(9, "d"), at(1_500)), done);
}

#[test]
fn only_the_newest_failures_are_kept() {
    let mut delivery = unwritten();
    for n in 1..=40 {
        let second = 1_000 + i64::from(n);
        delivery = delivery.after(&attempt(n, second, 500), Next::RetryAt(at(9_000)), turn(0, "a"));
    }
    assert_eq!(delivery.failed_at.len(), MAX_FAILED_TIMES);
    assert_eq!(delivery.failed_at.last().map(|f| f.number), Some(40));
    assert_eq!(delivery.attempts, 40);
}

#[test]
fn a_retry_by_hand_restarts_the_policy() {
    let exhausted =
        unwritten().after(&attempt(1, 1_000, 500), Next::RetryAt(at(1_005)), turn(0, "a"));
    let failed = exhausted.after(&attempt(2, 1_005, 500), Next::Exhausted, turn(0, "a"));
    let retried = failed.retried(turn(1, "b"), at(9_000));
    assert_eq!((retried.status(), retried.retries, retried.attempts), (Status::Retrying, 0, 2));
    assert_eq!((retried.generation, retried.next_attempt_at()), (1, Some(at(9_000))));
    assert_eq!(retried.next_number(), 3);
}
