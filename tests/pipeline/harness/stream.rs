//! The ledger's stream: shards of records, handed out in batches until each is done, and now and then
//! once more.

use std::sync::Mutex;

use hooklane_domain::event::Event;
use serde_json::json;

use super::chance::Chance;
use super::journal::Journal;
use super::weather::Weather;

const SHARDS: usize = 3;
/// As in `template.yaml`.
const MOST: usize = 100;

#[derive(Default)]
pub(crate) struct Stream(Mutex<[Shard; SHARDS]>);

#[derive(Default)]
struct Shard {
    records: Vec<String>,
    /// What is before it is done.
    done: usize,
    /// How much is handed out next: halved where a batch failed (`BisectBatchOnFunctionError`).
    size: Option<usize>,
}

/// A part of a shard.
#[derive(Debug, Clone)]
pub(crate) struct Slice {
    shard: usize,
    from: usize,
    /// A replay moves nothing on.
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

    /// What each shard hands out now: what comes next, and perhaps what came before.
    pub(crate) fn look(&self, chance: &Chance, weather: Weather, journal: &Journal) -> Vec<Slice> {
        let shards = self.0.lock().unwrap();
        let mut slices = Vec::new();
        for (number, shard) in shards.iter().enumerate() {
            let left = shard.records.len() - shard.done;
            if left > 0 {
                let size = shard.size.unwrap_or(MOST).min(left);
                slices.push(shard.slice(number, shard.done, size, false));
            }
            if shard.done > 0 && chance.happens(weather.replays) {
                let from = chance.below(shard.done);
                let size = (1 + chance.below(20)).min(shard.done - from);
                journal.count("replayed: stream batch");
                slices.push(shard.slice(number, from, size, true));
            }
        }
        slices
    }

    /// What Lambda does after an answer: `failed` are the sequence numbers it named, or `None` where
    /// the whole batch failed. *AWS Lambda Developer Guide*, "Using AWS Lambda with Amazon DynamoDB":
    /// the lowest one is where it goes on.
    pub(crate) fn answered(&self, slice: &Slice, failed: Option<&[String]>) {
        if slice.replayed {
            return;
        }
        let shard = &mut self.0.lock().unwrap()[slice.shard];
        let count = slice.records.len();
        match failed {
            None => shard.size = Some((count / 2).max(1)),
            Some(named) => {
                let lowest = named.iter().map(|n| n.parse::<usize>().unwrap()).min();
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

/// The item as `hooklane-aws` writes it, in the stream's JSON (`events/fanout.json` is one).
fn record(event: &Event, number: usize) -> String {
    let pk = format!("EV#{}#{}", event.tenant, event.id);
    json!({
        "eventName": "INSERT",
        "dynamodb": {
            "Keys": { "pk": { "S": pk }, "sk": { "S": "EVENT" } },
            "SequenceNumber": number.to_string(),
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
