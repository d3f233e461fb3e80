//! How a chunk is written: JSON with the types once, and each event as its id, its distance to the newest
//! event in milliseconds, and a number for its type. It is compressed afterwards.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Chunk, Entry, SPAN_MS};
use crate::event::ValueDigest;
use crate::ids::{EventId, EventType};
use crate::json::position;

/// Why a text is no chunk.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoChunk {
    #[error("not the JSON of a chunk ({0})")]
    Shape(String),
    #[error("it holds no event")]
    Empty,
    #[error("an event is of a type or a time that it cannot be of")]
    Entry,
    #[error("its events are not in order")]
    Order,
}

#[derive(Serialize, Deserialize)]
struct Packed {
    /// The newest event's acceptance, in Unix milliseconds.
    n: i64,
    /// The types.
    t: Vec<EventType>,
    /// Each event: its id, milliseconds before the newest, and twice the place of its type, plus one if it
    /// is a test event.
    e: Vec<(EventId, i64, usize)>,
    /// The bytes of each event's data, if they are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    s: Vec<Option<u32>>,
    /// The digest of each event's value, if any has one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    v: Vec<Option<String>>,
}

impl Chunk {
    #[must_use]
    pub fn pack(&self) -> String {
        let is_known = self.entries.iter().any(|entry| entry.bytes.is_some());
        let sizes = self.entries.iter().filter(|_| is_known).map(|entry| entry.bytes);
        let has_values = self.entries.iter().any(|entry| entry.value.is_some());
        let values = self.entries.iter().filter(|_| has_values);
        let values = values.map(|entry| entry.value.map(ValueDigest::to_hex));
        self.packed(sizes.collect(), values.collect())
    }

    pub(super) fn pack_events_alone(&self) -> String {
        self.packed(Vec::new(), Vec::new())
    }

    fn packed(&self, s: Vec<Option<u32>>, v: Vec<Option<String>>) -> String {
        let mut types: Vec<EventType> = Vec::new();
        let entries = self.entries.iter().map(|entry| {
            let known = types.iter().position(|known| *known == entry.event_type);
            let place = known.unwrap_or_else(|| {
                types.push(entry.event_type.clone());
                types.len() - 1
            });
            let before = self.newest_ms - entry.accepted_at.as_millisecond();
            (entry.id.clone(), before, 2 * place + usize::from(entry.test))
        });
        let e = entries.collect();
        match serde_json::to_string(&Packed { n: self.newest_ms, t: types, e, s, v }) {
            Ok(json) => json,
            Err(_) => unreachable!("every part of a chunk is representable in JSON"),
        }
    }

    pub fn unpack(json: &str) -> Result<Self, NoChunk> {
        let packed: Packed =
            serde_json::from_str(json).map_err(|e| NoChunk::Shape(position(&e)))?;
        let entry = |(number, (id, before, place)): (usize, (EventId, i64, usize))| {
            let before = (0..=SPAN_MS).contains(&before).then_some(before)?;
            let accepted_at = Timestamp::from_millisecond(packed.n.checked_sub(before)?).ok()?;
            let event_type = packed.t.get(place / 2)?.clone();
            let bytes = packed.s.get(number).copied().flatten();
            // A digest that cannot be read is one of a newer version: the event cannot be searched for.
            let value = packed.v.get(number).and_then(|hex| ValueDigest::from_hex(hex.as_deref()?));
            Some(Entry { accepted_at, id, event_type, test: place % 2 == 1, bytes, value })
        };
        let entries: Option<Vec<_>> = packed.e.into_iter().enumerate().map(entry).collect();
        let entries = entries.ok_or(NoChunk::Entry)?;
        let first = entries.first().ok_or(NoChunk::Empty)?;
        let in_order = entries.windows(2).all(|two| two[0].place() > two[1].place());
        if !in_order || first.accepted_at.as_millisecond() != packed.n {
            return Err(NoChunk::Order);
        }
        Ok(Self { entries, newest_ms: packed.n })
    }
}
