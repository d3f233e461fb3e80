use super::*;
use crate::ledger::Retention;
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
    Ledger::new(&config, "Ledger".to_owned(), Retention::days(30))
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
        let item = ledger().delivery_item(&delivery).unwrap();
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
    let waiting = ledger().delivery_item(&delivery).unwrap();
    assert!(size(&waiting) <= UNIT, "{}", size(&waiting));
    let delivered = delivery.after(&attempt(11, 200), Next::Delivered, turn());
    let item = ledger().delivery_item(&delivered).unwrap();
    assert!(size(&item) <= UNIT, "{}", size(&item));
    let read = to_delivery(item).unwrap();
    assert_eq!(read.success.unwrap().outcome.status(), Some(200));
    assert_eq!(read.failed_at.len(), 10);
}

#[test]
fn only_undelivered_deliveries_are_in_the_index() {
    let waiting = delivery().after(&attempt(1, 500), Next::RetryAt(at(1_700_000_100)), turn());
    assert!(ledger().delivery_item(&waiting).unwrap().contains_key("u"));
    let delivered = waiting.after(&attempt(2, 200), Next::Delivered, turn());
    assert!(!ledger().delivery_item(&delivered).unwrap().contains_key("u"));
}
