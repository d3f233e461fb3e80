use std::collections::BTreeMap;

use hooklane_domain::dead_letter::{Errand, Letter, Source};
use hooklane_domain::delivery::waiting::Lane;

use crate::ports::{Backlog, LetterBox, Ran, RunErrand, WorkQueue};

/// What the checks need beside the ports. The queues are theirs alone, and empty.
pub trait PostOffice {
    /// Puts a letter into a queue: with a reason as functions do, without one as AWS does.
    fn put(
        &self,
        source: Source,
        body: &str,
        reason: Option<&str>,
        group: Option<&str>,
    ) -> impl Future<Output = ()>;

    /// What has arrived in the queues to which letters are sent again, in any order.
    fn arrived(&self) -> impl Future<Output = Vec<Errand>>;
}

/// Letters are handed out, hidden, given back, deleted and sent again.
pub async fn letters<O: LetterBox + RunErrand + Backlog + PostOffice>(office: &O) {
    letters_say_what_they_are(office).await;
    taken_letters_are_hidden_until_they_are_given_back(office).await;
    a_discarded_letter_is_gone(office).await;
    records_name_their_event(office).await;
    errands_arrive(office).await;
}

/// Takes letters until so many have come, or for a while none.
#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn take<O: LetterBox>(office: &O, source: Source, wanted: usize) -> Vec<Letter> {
    let mut taken = BTreeMap::new();
    for _ in 0..20 {
        let some = office.take_letters(source, 60).await.unwrap();
        assert!(some.len() <= 10, "ten at once");
        taken.extend(some.into_iter().map(|letter| (letter.id.clone(), letter)));
        if taken.len() >= wanted {
            break;
        }
    }
    taken.into_values().collect()
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn letters_say_what_they_are<O: LetterBox + PostOffice>(office: &O) {
    office.put(Source::Events, "{\"a\":1}", Some("type: is required"), None).await;
    office.put(Source::Events, "moved", None, Some("group")).await;
    let letters = take(office, Source::Events, 2).await;
    let of = |body: &str| letters.iter().find(|letter| letter.body == body).unwrap();
    let put = of("{\"a\":1}");
    assert_eq!(put.reason.as_deref(), Some("type: is required"));
    assert_eq!((put.receives, &put.event), (1, &None));
    let moved = of("moved");
    assert_eq!(moved.reason, None);
    assert_eq!(moved.group.as_deref(), Some("group"));
    for letter in &letters {
        office.discard(Source::Events, &letter.receipt_handle).await.unwrap();
    }
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn taken_letters_are_hidden_until_they_are_given_back<O: LetterBox + PostOffice>(office: &O) {
    let source = Source::Deliveries;
    for n in 0..13 {
        office.put(source, &format!("letter {n}"), Some("is corrupt"), None).await;
    }
    let first = take(office, source, 13).await;
    assert_eq!(first.len(), 13);
    assert!(office.take_letters(source, 60).await.unwrap().is_empty(), "they are hidden");
    assert!(office.take_letters(Source::Upkeep, 60).await.unwrap().is_empty(), "another queue");
    let mut counted = false;
    // SQS counts approximately, and late.
    for _ in 0..60 {
        counted = office.letter_count(source).await.unwrap().hidden == 13;
        if counted {
            break;
        }
        // This takes a second on a real queue.
        office.take_letters(Source::Upkeep, 60).await.unwrap();
    }
    assert!(counted, "what is taken counts as hidden");
    let handles: Vec<_> = first.iter().map(|letter| letter.receipt_handle.clone()).collect();
    office.give_back(source, &handles).await.unwrap();
    let again = take(office, source, 13).await;
    let ids = |letters: &[Letter]| letters.iter().map(|l| l.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&again), ids(&first), "the same letters have the same ids");
    assert!(again.iter().all(|letter| letter.receives == 2), "and were handed out twice");
    for letter in &again {
        office.discard(source, &letter.receipt_handle).await.unwrap();
    }
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn a_discarded_letter_is_gone<O: LetterBox + PostOffice>(office: &O) {
    let source = Source::Upkeep;
    office.put(source, "one", Some("refused"), None).await;
    let letters = take(office, source, 1).await;
    let handle = letters[0].receipt_handle.clone();
    office.discard(source, &handle).await.unwrap();
    office.give_back(source, &[handle]).await.unwrap();
    assert!(office.take_letters(source, 60).await.unwrap().is_empty());
}

async fn records_name_their_event<O: LetterBox + PostOffice>(office: &O) {
    let record = r#"{"eventName":"INSERT","dynamodb":{"Keys":{"pk":{"S":"EV#acme#e1"},"sk":{"S":"EVENT"}}}}"#;
    for (body, named) in [
        (record, true),
        (&record.replace("EV#", "ST#"), false),
        (r#"{"DDBStreamBatchInfo":{}}"#, false),
        ("nonsense", false),
    ] {
        office.put(Source::Fanout, body, Some("is corrupt"), None).await;
        let letters = take(office, Source::Fanout, 1).await;
        let event =
            letters[0].event.as_ref().map(|(tenant, event)| (tenant.as_str(), event.as_str()));
        assert_eq!(event, named.then_some(("acme", "e1")), "{body}");
    }
}

#[expect(clippy::unwrap_used, reason = "a check that fails panics")]
async fn errands_arrive<O: LetterBox + RunErrand + Backlog + PostOffice>(office: &O) {
    let group = Some("wh_1".to_owned());
    let errands = [
        Errand::Publish("an event".to_owned()),
        Errand::Deliver { lane: Lane::Fast, body: "fast".to_owned(), group: group.clone() },
        Errand::Deliver { lane: Lane::Slow, body: "slow".to_owned(), group },
        Errand::Deliver { lane: Lane::Slow, body: "no group".to_owned(), group: None },
    ];
    for errand in &errands {
        assert_eq!(office.run_errand(errand).await.unwrap(), Ran::Done);
    }
    for (queue, count) in [(WorkQueue::Events, 1), (WorkQueue::Delivery, 1), (WorkQueue::Retry, 2)]
    {
        let mut counted = 0;
        // SQS counts approximately, and late.
        for _ in 0..60 {
            counted = office.backlog(queue).await.unwrap().visible;
            if counted == count {
                break;
            }
            // This takes a second on a real queue.
            office.take_letters(Source::Upkeep, 60).await.unwrap();
        }
        assert_eq!(counted, count, "{queue:?}");
    }
    let mut arrived = Vec::new();
    for _ in 0..20 {
        arrived.extend(office.arrived().await);
        if arrived.len() >= errands.len() {
            break;
        }
    }
    for errand in &errands {
        assert!(arrived.contains(errand), "{errand:?} is not in {arrived:?}");
    }
}
