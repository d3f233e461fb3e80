mod canary;
mod deaths;
mod faults;
mod field;
mod metrics;
mod spans;

use std::marker::PhantomData;
use std::sync::Mutex;

use aws_lambda_events::event::sqs::SqsEvent;
use hooklane_app::catalog::EventCatalog;
use hooklane_app::deadline::Deadline;
use hooklane_app::fakes::{FakeSystem, Gatherers, MemoryLedger, MemoryQueues, MemoryRegistry};
use hooklane_app::ports::{
    Corrupt, EventStore, EventTypeStore as _, Gathering, HideMessage, Put, Strikes,
    TenantStore as _, Unavailable,
};
use hooklane_aws::sqs_batch::Answer;
use hooklane_catalog::{Definition, Owner, Schema};
use hooklane_domain::Timestamp;
use hooklane_domain::access::tenant::{TenantDefaults, TenantSettings, Tombstone};
use hooklane_domain::event::Event;
use hooklane_domain::ids::{EventId, TenantId};
use hooklane_domain::isolation::deaths::Suspect;
use hooklane_domain::json::RawJson;
use jiff::SignedDuration;

use crate::{Deps, Ingest, InvalidRecord, Ports};

/// The fakes, over one ledger or another.
struct Fakes<E = MemoryLedger>(PhantomData<E>);

impl<E: EventStore + Gathering + Strikes> Ports for Fakes<E> {
    type Events = E;
    type Registry = MemoryRegistry;
    type DeadLetters = MemoryQueues;
    type Queue = Hidden;
    type System = FakeSystem;
}

/// The event queue: notes what is hidden and for how long, after as many failed calls as it is told.
#[derive(Default)]
struct Hidden {
    messages: Mutex<Vec<(String, u32)>>,
    failing: Mutex<u32>,
}

impl HideMessage for Hidden {
    async fn hide(&self, receipt_handle: &str, seconds: u32) -> Result<(), Unavailable> {
        let mut failing = self.failing.lock().unwrap();
        if *failing > 0 {
            *failing -= 1;
            return Err(Unavailable::new("ChangeMessageVisibility", "no answer"));
        }
        self.messages.lock().unwrap().push((receipt_handle.to_owned(), seconds));
        Ok(())
    }
}

type Fake = Ingest<Fakes>;

/// The types of every platform guide.
fn every_guide() -> TenantDefaults {
    TenantDefaults { catalog: Some("default".parse().unwrap()), ..TenantDefaults::default() }
}

fn over<E: EventStore + Gathering + Strikes>(events: E) -> Ingest<Fakes<E>> {
    let now: Timestamp = "2024-01-15T10:30:00Z".parse().unwrap();
    Ingest::new(Deps {
        events,
        registry: MemoryRegistry::default(),
        catalog: EventCatalog::with_defaults(hooklane_bundled_catalogs::load(), every_guide()),
        dead_letters: MemoryQueues::at(now, 30),
        queue: Hidden::default(),
        system: FakeSystem::at(now),
    })
}

fn ingest() -> Fake {
    over(MemoryLedger::default())
}

fn event(bodies: &[(&str, &str)]) -> SqsEvent {
    let records: Vec<_> = bodies
        .iter()
        .map(|(id, body)| serde_json::json!({ "messageId": id, "body": body }))
        .collect();
    serde_json::from_value(serde_json::json!({ "Records": records })).unwrap()
}

impl<E: EventStore + Gathering + Strikes> Ingest<Fakes<E>> {
    async fn handle_all(&self, event: SqsEvent) -> Result<Answer, InvalidRecord> {
        self.handle(event, Deadline::never()).await
    }
}

async fn stored(ingest: &Fake, id: &str) -> bool {
    let tenant = "acme".parse().unwrap();
    ingest.deps.events.get(&tenant, &id.parse().unwrap()).await.unwrap().is_some()
}

#[tokio::test]
async fn the_sample_of_the_readme_is_accepted() {
    let sample = include_str!("../../../events/ingest.json");
    let ingest = ingest();
    let answer =
        ingest.handle(serde_json::from_str(sample).unwrap(), Deadline::never()).await.unwrap();
    assert_eq!(answer, Answer::default());
    assert!(ingest.deps.dead_letters.all_dead_letters().is_empty());
    assert!(stored(&ingest, "order-1001-created").await);
}

#[tokio::test]
async fn bad_messages_are_dead_lettered_with_their_reason_and_the_others_are_accepted() {
    let ingest = ingest();
    let same = r#"{"id":"e1","tenant":"acme","type":"user.created","data":{"a":1}}"#;
    let other = r#"{"id":"e1","tenant":"acme","type":"user.created","data":{"a":2}}"#;
    let answer = ingest
        .handle_all(event(&[
            ("m1", same),
            ("m2", "not json"),
            ("m3", r#"{"tenant":"acme"}"#),
            ("m4", same),
            ("m5", other),
            ("m6", r#"{"tenant":"acme","type":"user.deleted","data":{}}"#),
        ]))
        .await
        .unwrap();
    assert_eq!(answer, Answer::default());
    let letters = ingest.deps.dead_letters.all_dead_letters();
    let reasons: Vec<_> = letters.iter().map(|letter| letter.reason.as_str()).collect();
    assert_eq!(letters.len(), 3, "{reasons:?}");
    assert!(reasons[0].starts_with("is not valid JSON"), "{reasons:?}");
    assert_eq!(reasons[1], "type: is required; data: is required");
    assert!(reasons[2].contains("with other content"), "{reasons:?}");
    assert!(stored(&ingest, "e1").await && stored(&ingest, "msg_m6").await);
}

#[tokio::test]
async fn a_redelivered_message_without_an_id_adds_no_second_event() {
    let ingest = ingest();
    let body = r#"{"tenant":"acme","type":"user.created","data":{}}"#;
    for _ in 0..2 {
        let answer = ingest.handle(event(&[("m1", body)]), Deadline::never()).await.unwrap();
        assert_eq!(answer, Answer::default());
    }
    assert!(ingest.deps.dead_letters.all_dead_letters().is_empty());
    assert!(stored(&ingest, "msg_m1").await);
}

/// The fakes never wait, so the first event would be stored before the second message is begun.
#[tokio::test]
async fn all_messages_of_a_batch_are_gathered_before_the_first_is_begun() {
    let ingest = ingest();
    let body = r#"{"tenant":"acme","type":"user.created","data":{}}"#;
    let batch = event(&[("m1", body), ("m2", "not json"), ("m3", body)]);
    ingest.handle_all(batch).await.unwrap();
    assert_eq!(ingest.deps.events.gatherers(), Gatherers { now: 0, most: 3 });
}

#[tokio::test]
async fn a_record_without_an_id_fails_the_batch() {
    let event = serde_json::from_str(r#"{"Records":[{"body":"{}"}]}"#).unwrap();
    assert!(ingest().handle(event, Deadline::never()).await.is_err());
}

/// A ledger whose events cannot be read, or that cannot be reached.
struct Faulty {
    corrupt: bool,
}

impl Gathering for Faulty {}

impl EventStore for Faulty {
    async fn put(&self, _: &Event) -> Result<Put, Unavailable> {
        let cause = Corrupt { what: "an event".to_owned(), why: "a test".to_owned() };
        Err(if self.corrupt {
            Unavailable::new("reading an event", cause)
        } else {
            Unavailable::new("reading an event", "throttled")
        })
    }

    async fn get(&self, _: &TenantId, _: &EventId) -> Result<Option<Event>, Unavailable> {
        Ok(None)
    }
}

impl Strikes for Faulty {
    async fn strikes(&self, _: &Suspect) -> Result<u32, Unavailable> {
        Ok(0)
    }

    async fn strike(&self, _: &Suspect, _: Timestamp) -> Result<u32, Unavailable> {
        Ok(1)
    }

    async fn forgive(&self, _: &Suspect) -> Result<(), Unavailable> {
        Ok(())
    }
}

#[tokio::test]
async fn a_corrupt_event_is_dead_lettered_and_a_transient_fault_leaves_the_message() {
    for (corrupt, staying, dead_lettered) in [(true, 0, 1), (false, 1, 0)] {
        let ingest = over(Faulty { corrupt });
        let body = r#"{"id":"e1","tenant":"acme","type":"user.created","data":{}}"#;
        let answer = ingest.handle(event(&[("m1", body)]), Deadline::never()).await.unwrap();
        assert_eq!(
            (answer.staying(), ingest.deps.dead_letters.all_dead_letters().len()),
            (staying, dead_lettered)
        );
    }
}

const BODIES: &[&str] = &[
    r#"{"id":"e1","tenant":"acme","type":"user.created","data":{"a":1}}"#,
    r#"{"id":"6f1","detail-type":"order.created","detail":{"tenant":"acme","data":{}}}"#,
    r#"{"Type":"Notification","MessageId":"22b80b92","TopicArn":"arn:aws:sns:us-east-1:1:orders","Message":"{\"tenant\":\"acme\",\"type\":\"a\",\"data\":1}"}"#,
];

proptest::proptest! {
    /// A message is accepted or dead-lettered with its reason, whatever it contains. It never stays.
    #[test]
    fn damaged_messages_never_stay(body in hooklane_fuzz::damaged(BODIES)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let ingest = ingest();
            let answer = ingest.handle(event(&[("m1", &body)]), Deadline::never()).await.unwrap();
            assert_eq!(answer, Answer::default());
            assert!(ingest.deps.dead_letters.all_dead_letters().iter().all(|b| !b.reason.is_empty()));
        });
    }
}

#[tokio::test]
async fn what_a_strict_tenant_does_not_expect_is_dead_lettered_with_its_paths() {
    let ingest = ingest();
    let settings = TenantSettings { strict: true, ..TenantSettings::default() };
    ingest.deps.registry.set_settings(&"acme".parse().unwrap(), &settings, None).await.unwrap();
    let answer = ingest
        .handle_all(event(&[
            ("m1", r#"{"tenant":"acme","type":"task.created","data":{"taskId":"1","title":"T"}}"#),
            ("m2", r#"{"tenant":"acme","type":"task.created","data":{"taskId":7,"secret":"x"}}"#),
            ("m3", r#"{"tenant":"acme","type":"task.crated","data":{}}"#),
            ("m4", r#"{"tenant":"other","type":"task.crated","data":{}}"#),
        ]))
        .await
        .unwrap();
    assert_eq!(answer, Answer::default());
    let letters = ingest.deps.dead_letters.all_dead_letters();
    // What is judged beside the thread ends later.
    let mut reasons: Vec<_> = letters.iter().map(|letter| letter.reason.as_str()).collect();
    reasons.sort_unstable();
    assert_eq!(
        reasons,
        [
            "data.title: is required; data.taskId: must be of type string",
            "type: is not a known event type; did you mean task.created or task.updated?; \
             to add it, PUT /event-types/task.crated with a body such as {\"sample\": {\"id\": \"1\"}}",
        ]
    );
    assert!(stored(&ingest, "msg_m1").await);
    let (other, id) = ("other".parse().unwrap(), "msg_m4".parse().unwrap());
    assert!(
        ingest.deps.events.get(&other, &id).await.unwrap().is_some(),
        "this tenant is not strict"
    );
}

/// Schemas that an earlier version accepted. They are not run, and the neighbour's event is accepted.
#[tokio::test]
async fn finding_03_a_stored_schema_over_the_limits_refuses_its_events_alone() {
    let ingest = ingest();
    let settings = TenantSettings { strict: true, ..TenantSettings::default() };
    let acme: TenantId = "acme".parse().unwrap();
    ingest.deps.registry.set_settings(&acme, &settings, None).await.unwrap();
    let patterns: Vec<_> =
        (0..40).map(|n| format!(r#"{{"pattern":"[a-q][^u-z]{{13}}x{n}"}}"#)).collect();
    let slow = format!(r#"{{"allOf":[{}]}}"#, patterns.join(","));
    let recursive = r##"{"$ref":"#/$defs/x%41","$defs":{"x%41":{},"xA":{"anyOf":[{"$ref":"#/$defs/x%41"},{"$ref":"#/$defs/x%41"}]}}}"##;
    for (name, schema) in [("slow", slow.as_str()), ("recursive", recursive)] {
        let definition = Definition {
            category: "a".to_owned(),
            description: "b".to_owned(),
            sample: RawJson::parse("1").unwrap(),
            schema: Schema::from_stored(RawJson::parse(schema).unwrap()),
        };
        let owner = Owner::Tenant(acme.clone());
        let name = name.parse().unwrap();
        ingest.deps.registry.put_event_type(&owner, &name, &definition, None).await.unwrap();
    }
    let long = format!(r#"{{"tenant":"acme","type":"slow","data":"{}"}}"#, "a".repeat(250_000));
    let answer = ingest
        .handle_all(event(&[
            ("m1", &long),
            ("m2", r#"{"tenant":"acme","type":"recursive","data":1}"#),
            ("m3", r#"{"tenant":"other","type":"slow","data":1}"#),
        ]))
        .await
        .unwrap();
    assert_eq!(answer, Answer::default());
    let letters = ingest.deps.dead_letters.all_dead_letters();
    let mut reasons: Vec<_> = letters.iter().map(|letter| letter.reason.as_str()).collect();
    reasons.sort_unstable();
    assert_eq!(reasons.len(), 2, "{reasons:?}");
    for (reason, why) in reasons.iter().zip(["percent-encoding", "at most"]) {
        assert!(reason.starts_with("type: has a schema that can no longer be used: "), "{reason}");
        assert!(reason.contains(why), "{reason}");
    }
    let (other, id) = ("other".parse().unwrap(), "msg_m3".parse().unwrap());
    assert!(ingest.deps.events.get(&other, &id).await.unwrap().is_some());
}

#[tokio::test]
async fn finding_10_an_event_of_a_removed_tenant_is_dead_lettered_with_the_time_of_its_reuse() {
    let ingest = ingest();
    let (registry, acme) = (&ingest.deps.registry, "acme".parse().unwrap());
    let body = |id: &str| format!(r#"{{"tenant":"acme","id":"{id}","type":"a.b","data":1}}"#);
    let receive = async |id: &str| {
        let answer = ingest.handle_all(event(&[("m1", &body(id))])).await.unwrap();
        assert_eq!(answer, Answer::default());
    };
    receive("before").await;
    assert!(stored(&ingest, "before").await);

    let reusable_from = "2024-02-21T10:30:00Z".parse().unwrap();
    let tombstone = Tombstone { reusable_from, emptied: false };
    registry.bury(&acme, tombstone).await.unwrap();
    assert!(registry.clear(&acme).await.unwrap());
    // The settings that were read before the removal may be used for five seconds.
    ingest.deps.system.pass(SignedDuration::from_secs(5));
    receive("after").await;
    assert!(!stored(&ingest, "after").await);
    let letters = ingest.deps.dead_letters.all_dead_letters();
    let reasons: Vec<_> = letters.iter().map(|letter| letter.reason.as_str()).collect();
    let reason = "the tenant acme was removed; its id can be used again from 2024-02-21T10:30:00Z, \
                  when everything of it has expired";
    assert_eq!(reasons, [reason]);

    ingest.deps.system.pass(SignedDuration::from_hours(37 * 24));
    receive("anew").await;
    assert!(stored(&ingest, "anew").await, "from then on the id is as new");
}
