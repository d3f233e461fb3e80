//! The ledger's stream, as the functions that read it receive and answer it.

use std::time::Duration;

use hooklane_app::ports::Unavailable;
use hooklane_domain::Timestamp;
use hooklane_domain::event::Event;
use hooklane_domain::ids::{EventId, TenantId, WebhookId};
use hooklane_domain::isolation::deaths::RECORD_IS_OLD;
use hooklane_domain::json::position;
use hooklane_domain::time::later;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::ledger::keys::{MARK, event_of_key};
use crate::ledger::{EventRecord, marked};

/// A batch as Lambda delivers it. Each record is read on its own, so that a bad one does not affect the
/// others.
#[derive(Debug, Deserialize)]
pub struct Batch {
    #[serde(rename = "Records")]
    pub records: Vec<Box<RawValue>>,
}

impl Batch {
    /// The sequence number of the record of a batch that has no other, if it is old. A batch that ends its
    /// function is halved until it looks like this. A batch of several records, or a young one, is as good
    /// as never halved.
    #[must_use]
    pub fn old_record_alone(&self, now: Timestamp) -> Option<String> {
        let [raw] = self.records.as_slice() else { return None };
        let place = place(raw);
        let is_old = later(place.created_at?, RECORD_IS_OLD) < now;
        place.sequence_number.filter(|_| is_old)
    }
}

/// What a record is about.
#[derive(Debug)]
pub enum Record {
    NewEvent(Box<Event>),
    /// A webhook that has many deliveries was marked.
    Mark {
        tenant: TenantId,
        webhook: WebhookId,
    },
    /// Another change of the ledger. The filter of the event source mapping lets few of those through.
    Other,
}

/// A record that can never be processed.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    #[error("not a record of a DynamoDB stream ({0})")]
    Shape(String),
    #[error("the record of a new event has no new image")]
    NoImage,
    #[error("{0}")]
    Event(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StreamRecord {
    event_name: String,
    dynamodb: Change,
}

/// Where a record stands in its shard, and since when. Both are missing only in what no stream sends.
#[derive(Debug, Default)]
pub struct Place {
    pub sequence_number: Option<String>,
    pub created_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct PlacedRecord {
    dynamodb: Position,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Position {
    sequence_number: Option<String>,
    /// In Unix seconds, with or without a fraction.
    approximate_creation_date_time: Option<f64>,
}

/// Where a record stands.
#[must_use]
pub fn place(raw: &RawValue) -> Place {
    let Ok(PlacedRecord { dynamodb: position }) = serde_json::from_str(raw.get()) else {
        return Place::default();
    };
    let seconds = position.approximate_creation_date_time;
    let created_at = seconds.and_then(|seconds| {
        let since = Duration::try_from_secs_f64(seconds).ok()?;
        Timestamp::UNIX_EPOCH.checked_add(since).ok()
    });
    Place { sequence_number: position.sequence_number, created_at }
}

/// What distinguishes a record from all others: its sequence number, which is unique in its shard, and the
/// key of its item, which is in one shard at a time. `None` for what no stream of the ledger sends.
#[must_use]
pub fn name(raw: &RawValue) -> Option<String> {
    let NamedRecord { dynamodb } = serde_json::from_str(raw.get()).ok()?;
    let Named { sequence_number, keys } = dynamodb;
    Some(format!("{sequence_number}#{}#{}", keys.pk.text, keys.sk.text))
}

/// The event whose item a record is about, by its key. The record need not be readable otherwise.
#[must_use]
pub fn event_of(record: &str) -> Option<(TenantId, EventId)> {
    let KeyedRecord { dynamodb } = serde_json::from_str(record).ok()?;
    event_of_key(&dynamodb.keys.pk.text)
}

#[derive(Deserialize)]
struct KeyedRecord {
    dynamodb: Keyed,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Keyed {
    keys: Keys,
}

#[derive(Deserialize)]
struct NamedRecord {
    dynamodb: Named,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    sequence_number: String,
    keys: Keys,
}

#[derive(Deserialize)]
struct Keys {
    pk: KeyText,
    sk: KeyText,
}

#[derive(Deserialize)]
struct KeyText {
    #[serde(rename = "S")]
    text: String,
}

#[derive(Deserialize)]
struct Change {
    #[serde(rename = "Keys")]
    keys: serde_dynamo::Item,
    #[serde(rename = "NewImage")]
    new_image: Option<serde_dynamo::Item>,
}

/// Reads a record.
pub fn read(raw: &RawValue) -> Result<Record, Unreadable> {
    let record: StreamRecord =
        serde_json::from_str(raw.get()).map_err(|e| Unreadable::Shape(position(&e)))?;
    let is = |sk: &str| {
        let key = record.dynamodb.keys.get("sk");
        matches!(key, Some(serde_dynamo::AttributeValue::S(text)) if text == sk)
    };
    if is(MARK) {
        // A mark that cannot be read is none: it only makes something faster.
        let mark = record.dynamodb.new_image.as_ref().and_then(marked);
        return Ok(mark.map_or(Record::Other, |(tenant, webhook)| Record::Mark { tenant, webhook }));
    }
    if !is("EVENT") || record.event_name != "INSERT" {
        return Ok(Record::Other);
    }
    let image = record.dynamodb.new_image.ok_or(Unreadable::NoImage)?;
    let event = EventRecord::from_image(image).map_err(|e| Unreadable::Event(e.chain()))?;
    Ok(Record::NewEvent(Box::new(event.into_event())))
}

/// The first record that is not done, if the time was over before it was. Lambda delivers it and all after
/// it again (*AWS Lambda Developer Guide*, "Using AWS Lambda with Amazon DynamoDB").
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    pub batch_item_failures: Vec<HandedBack>,
}

impl Answer {
    /// Hands back this record and all after it.
    pub fn from(raw: &RawValue) -> Result<Self, Unavailable> {
        let item_identifier = place(raw).sequence_number.ok_or_else(|| {
            Unavailable::new("handing back a record", "it has no sequence number")
        })?;
        Ok(Self { batch_item_failures: vec![HandedBack { item_identifier }] })
    }
}

/// A record that is handed back.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HandedBack {
    /// Its sequence number.
    pub item_identifier: String,
}
