use super::*;
use crate::clients::Aws;
use crate::ledger::Retention;
use aws_sdk_dynamodb::types::AttributeValue;
use hooklane_domain::delivery::Turn;
use hooklane_domain::delivery::attempt::Measure;
use hooklane_domain::delivery::outcome::{Outcome, Response};
use hooklane_domain::delivery::remark::Remark;
use hooklane_domain::delivery::retry::Next;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn ledger() -> Ledger {
    let config = aws_config::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .build();
    Ledger::new(&Aws::of(config), "Ledger".to_owned(), Retention::days(30))
}

fn delivery() -> Delivery {
    let webhook = WebhookId::new(at(0), 1);
    let event = "e".repeat(40).parse().unwrap();
    let id = DeliveryId::new(webhook, at(1_700_000_000), event);
    Delivery::unwritten(id, "t".repeat(40).parse().unwrap(), "user.created".parse().unwrap())
}

fn attempt(number: u32, status: u16) -> Attempt {
    let headers = vec![("x-header".to_owned(), "value".repeat(10)); 20];
    Attempt {
        number,
        at: at(1_700_000_000 + i64::from(number)),
        duration_ms: 12_345,
        request_headers: vec![("webhook-id".to_owned(), "x".repeat(64)); 5],
        outcome: Outcome::Answered(Response {
            status,
            status_text: "OK".to_owned(),
            headers,
            body: "é".repeat(500),
        }),
        remarks: vec![Remark::BodyTruncated],
        measure: Measure::Body(262_144),
    }
}

fn turn() -> Turn {
    Turn { generation: 1, owner: MessageId("a5f4b2cc-4c19-4d4c-8f2f-0b2d4c0a7a11".to_owned()) }
}

#[test]
fn a_delivery_of_every_state_reads_back() {
    let waiting = delivery().after(&attempt(1, 500), Next::RetryAt(at(1_700_000_100)), turn());
    for delivery in [
        waiting.clone(),
        waiting.clone().parked(at(1_700_000_050), ParkReason::Inactive),
        waiting.clone().failed(at(1_700_000_050), FailReason::EventMissing),
        waiting.clone().cancelled(at(1_700_000_050), CancelReason::WebhookDeleted),
        delivery(),
    ] {
        let item =
            ledger().delivery_item(&delivery, listing(&delivery, at(1_700_000_001))).unwrap();
        let expires_at = Some(at(1_700_000_000 + 30 * 24 * 3_600));
        assert_eq!(to_delivery(item).unwrap(), Delivery { expires_at, ..delivery });
    }
}

#[test]
fn a_delivery_fits_into_one_write_unit_whatever_the_receiver_answered() {
    let mut delivery = delivery();
    for n in 1..=10 {
        delivery = delivery.after(&attempt(n, 500), Next::RetryAt(at(1_700_000_100)), turn());
    }
    let waiting = ledger().delivery_item(&delivery, listing(&delivery, at(1_700_000_001))).unwrap();
    assert!(size(&waiting) <= UNIT, "{}", size(&waiting));
    let delivered = delivery.after(&attempt(11, 200), Next::Delivered, turn());
    let item = ledger().delivery_item(&delivered, listing(&delivered, at(1_700_000_001))).unwrap();
    assert!(size(&item) <= UNIT, "{}", size(&item));
    let read = to_delivery(item).unwrap();
    assert_eq!(read.success.unwrap().outcome.status(), Some(200));
    assert_eq!(read.failed_at.len(), 10);
}

#[test]
fn all_but_prompt_successes_are_in_the_index() {
    let fresh = delivery();
    let waiting = fresh.clone().after(&attempt(1, 500), Next::RetryAt(at(1_700_000_100)), turn());
    let delivered = fresh.clone().after(&attempt(1, 200), Next::Delivered, turn());
    let again = waiting.clone().after(&attempt(2, 200), Next::Delivered, turn());
    let cancelled = fresh.cancelled(at(1_700_000_050), CancelReason::Requested);
    for (delivery, saved_at, list) in [
        (&waiting, 1, Some("retrying")),
        (&delivered, 30, None),
        (&delivered, 31, Some("late")),
        (&again, 1, Some("late")),
        (&cancelled, 1, Some("cancelled")),
    ] {
        let listing = listing(delivery, at(1_700_000_000 + saved_at));
        let item = ledger().delivery_item(delivery, listing).unwrap();
        let u = crate::table::text(&item, "u");
        let list = list.map(|list| format!("{}#{list}", delivery.id.webhook()));
        assert_eq!(u, list, "{saved_at}");
    }
}

#[test]
fn what_an_attempt_that_ended_too_late_adds_does_not_move_a_delivery() {
    let delivered = delivery().after(&attempt(1, 200), Next::Delivered, turn());
    let merged = delivered.merged(&attempt(1, 500), Next::Exhausted).unwrap();
    assert_eq!(listing(&merged, at(1_700_000_001)), Listing::AsItIs);
}

#[test]
fn the_counts_of_failures_read_back() {
    let mut delivery = delivery().slotted(at(1_700_000_100), turn());
    for (n, status) in [(1, 500), (2, 503), (3, 503)] {
        delivery = delivery.after(&attempt(n, status), Next::RetryAt(at(1_700_000_100)), turn());
    }
    let item = ledger().delivery_item(&delivery, listing(&delivery, at(1_700_000_001))).unwrap();
    let read = to_delivery(item).unwrap();
    let failures: Vec<_> =
        read.failures.iter().map(|(failure, count)| (failure.to_string(), count)).collect();
    assert_eq!(failures, [("500".to_owned(), 1), ("503".to_owned(), 2)]);
    assert_eq!(read.slot_waits, 1);
}

#[test]
fn the_error_about_an_unreadable_delivery_says_whose_it_is_while_that_can_be_read() {
    let delivery = delivery();
    let stored = listing(&delivery, at(1_700_000_001));
    let number = || AttributeValue::N("1".to_owned());
    for (name, value, is_known) in [
        ("s", number(), true),
        ("s", AttributeValue::M([("z".to_owned(), number())].into()), true),
        ("expiresAt", AttributeValue::N(i64::MAX.to_string()), true),
        ("t", number(), false),
        ("t", string("no tenant!"), false),
    ] {
        let mut item = ledger().delivery_item(&delivery, stored).unwrap();
        item.insert(name.to_owned(), value);
        let error = to_delivery(item).unwrap_err();
        assert!(error.is_unreadable(), "{name}: {}", error.chain());
        assert_eq!(error.is_of(&delivery.tenant), is_known, "{name}");
        assert!(!error.is_of(&"other".parse().unwrap()), "{name}");
    }
}
