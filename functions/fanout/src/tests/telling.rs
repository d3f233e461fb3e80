//! What the platform's bus is told.

use hooklane_domain::json::RawJson;
use jiff::SignedDuration;

use super::deaths::{batch_of, record};
use super::*;

/// A stack with a bus, and webhooks.
async fn telling(webhooks: &[Webhook], faults: &Faults) -> Fake {
    let mut fanout = fanout(webhooks).await;
    fanout.bus = Some(MemoryBus::default().with_faults(faults.clone()));
    fanout
}

fn bus(fanout: &Fake) -> MemoryBus {
    fanout.bus.clone().unwrap()
}

/// A record of an operational event.
fn operational(tenant: &str, event: &str, number: usize) -> String {
    record(tenant, event, number).replace("order.created", "webhook.failing")
}

/// The tenants and ids of the events that the bus was told of.
fn told(fanout: &Fake) -> Vec<(String, String)> {
    let notices = bus(fanout).notices();
    let read = |detail: &str| {
        let detail: serde_json::Value = serde_json::from_str(detail).unwrap();
        let text = |name: &str| detail[name].as_str().unwrap().to_owned();
        (text("tenant"), text("id"))
    };
    notices.iter().map(|notice| read(&notice.detail)).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

#[tokio::test]
async fn the_bus_is_told_of_operational_events_of_all_tenants_also_without_a_subscriber() {
    let subscriber = webhook(1, "beta", &["webhook.failing", "*"]);
    let fanout = telling(std::slice::from_ref(&subscriber), &Faults::default()).await;
    let records = [
        operational("acme", "op-1", 1),
        record("acme", "e2", 2),
        operational("beta", "op-3", 3),
        record("beta", "e4", 4),
    ];
    assert_eq!(fanout.handle_all(batch_of(&records)).await.unwrap(), Answer::default());
    assert_eq!(told(&fanout), pairs(&[("acme", "op-1"), ("beta", "op-3")]));
    let notices = bus(&fanout).notices();
    assert_eq!(notices[0].event_type.as_str(), "webhook.failing");
    let detail: serde_json::Value = serde_json::from_str(&notices[0].detail).unwrap();
    assert_eq!(detail["data"]["orderId"], "1001");
    assert_eq!(webhooks_of(&sent(&fanout)), [subscriber.id, subscriber.id]);
    assert!(RawJson::parse(&notices[1].detail).is_ok());
}

#[tokio::test]
async fn a_stack_without_a_bus_tells_nobody() {
    let fanout = fanout(&[]).await;
    let records = [operational("acme", "op-1", 1)];
    assert_eq!(fanout.handle_all(batch_of(&records)).await.unwrap(), Answer::default());
}

/// A fault that passes brings the records back, after the messages of every tenant were sent; what needed no
/// telling is not sent again.
#[tokio::test]
async fn a_bus_that_fails_delays_no_delivery_of_its_batch_and_is_told_later() {
    let faults = Faults::default();
    let fanout = telling(&[webhook(1, "acme", &["*"]), webhook(2, "beta", &["*"])], &faults).await;
    let records =
        [operational("acme", "op-1", 1), record("acme", "e2", 2), record("beta", "e3", 3)];
    faults.die_after(0);
    assert!(fanout.handle_all(batch_of(&records)).await.is_err(), "the batch comes back");
    assert_eq!(sent(&fanout).len(), 2);
    assert!(fanout.dead_letters.all_dead_letters().is_empty());
    fanout.queues.lose_all();
    faults.revive();
    assert_eq!(fanout.handle_all(batch_of(&records)).await.unwrap(), Answer::default());
    assert_eq!(told(&fanout), pairs(&[("acme", "op-1")]));
    assert!(sent(&fanout).is_empty(), "what was sent is not sent again");
}

/// A bus that is gone must not hold up the shard.
#[tokio::test]
async fn what_a_bus_cannot_take_for_a_minute_is_a_dead_letter() {
    let faults = Faults::default();
    let fanout = telling(&[webhook(1, "acme", &["*"])], &faults).await;
    let records = [operational("acme", "op-1", 1), record("acme", "e2", 2)];
    faults.die_after(0);
    fanout.system.pass(SignedDuration::from_secs(59));
    assert!(fanout.handle_all(batch_of(&records)).await.is_err());
    fanout.system.pass(SignedDuration::from_secs(1));
    assert_eq!(fanout.handle_all(batch_of(&records)).await.unwrap(), Answer::default());
    let letters = fanout.dead_letters.all_dead_letters();
    assert_eq!(letters.len(), 1);
    assert!(letters[0].body.contains("op-1"));
    assert!(letters[0].reason.contains("the platform's bus was not told"), "{}", letters[0].reason);
    // Put back, it is told.
    faults.revive();
    fanout.handle_all(batch_of(&records[..1])).await.unwrap();
    assert_eq!(told(&fanout), pairs(&[("acme", "op-1")]));
}

#[tokio::test]
async fn what_the_bus_refuses_for_good_is_a_dead_letter_at_once() {
    let fanout = telling(&[webhook(1, "acme", &["webhook.failing"])], &Faults::default()).await;
    bus(&fanout).refuse(true);
    let records = [operational("acme", "op-1", 1), operational("beta", "op-2", 2)];
    assert_eq!(fanout.handle_all(batch_of(&records)).await.unwrap(), Answer::default());
    assert_eq!(sent(&fanout).len(), 1, "its webhook gets it all the same");
    let letters = fanout.dead_letters.all_dead_letters();
    assert_eq!(letters.len(), 2);
    assert!(letters.iter().all(|letter| letter.reason.contains("a test refuses it")));
}

/// Calls of a slow bus must not end the function.
#[tokio::test]
async fn a_bus_is_not_called_without_time_for_it() {
    let fanout = telling(&[], &Faults::default()).await;
    let records = [operational("acme", "op-1", 1)];
    let deadline = Deadline::after(fanout.system.now(), std::time::Duration::from_secs(11));
    assert!(fanout.handle(batch_of(&records), deadline).await.is_err());
    assert!(told(&fanout).is_empty());
}
