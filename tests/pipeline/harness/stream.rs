//! The ledger's stream: shards of records, delivered in batches until each batch succeeds. Old records are
//! sometimes replayed.

use std::sync::Mutex;

use hooklane_domain::event::Event;
use serde_json::json;

use super::chance::Chance;
use super::fault_rates::FaultRates;
use super::journal::Journal;

const SHARDS: usize = 3;
/// The batch size, as in `template.yaml`.
const BATCH: usize = 100;

#[derive(Default)]
pub(crate) struct Stream(Mutex<[Shard; SHARDS]>);

#[derive(Default)]
struct Shard {
    records: Vec<String>,
    /// The number of records that are done.
    done: usize,
    /// The size of the next batch: half of a batch that failed (`BisectBatchOnFunctionError`).
    size: Option<usize>,
}

/// A batch: consecutive records of a shard.
#[derive(Debug, Clone)]
pub(crate) struct Slice {
    shard: usize,
    from: usize,
    /// Whether it is a replay, whose result does not move the shard's position.
    replayed: bool,
    pub(crate) records: Vec<String>,
}

impl Stream {
    pub(crate) fn inserted(&self, event: &Event) {
        let mut shards = self.0.lock().unwrap();
        let shard = usize::from(event.id.as_str().bytes().last().unwrap_or_default()) % SHARDS;
        let number = shards[shard].records.len();
        shards[shard].records.push(record(event, number));
    }

    pub(crate) fn is_drained(&self) -> bool {
        self.0.lock().unwrap().iter().all(|shard| shard.done == shard.records.len())
    }

    /// The next batch of each shard, and sometimes a replay.
    pub(crate) fn next(&self, chance: &Chance, rates: FaultRates, journal: &Journal) -> Vec<Slice> {
        let shards = self.0.lock().unwrap();
        let mut slices = Vec::new();
        for (number, shard) in shards.iter().enumerate() {
            let left = shard.records.len() - shard.done;
            if left > 0 {
                let size = shard.size.unwrap_or(BATCH).min(left);
                slices.push(shard.slice(number, shard.done, size, false));
            }
            if shard.done > 0 && chance.happens(rates.replays) {
                let from = chance.below(shard.done);
                let size = (1 + chance.below(20)).min(shard.done - from);
                journal.count("replayed: stream batch");
                slices.push(shard.slice(number, from, size, true));
            }
        }
        slices
    }

    /// What Lambda does after an answer. `failed` holds the sequence numbers that the answer names, or is
    /// `None` if the whole batch failed. Lambda continues at the lowest failed number (*AWS Lambda Developer
    /// Guide*, "Using AWS Lambda with Amazon DynamoDB").
    pub(crate) fn answered(&self, slice: &Slice, failed: Option<&[String]>) {
        if slice.replayed {
            return;
        }
        let shard = &mut self.0.lock().unwrap()[slice.shard];
        let count = slice.records.len();
        match failed {
            None => shard.size = Some((count / 2).max(1)),
            Some(failed) => {
                let lowest = failed.iter().map(|n| n.parse::<usize>().unwrap()).min();
                shard.done = lowest.unwrap_or(slice.from + count);
                shard.size = None;
            }
        }
    }
}

impl Shard {
    fn slice(&self, shard: usize, from: usize, size: usize, replayed: bool) -> Slice {
        Slice { shard, from, replayed, records: self.records[from..from + size].to_vec() }
    }
}

/// The stream record of an event's item, as `hooklane-aws` writes it. `events/fanout.json` is a sample.
fn record(event: &Event, number: usize) -> String {
    let pk = format!("EV#{}#{}", event.tenant, event.id);
    json!({
        "eventName": "INSERT",
        "dynamodb": {
            "Keys": { "pk": { "S": pk }, "sk": { "S": "EVENT" } },
            "SequenceNumber": number.to_string(),
            "ApproximateCreationDateTime": event.accepted_at.as_second(),
            "NewImage": {
                "pk": { "S": pk },
                "sk": { "S": "EVENT" },
                "t": { "S": event.tenant.as_str() },
                "i": { "S": event.id.as_str() },
                "a": { "N": event.accepted_at.as_millisecond().to_string() },
                "f": { "S": event.content.fingerprint().to_hex() },
                "c": { "S": serde_json::to_string(&event.content).unwrap() },
                "expiresAt": { "N": "4102444800" },
            },
        },
    })
    .to_string()
}
