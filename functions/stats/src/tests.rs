mod metrics;

use std::time::Duration;

use hooklane_app::deadline::Deadline;
use hooklane_app::fakes::{FakeSystem, Faults, MemoryLedger, MemoryQueues};
use hooklane_app::ports::{
    ActiveTenants as _, ChunkRange, DeliveryStore as _, EventIndex as _, FigureStore as _,
    FiguresOf, Strikes as _,
};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::Delivery;
use hooklane_domain::event_index::{Chunk, Entry};
use hooklane_domain::figures::settled::frontier;
use hooklane_domain::ids::{DeliveryId, WebhookId};
use hooklane_domain::isolation::deaths::{MAX_STRIKES, Suspect, given_up};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{Answer, Batch, Deps, Ports, Stats};

struct Fakes;

impl Ports for Fakes {
    type Ledger = MemoryLedger;
    type DeadLetters = MemoryQueues;
    type System = FakeSystem;
}

const NOW: &str = "2024-01-15T10:30:00Z";
const SAMPLE: &str = include_str!("../../../events/stats.json");

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn stats(faults: &Faults) -> Stats<Fakes> {
    Stats::new(Deps {
        ledger: MemoryLedger::with_faults(faults.clone()),
        dead_letters: MemoryQueues::at(at(NOW), 360).with_faults(faults.clone()),
        system: FakeSystem::at(at(NOW)),
        retention: SignedDuration::from_hours(30 * 24),
    })
}

fn batch(records: &[Value]) -> Batch {
    serde_json::from_value(json!({ "Records": records })).unwrap()
}

fn sample() -> Value {
    let sample: Value = serde_json::from_str(SAMPLE).unwrap();
    sample["Records"][0].clone()
}

/// A record of this tenant's event that was accepted so many milliseconds after the sample's.
fn record(tenant: &str, id: &str, ms: i64, number: usize) -> Value {
    let mut record = sample();
    let change = &mut record["dynamodb"];
    change["SequenceNumber"] = number.to_string().into();
    let image = &mut change["NewImage"];
    image["t"]["S"] = tenant.into();
    image["i"]["S"] = id.into();
    image["a"]["N"] = (at(NOW).as_millisecond() + ms).to_string().into();
    record
}

async fn chunks(stats: &Stats<Fakes>, tenant: &str) -> Vec<Chunk> {
    let tenant = tenant.parse().unwrap();
    let page = stats.ledger.chunks(&tenant, &ChunkRange::default(), 1_000).await.unwrap();
    page.chunks
}

fn ids(chunk: &Chunk) -> Vec<&str> {
    chunk.entries().iter().map(|entry: &Entry| entry.id.as_str()).collect()
}

#[tokio::test]
async fn the_events_of_a_batch_become_one_chunk_for_each_tenant() {
    let stats = stats(&Faults::default());
    let mut records = vec![
        record("acme", "e1", 0, 1),
        record("globex", "g1", 0, 2),
        record("acme", "e2", 5, 3),
        record("acme", "e2", 5, 3),
        record("acme", "old", -11_000, 4),
    ];
    records[2]["dynamodb"]["NewImage"]["c"]["S"] =
        r#"{"type":"user.created","data":{},"test":true}"#.into();
    records[3] = records[2].clone();
    let answer = stats.handle(batch(&records), Deadline::never()).await.unwrap();
    assert_eq!(answer, Answer::default());
    let acme = chunks(&stats, "acme").await;
    assert_eq!(acme.iter().map(ids).collect::<Vec<_>>(), [vec!["e2", "e1"], vec!["old"]]);
    let [newest, older] = acme[0].entries() else { panic!("two events") };
    assert_eq!((newest.event_type.as_str(), newest.test), ("user.created", true));
    assert_eq!((older.event_type.as_str(), older.test), ("order.created", false));
    assert_eq!(older.accepted_at, at(NOW));
    assert_eq!(chunks(&stats, "globex").await.iter().map(ids).collect::<Vec<_>>(), [["g1"]]);
    assert_eq!(stats.ledger.index_calls().0, 3, "three writes for five records");
}

#[tokio::test]
async fn a_thousand_events_of_one_tenant_cost_three_writes() {
    let stats = stats(&Faults::default());
    let records: Vec<_> = (0..1_000).map(|n| record("acme", &format!("e{n}"), n, 0)).collect();
    stats.handle(batch(&records), Deadline::never()).await.unwrap();
    assert_eq!(stats.ledger.index_calls().0, 3);
    stats.handle(batch(&records), Deadline::never()).await.unwrap();
    assert_eq!(chunks(&stats, "acme").await.len(), 3, "a replay changes nothing");
}

#[tokio::test]
async fn the_tenants_of_a_batch_are_noted_as_active_now_and_then() {
    let stats = stats(&Faults::default());
    let records =
        [record("acme", "e1", 0, 1), record("globex", "g1", 0, 2), record("acme", "e2", 1, 3)];
    let notes = async || {
        stats.handle(batch(&records), Deadline::never()).await.unwrap();
        stats.ledger.active_notes()
    };
    assert_eq!((notes().await, notes().await), (2, 2), "once for each tenant");
    stats.system.pass(SignedDuration::from_hours(11));
    assert_eq!(notes().await, 2);
    stats.system.pass(SignedDuration::from_hours(1));
    assert_eq!(notes().await, 4);
    let active = stats.ledger.active(None, 9).await.unwrap();
    assert_eq!(active, ["acme".parse().unwrap(), "globex".parse().unwrap()]);
}

#[tokio::test]
async fn a_tenant_whose_note_failed_is_noted_when_the_batch_comes_again() {
    let faults = Faults::default();
    let stats = stats(&faults);
    for steps in 0..2 {
        faults.die_after(steps);
        let records = [record("acme", "e1", 0, 1)];
        assert!(stats.handle(batch(&records), Deadline::never()).await.is_err());
        faults.revive();
        assert_eq!(stats.ledger.active_notes(), usize::try_from(steps).unwrap());
    }
    stats.handle(batch(&[record("acme", "e1", 0, 1)]), Deadline::never()).await.unwrap();
    assert_eq!((stats.ledger.active_notes(), chunks(&stats, "acme").await.len()), (1, 1));
}

#[tokio::test]
async fn other_changes_of_the_ledger_are_ignored() {
    let stats = stats(&Faults::default());
    let (mut changed, mut delivery) = (sample(), sample());
    changed["eventName"] = "MODIFY".into();
    delivery["dynamodb"]["Keys"]["sk"]["S"] = "DL#000".into();
    stats.handle(batch(&[changed, delivery]), Deadline::never()).await.unwrap();
    assert!(chunks(&stats, "acme").await.is_empty());
    assert!(stats.dead_letters.all_dead_letters().is_empty());
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_dead_lettered_once_the_rest_is_written() {
    let faults = Faults::default();
    let stats = stats(&faults);
    let mut no_content = sample();
    no_content["dynamodb"]["NewImage"]["c"] = json!({ "N": "1" });
    let records = [json!({ "nonsense": true }), no_content, record("acme", "e1", 0, 3)];
    faults.die_after(0);
    assert!(stats.handle(batch(&records), Deadline::never()).await.is_err());
    assert!(stats.dead_letters.all_dead_letters().is_empty());
    faults.revive();
    let answer = stats.handle(batch(&records), Deadline::never()).await.unwrap();
    assert_eq!(answer, Answer::default());
    assert_eq!(chunks(&stats, "acme").await.iter().map(ids).collect::<Vec<_>>(), [["e1"]]);
    let letters = stats.dead_letters.all_dead_letters();
    assert_eq!(letters.len(), 2);
    assert_eq!(letters[0].body, r#"{"nonsense":true}"#);
    assert!(letters.iter().all(|letter| !letter.reason.is_empty()));
}

#[tokio::test]
async fn records_for_which_no_time_is_left_are_handed_back() {
    let stats = stats(&Faults::default());
    let mut records: Vec<_> =
        (0..40).map(|n| record(&format!("tenant-{n}"), "e1", 0, 100 + n)).collect();
    records.push(json!({ "nonsense": true }));
    let soon = Deadline::after(at(NOW), Duration::from_secs(5));
    let answer = stats.handle(batch(&records), soon).await.unwrap();
    let answer = serde_json::to_value(&answer).unwrap();
    assert_eq!(answer, json!({ "batchItemFailures": [{ "itemIdentifier": "116" }] }));
    assert_eq!(stats.ledger.index_calls().0, 16, "the first ones always are begun");
    assert!(stats.dead_letters.all_dead_letters().is_empty(), "that record comes back");
    let answer = stats.handle(batch(&records[16..]), Deadline::never()).await.unwrap();
    assert_eq!(answer, Answer::default());
    assert_eq!(
        (stats.ledger.index_calls().0, stats.dead_letters.all_dead_letters().len()),
        (40, 1)
    );
}

#[tokio::test]
async fn a_record_that_ends_the_function_alone_becomes_a_dead_letter() {
    let stats = stats(&Faults::default());
    stats.system.pass(SignedDuration::from_secs(61));
    let suspect = Suspect::indexing("7");
    let records = [record("acme", "e1", 0, 7)];
    stats.handle(batch(&records), Deadline::never()).await.unwrap();
    assert_eq!(stats.ledger.strikes(&suspect).await.unwrap(), 0, "it did not end the function");
    // As if it had died with each of them.
    for _ in 0..MAX_STRIKES {
        stats.ledger.strike(&suspect, at(NOW)).await.unwrap();
    }
    stats.handle(batch(&records), Deadline::never()).await.unwrap();
    let letters = stats.dead_letters.all_dead_letters();
    assert_eq!((letters.len(), &letters[0].reason), (1, &given_up()));
    assert!(stats.ledger.all_strikes().is_empty());
    let elsewhere = Suspect::record("7");
    assert_ne!(elsewhere, suspect, "fanout counts its own deaths");
}

/// No list of events has a canary, and no figure.
#[tokio::test]
async fn canaries_are_not_indexed() {
    let stats = stats(&Faults::default());
    let records = [record("hooklane-canary", "canary_1", 0, 1), record("acme", "e1", 0, 2)];
    let answer = stats.handle(batch(&records), Deadline::never()).await.unwrap();
    assert_eq!(answer, Answer::default());
    assert!(chunks(&stats, "hooklane-canary").await.is_empty());
    assert_eq!(chunks(&stats, "acme").await.len(), 1);
    assert!(stats.dead_letters.all_dead_letters().is_empty());
}

const RECORDS: &[&str] = &[SAMPLE];

proptest::proptest! {
    /// Lambda would not deliver a batch that is no JSON. In any other damaged batch, each record is indexed,
    /// dead-lettered or ignored: none fails the batch, which would block the shard.
    #[test]
    fn damaged_records_do_not_fail_the_batch(text in hooklane_fuzz::damaged(RECORDS)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let stats = stats(&Faults::default());
            if let Ok(batch) = serde_json::from_str::<Batch>(&text) {
                assert_eq!(stats.handle(batch, Deadline::never()).await.unwrap(), Answer::default());
            }
        });
    }
}

/// A record of a mark, as the stream has it.
fn mark(webhook: &str, number: usize) -> Value {
    let mut record = sample();
    record["eventName"] = "MODIFY".into();
    let change = &mut record["dynamodb"];
    change["SequenceNumber"] = number.to_string().into();
    let keys = json!({"pk": {"S": format!("ST#{webhook}")}, "sk": {"S": "MARK"}});
    change["Keys"] = keys.clone();
    change["NewImage"] = keys;
    change["NewImage"]["t"] = json!({"S": "acme"});
    record
}

#[tokio::test]
async fn a_marked_webhook_is_settled_and_a_mark_never_fails_a_batch() {
    let faults = Faults::default();
    let stats = stats(&faults);
    let webhook = WebhookId::new(at(NOW), 1);
    for n in 0..200 {
        let id =
            DeliveryId::new(webhook, at("2024-01-15T10:20:00Z"), format!("e{n}").parse().unwrap());
        let fresh = Delivery::unwritten(id, "acme".parse().unwrap(), "a".parse().unwrap());
        stats.ledger.save(&fresh).await.unwrap();
    }
    let records = [record("acme", "e1", 0, 1), mark(&webhook.to_string(), 2), mark("nobody", 3)];
    // The chunk and the note of its tenant are two calls; everything after them fails.
    faults.die_after(2);
    let answer = stats.handle(batch(&records), Deadline::never()).await.unwrap();
    assert_eq!(answer, Answer::default(), "the events are listed");
    assert!(faults.died(), "settling failed");
    faults.revive();
    assert_eq!(stats.ledger.progress(&FiguresOf::Webhook(webhook)).await.unwrap(), None);

    stats.handle(batch(&records), Deadline::never()).await.unwrap();
    let progress = stats.ledger.progress(&FiguresOf::Webhook(webhook)).await.unwrap().unwrap();
    assert_eq!(progress.until, frontier(at(NOW)));
    assert_eq!(stats.ledger.figure_calls().1, 2, "an hour, and the progress");
    // The same mark again, and one without time to settle.
    stats.handle(batch(&records), Deadline::never()).await.unwrap();
    let late = Deadline::after(at(NOW), Duration::ZERO);
    stats.handle(batch(&records[1..]), late).await.unwrap();
    assert_eq!(stats.ledger.figure_calls().1, 2, "nothing is new");
}
