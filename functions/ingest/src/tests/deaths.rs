//! Messages that may have ended the function.

use hooklane_domain::isolation::deaths::{MAX_STRIKES, given_up};

use super::*;

const BODY: &str = r#"{"id":"e1","tenant":"acme","type":"user.created","data":{"a":1}}"#;

fn received(messages: &[(&str, u32)]) -> SqsEvent {
    let records = messages.iter().map(|(id, receives)| {
        let attributes = serde_json::json!({ "ApproximateReceiveCount": receives.to_string() });
        let body = BODY.replace("e1", id);
        serde_json::json!({ "messageId": id, "body": body, "attributes": attributes })
    });
    let records: Vec<_> = records.collect();
    serde_json::from_value(serde_json::json!({ "Records": records })).unwrap()
}

#[tokio::test]
async fn finding_03_a_message_that_ended_the_function_too_often_is_a_dead_letter() {
    let ingest = ingest();
    let deadly = Suspect::message("m1");
    for _ in 0..MAX_STRIKES {
        ingest.deps.events.strike(&deadly, Timestamp::UNIX_EPOCH).await.unwrap();
    }
    let answer = ingest.handle_all(received(&[("m1", 9), ("m2", 1)])).await.unwrap();
    assert_eq!(answer, Answer::default());
    let letters = ingest.deps.dead_letters.all_dead_letters();
    assert_eq!(letters.iter().map(|l| &l.reason).collect::<Vec<_>>(), [&given_up()]);
    assert!(!stored(&ingest, "m1").await && stored(&ingest, "m2").await);
    assert!(ingest.deps.events.all_strikes().is_empty());
}

#[tokio::test]
async fn a_message_that_was_received_often_is_accepted_and_leaves_no_strike() {
    let ingest = ingest();
    let answer = ingest.handle_all(received(&[("m1", 40)])).await.unwrap();
    assert_eq!(answer, Answer::default());
    assert!(stored(&ingest, "m1").await && ingest.deps.events.all_strikes().is_empty());
}

#[tokio::test]
async fn messages_for_which_no_time_is_left_stay() {
    let ingest = ingest();
    let now = "2024-01-15T10:30:00Z".parse().unwrap();
    let soon = Deadline::after(now, std::time::Duration::from_secs(9));
    let answer = ingest.handle(received(&[("m1", 1), ("m2", 1)]), soon).await.unwrap();
    assert_eq!(answer.staying(), 1);
    assert!(stored(&ingest, "m1").await && !stored(&ingest, "m2").await);
}
