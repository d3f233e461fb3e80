//! Canaries, which only `upkeep` sends.

use hooklane_domain::canary::{Canary, Schedule, message};

use super::*;

fn canary() -> Canary {
    let now: Timestamp = "2024-01-15T10:30:00Z".parse().unwrap();
    Schedule::of_minutes(5).unwrap().look(None, now, 7).next.unwrap()
}

#[tokio::test]
async fn a_canary_is_accepted_as_an_event_of_hooklanes_own_tenant_and_once() {
    let (ingest, canary) = (ingest(), canary());
    let sent = message(&canary);
    for id in ["m1", "m2"] {
        let answer = ingest.handle_all(event(&[(id, &sent)])).await.unwrap();
        assert_eq!(answer, Answer::default());
    }
    assert!(ingest.deps.dead_letters.all_dead_letters().is_empty());
    let events = ingest.deps.events.all_events();
    assert_eq!(events.len(), 1);
    assert_eq!((&events[0].id, events[0].tenant.is_canary()), (&canary.id, true));
}

#[tokio::test]
async fn a_producers_event_of_that_tenant_is_a_dead_letter() {
    let ingest = ingest();
    let id = canary().id;
    let answer = ingest.handle_all(event(&[
        ("m1", r#"{"tenant":"hooklane-canary","type":"hooklane.canary","data":{}}"#),
        ("m2", r#"{"id":"1","detail-type":"a","detail":{"tenant":"hooklane-canary"}}"#),
        (
            "m3",
            &format!(r#"{{"hooklane":{{"canary":"{id}"}},"tenant":"acme","type":"a","data":1}}"#),
        ),
        ("m4", r#"{"hooklane":{"canary":"evt_1"}}"#),
    ]));
    assert_eq!(answer.await.unwrap(), Answer::default());
    let letters = ingest.deps.dead_letters.all_dead_letters();
    assert_eq!(letters.len(), 4, "{letters:?}");
    assert!(letters[..2].iter().all(|letter| letter.reason.contains("reserved for Hooklane")));
    assert!(ingest.deps.events.all_events().is_empty());
}
