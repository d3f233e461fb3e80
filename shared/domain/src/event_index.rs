//! The index of a tenant's events: which there are, newest first.
//!
//! It consists of chunks. A chunk is one stored item with up to [`MAX_ENTRIES`] events that were accepted
//! within [`SPAN`] of each other. The stream of the ledger delivers events at least once, in batches that may
//! be replayed, halved and regrouped, so an event may be in several chunks. Its chunks differ, because a chunk
//! is named after its content: writing the same chunk again changes nothing, and no chunk replaces another
//! one. Whoever reads them lists each event once ([`merge`]).

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::event::{Event, ValueDigest};
use crate::ids::{EventId, EventType};

pub mod merge;
mod packed;

pub use packed::NoChunk;

/// The most events of a chunk.
pub const MAX_ENTRIES: usize = 400;
/// The events of a chunk were accepted at most this long before its newest one. So whoever looks for the
/// events before some time finds them in the chunks whose newest event is at most this much younger.
pub const SPAN: Duration = Duration::from_secs(10);
const SPAN_MS: i64 = 10_000;

/// What the index says of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// In whole milliseconds.
    pub accepted_at: Timestamp,
    pub id: EventId,
    pub event_type: EventType,
    /// Whether it is a test event.
    pub test: bool,
    /// The bytes of its `data`, as JSON in UTF-8. `None` in chunks that older versions wrote.
    pub bytes: Option<u32>,
    /// What its tenant can search it by, if the tenant chose a key when it was accepted and it has a value.
    pub value: Option<ValueDigest>,
}

impl Entry {
    #[must_use]
    pub fn of(event: &Event) -> Self {
        Self {
            accepted_at: event.accepted_at,
            id: event.id.clone(),
            event_type: event.content.event_type.clone(),
            test: event.content.test,
            bytes: u32::try_from(event.content.data.as_str().len()).ok(),
            value: event.value,
        }
    }

    #[must_use]
    pub fn place(&self) -> Place {
        Place { ms: self.accepted_at.as_millisecond(), id: Some(self.id.clone()) }
    }
}

/// A place in the list: after an event, or after all events of a millisecond and later. The list goes from
/// greater places to smaller ones.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Place {
    /// Unix milliseconds.
    ms: i64,
    id: Option<EventId>,
}

impl Place {
    /// Before the events that were accepted earlier than `time`, after all others.
    #[must_use]
    pub fn before(time: Timestamp) -> Self {
        Self { ms: time.as_millisecond(), id: None }
    }

    /// Unix milliseconds.
    #[must_use]
    pub fn ms(&self) -> i64 {
        self.ms
    }

    /// The newest event of a chunk that can hold what follows was accepted at this time or earlier, in Unix
    /// milliseconds.
    #[must_use]
    pub fn reach_ms(&self) -> i64 {
        self.ms.saturating_add(SPAN_MS)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#", self.ms)?;
        self.id.as_ref().map_or(Ok(()), |id| write!(f, "{id}"))
    }
}

/// A text that is no place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be a place in a list of events")]
pub struct NoPlace;

impl FromStr for Place {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let (ms, id) = text.split_once('#').ok_or(NoPlace)?;
        let time = ms.parse().ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let id = match id {
            "" => None,
            id => Some(id.parse().map_err(|_| NoPlace)?),
        };
        Ok(Self { ms: time.ok_or(NoPlace)?.as_millisecond(), id })
    }
}

impl TryFrom<String> for Place {
    type Error = NoPlace;

    fn try_from(text: String) -> Result<Self, NoPlace> {
        text.parse()
    }
}

impl From<Place> for String {
    fn from(place: Place) -> Self {
        place.to_string()
    }
}

/// Events that are stored together. There is at least one, each is there once, and they are in the order of
/// the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    entries: Vec<Entry>,
    newest_ms: i64,
}

impl Chunk {
    /// The chunks of a tenant's events: as few as there can be. They depend on the events alone, not on
    /// their order.
    #[must_use]
    pub fn of_events(mut events: Vec<Entry>) -> Vec<Self> {
        events.sort_by_key(|entry| std::cmp::Reverse(entry.place()));
        events.dedup_by_key(|entry| entry.place());
        let mut chunks: Vec<Self> = Vec::new();
        for entry in events {
            let ms = entry.accepted_at.as_millisecond();
            match chunks.last_mut() {
                Some(chunk)
                    if chunk.entries.len() < MAX_ENTRIES && chunk.newest_ms - ms <= SPAN_MS =>
                {
                    chunk.entries.push(entry);
                }
                _ => chunks.push(Self { entries: vec![entry], newest_ms: ms }),
            }
        }
        chunks
    }

    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// When its newest event was accepted, in Unix milliseconds.
    #[must_use]
    pub fn newest_ms(&self) -> i64 {
        self.newest_ms
    }

    /// A digest of the events that it holds, in 16 hexadecimal digits. Their sizes and values are no part of it:
    /// they follow from the events, and versions that do not know them make the same digest.
    #[must_use]
    pub fn digest(&self) -> String {
        let digest: [u8; 32] = Sha256::digest(self.pack_events_alone()).into();
        hex::encode(&digest[..8])
    }
}

#[cfg(test)]
mod tests;
