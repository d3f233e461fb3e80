//! The ledger's stream: shards of records, delivered in batches until each batch succeeds. Old records are
//! sometimes replayed. Each of its readers has its own position.

use std::sync::Mutex;

use hooklane_domain::event::Event;
use hooklane_domain::ids::{TenantId, WebhookId};
use serde::de::DeserializeOwned;
use serde_json::json;

use super::chance::Chance;
use super::fault_rates::FaultRates;
use super::journal::Journal;

const SHARDS: usize = 3;

/// A function that reads the stream, by a mapping of its own with positions of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    Fanout,
    Stats,
}

impl Reader {
    const ALL: [Self; 2] = [Self::Fanout, Self::Stats];

    /// The batch size, as in `template.yaml`.
    fn batch(self) -> usize {
        match self {
            Self::Fanout => 100,
            Self::Stats => 1_000,
        }
    }
}

#[derive(Default)]
pub(crate) struct Stream(Mutex<[Shard; SHARDS]>);

#[derive(Default)]
struct Shard {
    records: Vec<String>,
    /// In the order of [`Reader::ALL`].
    positions: [Position; Reader::ALL.len()],
}

/// How far a reader is in a shard.
#[derive(Default, Clone, Copy)]
struct Position {
    /// The number of records that are done.
    done: usize,
    /// The size of the next batch: half of a batch that failed (`BisectBatchOnFunctionError`).
    size: Option<usize>,
}

/// A batch: consecutive records of a shard.
#[derive(Debug, Clone)]
pub(crate) struct Slice {
    reader: Reader,
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

    /// Adds the record of a webhook's mark.
    pub(crate) fn marked(&self, tenant: &TenantId, webhook: WebhookId) {
        let mut shards = self.0.lock().unwrap();
        let shard = usize::from(webhook.to_string().bytes().last().unwrap_or_default()) % SHARDS;
        let number = shards[shard].records.len();
        let pk = format!("ST#{webhook}");
        let record = json!({
            "eventName": "MODIFY",
            "dynamodb": {
                "Keys": { "pk": { "S": pk }, "sk": { "S": "MARK" } },
                "SequenceNumber": number.to_string(),
                "NewImage": {
                    "pk": { "S": pk },
                    "sk": { "S": "MARK" },
                    "t": { "S": tenant.as_str() },
                },
            },
        });
        shards[shard].records.push(record.to_string());
    }

    /// Adds a record again, as the last one of its shard.
    pub(crate) fn put_back(&self, record: &str) {
        let mut record: serde_json::Value = serde_json::from_str(record).unwrap();
        let records = &mut self.0.lock().unwrap()[0].records;
        record["dynamodb"]["SequenceNumber"] = json!(records.len().to_string());
        records.push(record.to_string());
    }

    pub(crate) fn is_drained(&self) -> bool {
        let shards = self.0.lock().unwrap();
        shards.iter().all(|shard| shard.positions.iter().all(|at| at.done == shard.records.len()))
    }

    /// The next batch of each shard, and sometimes a replay.
    pub(crate) fn next(
        &self,
        reader: Reader,
        chance: &Chance,
        rates: FaultRates,
        journal: &Journal,
    ) -> Vec<Slice> {
        let shards = self.0.lock().unwrap();
        let mut slices = Vec::new();
        for (number, shard) in shards.iter().enumerate() {
            let Position { done, size } = shard.positions[reader as usize];
            let left = shard.records.len() - done;
            if left > 0 {
                let size = size.unwrap_or(reader.batch()).min(left);
                slices.push(shard.slice((reader, number), done, size, false));
            }
            if done > 0 && chance.happens(rates.replays) {
                let from = chance.below(done);
                let size = (1 + chance.below(20)).min(done - from);
                journal.count("replayed: stream batch");
                slices.push(shard.slice((reader, number), from, size, true));
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
        let shards = &mut self.0.lock().unwrap();
        let position = &mut shards[slice.shard].positions[slice.reader as usize];
        let count = slice.records.len();
        match failed {
            None => position.size = Some((count / 2).max(1)),
            Some(failed) => {
                let lowest = failed.iter().map(|n| n.parse::<usize>().unwrap()).min();
                position.done = lowest.unwrap_or(slice.from + count);
                position.size = None;
            }
        }
    }
}

impl Slice {
    /// The batch as a function receives it.
    pub(crate) fn batch<B: DeserializeOwned>(&self) -> B {
        let text = format!(r#"{{"Records":[{}]}}"#, self.records.join(","));
        serde_json::from_str(&text).unwrap()
    }
}

impl Shard {
    fn slice(
        &self,
        (reader, shard): (Reader, usize),
        from: usize,
        size: usize,
        replayed: bool,
    ) -> Slice {
        Slice { reader, shard, from, replayed, records: self.records[from..from + size].to_vec() }
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
