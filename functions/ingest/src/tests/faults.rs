//! Faults that pass: what is hidden, and for how long.

use hooklane_app::fakes::Faults;

use super::*;

fn received(receives: u32) -> SqsEvent {
    let record = serde_json::json!({
        "messageId": "m1",
        "receiptHandle": "handle-1",
        "body": r#"{"id":"e1","tenant":"acme","type":"user.created","data":{"a":1}}"#,
        "attributes": { "ApproximateReceiveCount": receives.to_string() },
    });
    serde_json::from_value(serde_json::json!({ "Records": [record] })).unwrap()
}

#[tokio::test]
async fn a_passing_fault_hides_a_message_for_ten_seconds_to_a_minute() {
    let faults = Faults::default();
    let ingest = over(MemoryLedger::with_faults(faults.clone()));
    faults.die_after(0);
    for (receives, seconds) in [(1, 10), (2, 20), (3, 40), (9, 60), (300, 60)] {
        let answer = ingest.handle_all(received(receives)).await.unwrap();
        assert_eq!(answer.staying(), 1, "received {receives} times");
        let hidden = std::mem::take(&mut *ingest.deps.queue.messages.lock().unwrap());
        assert_eq!(hidden, [("handle-1".to_owned(), seconds)], "received {receives} times");
    }
    faults.revive();
    assert_eq!(ingest.handle_all(received(4)).await.unwrap(), Answer::default());
    assert!(ingest.deps.queue.messages.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_passing_fault_of_the_call_that_hides_is_overcome() {
    let faults = Faults::default();
    let ingest = over(MemoryLedger::with_faults(faults.clone()));
    faults.die_after(0);
    *ingest.deps.queue.failing.lock().unwrap() = 2;
    assert_eq!(ingest.handle_all(received(1)).await.unwrap().staying(), 1);
    assert_eq!(ingest.deps.queue.messages.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_passing_fault_of_the_dead_letter_queue_hides_the_message_as_well() {
    let mut ingest = over(MemoryLedger::default());
    let faults = Faults::default();
    let now = "2024-01-15T10:30:00Z".parse().unwrap();
    ingest.deps.dead_letters = MemoryQueues::at(now, 30).with_faults(faults.clone());
    faults.die_after(0);
    let mut event = received(1);
    event.records[0].body = Some("not json".to_owned());
    assert_eq!(ingest.handle_all(event).await.unwrap().staying(), 1);
    assert_eq!(*ingest.deps.queue.messages.lock().unwrap(), [("handle-1".to_owned(), 10)]);
}
