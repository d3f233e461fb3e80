use hooklane_domain::delivery::{CancelReason, MessageId, ParkReason, Turn};

use super::*;

fn ledger() -> Ledger {
    let webhooks = (0..2).map(|n| WebhookId::new(at(0), n)).collect();
    Ledger::new("tenant".parse().unwrap(), "order.created".parse().unwrap(), webhooks)
}

fn unwritten(ledger: &Ledger, number: u32) -> Delivery {
    let id = ledger.delivery_id(number).unwrap();
    Delivery::unwritten(id, ledger.tenant.clone(), ledger.event_type.clone())
}

fn written(ledger: &Ledger, number: u32) -> Delivery {
    ledger.read(&ledger.delivery_id(number).unwrap()).unwrap()
}

#[test]
fn a_delivery_reads_back_as_it_was_written() {
    let mut ledger = ledger();
    let number = ledger.publish(1, true, 1_234);
    let new = unwritten(&ledger, number);
    assert_eq!(ledger.read(&new.id), None);
    assert_eq!(ledger.next_attempt(number), Some(1_234));
    let waiting = new.handed_to(Turn { generation: 3, owner: MessageId("17".to_owned()) }, at(0));
    ledger.save(&waiting).unwrap();
    assert_eq!(written(&ledger, number), Delivery { revision: 1, receives: None, ..waiting });
    let parked = written(&ledger, number).parked_until(at(2_000), at(9_000), ParkReason::Backlog);
    assert!(ledger.save(&parked).unwrap().first_parking);
    assert_eq!(written(&ledger, number), Delivery { revision: 2, ..parked });
    assert_eq!(ledger.next_attempt(number), None);
    assert_eq!(ledger.undelivered(), 1);
}

#[test]
fn a_write_from_an_older_revision_changes_nothing() {
    let mut ledger = ledger();
    let number = ledger.publish(0, false, 0);
    let new = unwritten(&ledger, number);
    let parked = new.clone().parked(at(5), ParkReason::Circuit);
    ledger.save(&parked).unwrap();
    assert_eq!(ledger.save(&new), None);
    let ended = written(&ledger, number).cancelled(at(6), CancelReason::Requested);
    assert_eq!(ledger.save(&ended).unwrap().ended, Some(End::Cancelled));
    // Whatever was decided before the end.
    assert_eq!(ledger.save(&parked), None);
    assert_eq!(ledger.save(&ended), None);
    assert!(written(&ledger, number).is_done());
    assert_eq!(ledger.undelivered(), 0);
}

#[test]
fn a_pointer_of_another_parking_stays() {
    let mut ledger = ledger();
    let number = ledger.publish(0, false, 0);
    let parked = unwritten(&ledger, number).parked(at(5), ParkReason::Circuit);
    ledger.save(&parked).unwrap();
    let pointer = Pointer { due: 5, number, generation: 0 };
    assert_eq!(ledger.parked(0, 4, 10), []);
    assert_eq!(ledger.parked(0, 5, 10), [pointer]);
    ledger.unpark(0, Pointer { generation: 1, ..pointer });
    assert_eq!(ledger.parked_count(0), 1);
    ledger.unpark(0, pointer);
    assert_eq!(ledger.parked_count(0), 0);
}

#[test]
fn lists_are_by_status_and_newest_first() {
    let mut ledger = ledger();
    for (accepted, attempts) in [(1, 0), (2, 1), (3, 0), (4, 0)] {
        let number = ledger.publish(0, false, accepted);
        let parked = unwritten(&ledger, number).parked(at(5), ParkReason::Circuit);
        ledger.save(&Delivery { attempts, ..parked }).unwrap();
    }
    assert_eq!(ledger.list(0, Status::Pending, None, 2), [4, 3]);
    assert_eq!(ledger.list(0, Status::Pending, Some(3), 2), [1]);
    assert_eq!(ledger.list(0, Status::Retrying, None, 2), [2]);
    assert!(ledger.list(1, Status::Pending, None, 2).is_empty());
}
