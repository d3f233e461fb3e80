//! One record of the ledger's stream.

use hooklane_aws::ledger::EventRecord;
use hooklane_domain::Timestamp;
use hooklane_domain::event::Event;
use hooklane_domain::json::position;
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A batch as Lambda delivers it. Each record is read on its own, so that a bad one does not affect the
/// others.
#[derive(Debug, Deserialize)]
pub struct Batch {
    #[serde(rename = "Records")]
    pub records: Vec<Box<RawValue>>,
}

/// What a record is about.
pub(crate) enum Record {
    NewEvent(Box<Event>),
    /// Another change of the ledger. The filter of the event source mapping lets few of those through.
    Other,
}

/// A record that can never be processed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
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
pub(crate) struct Place {
    pub(crate) sequence_number: Option<String>,
    pub(crate) created_at: Option<Timestamp>,
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

pub(crate) fn place(raw: &RawValue) -> Place {
    let Ok(PlacedRecord { dynamodb: position }) = serde_json::from_str(raw.get()) else {
        return Place::default();
    };
    let seconds = position.approximate_creation_date_time;
    let created_at = seconds.and_then(|seconds| {
        let span = SignedDuration::try_from_secs_f64(seconds).ok()?;
        Timestamp::UNIX_EPOCH.checked_add(span).ok()
    });
    Place { sequence_number: position.sequence_number, created_at }
}

#[derive(Deserialize)]
struct Change {
    #[serde(rename = "Keys")]
    keys: serde_dynamo::Item,
    #[serde(rename = "NewImage")]
    new_image: Option<serde_dynamo::Item>,
}

pub(crate) fn read(raw: &RawValue) -> Result<Record, Unreadable> {
    let record: StreamRecord =
        serde_json::from_str(raw.get()).map_err(|e| Unreadable::Shape(position(&e)))?;
    let is_event = matches!(
        record.dynamodb.keys.get("sk"),
        Some(serde_dynamo::AttributeValue::S(sk)) if sk == "EVENT"
    );
    if !is_event || record.event_name != "INSERT" {
        return Ok(Record::Other);
    }
    let image = record.dynamodb.new_image.ok_or(Unreadable::NoImage)?;
    let event = EventRecord::from_image(image).map_err(|e| Unreadable::Event(e.chain()))?;
    Ok(Record::NewEvent(Box::new(event.into_event())))
}
