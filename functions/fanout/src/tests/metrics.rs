//! The lines with metrics that batches print.

use std::sync::Mutex;

use hooklane_aws::telemetry::printed::hold;
use jiff::SignedDuration;

use super::dead_letters::WithUnreadable;
use super::deaths::{batch_of, record};
use super::*;

#[tokio::test]
async fn a_batch_counts_its_events_and_messages_and_how_long_the_events_waited() {
    let fanout = fanout(&[webhook(1, "acme", &["*"]), webhook(2, "acme", &["order.*"])]).await;
    fanout.system.pass(SignedDuration::from_millis(1_234));
    hold("fanout-healthy", "fanout", async {
        fanout.handle_all(batch(SAMPLE)).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_record_for_the_dead_letter_queue_is_counted() {
    let registry = MemoryRegistry::default();
    registry.create(&webhook(1, "acme", &["*"])).await.unwrap();
    let fanout = over(WithUnreadable(registry, Mutex::new("acme")), MemoryQueues::at(at(NOW), 360));
    hold("fanout-dead-letters", "fanout", async {
        fanout.handle_all(batch(SAMPLE)).await.unwrap();
    })
    .await;
    assert_eq!(fanout.dead_letters.all_dead_letters().len(), 1);
}

#[tokio::test]
async fn what_a_batch_did_before_it_failed_is_counted_once() {
    let registry = MemoryRegistry::default();
    for (n, tenant) in [(1, "acme"), (2, "other")] {
        registry.create(&webhook(n, tenant, &["*"])).await.unwrap();
    }
    let faults = Faults::default();
    let queues = MemoryQueues::at(at(NOW), 360).with_faults(faults.clone());
    let fanout = over(registry, queues);
    let records = [record("acme", "e1", 1), record("other", "e2", 2)];
    hold("fanout-faults", "fanout", async {
        faults.die_after(1);
        assert!(fanout.handle_all(batch_of(&records)).await.is_err());
        faults.revive();
        fanout.handle_all(batch_of(&records)).await.unwrap();
    })
    .await;
    assert_eq!(sent(&fanout).len(), 2);
}
