use super::*;
use crate::Timestamp;
use crate::delivery::{MessageId, ParkReason, Turn};
use crate::ids::DeliveryId;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn delivery() -> Delivery {
    let id = DeliveryId::new(WebhookId::new(at(0), 1), at(0), "e1".parse().unwrap());
    Delivery::unwritten(id, "acme".parse().unwrap(), "order.created".parse().unwrap())
}

/// Waits until `until`; `owner` acts for it.
fn waiting(owner: &str, until: i64) -> Delivery {
    let turn = Turn { generation: 1, owner: MessageId(owner.to_owned()) };
    delivery().resent(turn, at(until))
}

const DAY: i64 = 24 * 3600;

#[test]
fn a_message_is_a_suspect_if_two_receipts_are_not_explained() {
    let ours = MessageId("ours".to_owned());
    let noted = |receives, until| waiting("ours", until).received(&ours, receives);
    let parked = delivery().parked(at(0), ParkReason::Circuit);
    let unknown = Delivery { receives: None, ..waiting("ours", 60) };
    for (what, current, receives, suspect) in [
        ("its first receipt", delivery(), 1, false),
        ("its second one, without an item", delivery(), 2, false),
        ("its third one, without an item", delivery(), 3, true),
        ("a new message of a later generation", waiting("ours", 60), 1, false),
        ("a new message, received twice more", waiting("ours", 60), 3, true),
        ("the receipt after a wait", noted(4, 60), 5, false),
        ("a passing fault after a wait", noted(4, 60), 6, false),
        ("two of them", noted(4, 60), 7, true),
        ("a wait of two and a half times twelve hours", noted(4, DAY + 6 * 3600), 7, false),
        ("two unexplained ones after that", noted(4, DAY + 6 * 3600), 9, true),
        ("another owner's delivery", waiting("other", 60).received(&ours, 9), 2, false),
        ("another owner's delivery, often", waiting("other", 60).received(&ours, 9), 3, true),
        ("a parked delivery", parked, 2, false),
        ("what an older version wrote", unknown, 40, false),
    ] {
        let receipt = Receipt { message: ours.clone(), generation: 1, sent_at: at(0) };
        assert_eq!(is_suspicious_for(&current, &receipt, receives), suspect, "{what}");
    }
}

#[test]
fn a_message_without_a_delivery_is_a_suspect_from_its_third_receipt_on() {
    assert_eq!([1, 2, 3, 4].map(is_suspicious), [false, false, true, true]);
}

#[test]
fn suspects_of_different_kinds_never_share_a_name() {
    let webhook = WebhookId::new(at(0), 1);
    let names = [
        Suspect::message("1"),
        Suspect::record("1"),
        Suspect::look(webhook),
        Suspect::run(),
        Suspect::message("run"),
    ];
    let mut unique = names.to_vec();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), names.len());
}
