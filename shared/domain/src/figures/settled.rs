//! What is kept of a webhook's settled minutes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Bucket;
use crate::delivery::{Delivery, Status};
use crate::event_index::Chunk;
use crate::time::later;

/// A delivery that is saved later than this after its acceptance leaves a note, and is listed.
pub const PROMPTLY_SAVED: Duration = Duration::from_secs(30);
/// What was decided to be saved is in the table after this time at most.
pub const LANDING: Duration = Duration::from_secs(60);
/// How far the clocks of two functions may be apart.
pub const CLOCKS: Duration = Duration::from_secs(30);
/// A minute is settled this long after its end: then only what leaves a note can change it.
pub const SETTLING: Duration =
    Duration::from_secs(PROMPTLY_SAVED.as_secs() + LANDING.as_secs() + CLOCKS.as_secs());
/// Notes are looked at again for this long, until what they announced is in the table and in its index.
pub const NOTES_OVERLAP: Duration = Duration::from_secs(LANDING.as_secs() + CLOCKS.as_secs() + 60);
/// Settled minutes are kept for this long, and figures reach as far back, less a day.
pub const HOURS_KEPT: Duration = Duration::from_hours(32 * 24);
/// How far back figures reach.
pub const REACH: Duration = Duration::from_hours(31 * 24);
/// An answer is used for this long.
pub const ANSWER_AGE: Duration = Duration::from_secs(60);

/// Whether a save at this time leaves a note.
#[must_use]
pub fn is_late(accepted_at: Timestamp, saved_at: Timestamp) -> bool {
    saved_at > later(accepted_at, PROMPTLY_SAVED)
}

/// One in so many saves marks its webhook.
pub const MARKED: u64 = 5_000;

/// Whether saving this delivery marks its webhook, so that its minutes are settled before somebody looks. It is
/// decided by a hash of the delivery's id, which has the time of acceptance in it: no tenant can choose it.
#[must_use]
pub fn is_marked(delivery: &Delivery) -> bool {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ delivery.id.accepted_ms();
    for byte in delivery.id.to_string().bytes() {
        // FNV-1a.
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    // Its low bits are weak.
    (hash ^ (hash >> 32)).is_multiple_of(MARKED)
}

/// Where the index lists a delivery. The names are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Listed {
    Pending,
    Retrying,
    Failed,
    /// Delivered, but not by its first attempt, or saved late.
    Late,
    Cancelled,
}

impl Listed {
    pub const ALL: [Self; 5] =
        [Self::Pending, Self::Retrying, Self::Failed, Self::Late, Self::Cancelled];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Retrying => "retrying",
            Self::Failed => "failed",
            Self::Late => "late",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What saving a delivery does with the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    In(Listed),
    /// It is in the base of its minute.
    None,
    /// It stays where it is: an attempt that ended after the delivery was delivered adds to what is there.
    AsItIs,
}

/// Where a delivery that is saved at this time is listed.
#[must_use]
pub fn listing(delivery: &Delivery, saved_at: Timestamp) -> Listing {
    match delivery.status() {
        Status::Pending => Listing::In(Listed::Pending),
        Status::Retrying => Listing::In(Listed::Retrying),
        Status::Failed => Listing::In(Listed::Failed),
        Status::Cancelled => Listing::In(Listed::Cancelled),
        Status::Delivered => {
            let number = delivery.success.as_ref().map_or(u32::MAX, |success| success.number);
            if delivery.failed_at.iter().any(|failed| failed.number >= number) {
                Listing::AsItIs
            } else if delivery.attempts > 1 || is_late(delivery.id.accepted_at(), saved_at) {
                Listing::In(Listed::Late)
            } else {
                Listing::None
            }
        }
    }
}

/// What a late save announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Note {
    /// The rest of an hour changes.
    Rest(Hour),
    /// All of a minute changes.
    Whole(Minute),
}

impl Note {
    /// What keeping a chunk of the index of events at this time announces: the minutes of what is late in it.
    #[must_use]
    pub fn of_chunk(chunk: &Chunk, kept_at: Timestamp) -> BTreeSet<Self> {
        let accepted = chunk.entries().iter().map(|entry| entry.accepted_at);
        let late = accepted.filter(|accepted_at| is_late(*accepted_at, kept_at));
        late.map(|accepted_at| Self::Whole(Minute::of(accepted_at))).collect()
    }

    /// What saving a delivery at this time announces, if it is late.
    #[must_use]
    pub fn of(delivery: &Delivery, saved_at: Timestamp) -> Option<Self> {
        let accepted_at = delivery.id.accepted_at();
        let minute = Minute::of(accepted_at);
        is_late(accepted_at, saved_at).then(|| match listing(delivery, saved_at) {
            Listing::AsItIs => Self::Whole(minute),
            Listing::In(_) | Listing::None => Self::Rest(minute.hour()),
        })
    }
}

/// A minute, counted from 1970 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Minute(pub i64);

/// An hour, counted from 1970 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Hour(pub i64);

const MINUTE_MS: i64 = 60_000;
const HOUR_MINUTES: i64 = 60;

impl Minute {
    /// The minute that has this time.
    #[must_use]
    pub fn of(time: Timestamp) -> Self {
        Self(time.as_millisecond().div_euclid(MINUTE_MS))
    }

    #[must_use]
    pub fn start(self) -> Timestamp {
        let limit = if self.0 < 0 { Timestamp::MIN } else { Timestamp::MAX };
        Timestamp::from_millisecond(self.0.saturating_mul(MINUTE_MS)).unwrap_or(limit)
    }

    #[must_use]
    pub fn hour(self) -> Hour {
        Hour(self.0.div_euclid(HOUR_MINUTES))
    }

    /// The first minute that is not before the time.
    #[must_use]
    pub fn at_or_after(time: Timestamp) -> Self {
        let floor = Self::of(time);
        if floor.start() < time { Self(floor.0 + 1) } else { floor }
    }
}

impl Hour {
    #[must_use]
    pub fn first(self) -> Minute {
        Minute(self.0.saturating_mul(HOUR_MINUTES))
    }

    /// The first minute of the next hour.
    #[must_use]
    pub fn end(self) -> Minute {
        Self(self.0 + 1).first()
    }
}

/// The first minute that is not settled at this time.
#[must_use]
pub fn frontier(now: Timestamp) -> Minute {
    Minute::of(
        now.saturating_sub(jiff::SignedDuration::try_from(SETTLING).unwrap_or_default())
            .unwrap_or(Timestamp::MIN),
    )
}

/// A minute of a webhook.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parts {
    /// What never changes once the minute is settled.
    #[serde(rename = "b", default, skip_serializing_if = "Bucket::is_empty")]
    pub base: Bucket,
    /// What the index lists.
    #[serde(rename = "r", default, skip_serializing_if = "Bucket::is_empty")]
    pub rest: Bucket,
    /// Deliveries that could not be read: a newer version may have written them. They are in neither part, so
    /// the minute is counted again until there are none.
    #[serde(rename = "u", default, skip_serializing_if = "is_zero")]
    pub unreadable: u64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Parts {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.base.is_empty() && self.rest.is_empty() && self.unreadable == 0
    }

    #[must_use]
    pub fn sum(&self) -> Bucket {
        let mut sum = self.base.clone();
        sum.merge(&self.rest);
        sum
    }
}

/// The minutes of an hour that had deliveries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettledHour {
    pub hour: Hour,
    pub minutes: BTreeMap<Minute, Parts>,
    /// Counts the writes of its item; 0 where it has none.
    pub revision: u64,
    /// Its item is there and cannot be read: its minutes have to be counted again.
    pub is_unreadable: bool,
}

impl SettledHour {
    #[must_use]
    pub fn none(hour: Hour) -> Self {
        Self { hour, minutes: BTreeMap::new(), revision: 0, is_unreadable: false }
    }

    pub fn put(&mut self, minute: Minute, parts: Parts) {
        if parts.is_empty() {
            self.minutes.remove(&minute);
        } else {
            self.minutes.insert(minute, parts);
        }
    }
}

/// The version of the stored form.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Packed<T> {
    v: u32,
    m: T,
}

/// The text of stored minutes.
#[must_use]
pub fn pack(minutes: &BTreeMap<Minute, Parts>) -> String {
    let listed: Vec<_> = minutes.iter().map(|(minute, parts)| (minute.0, parts)).collect();
    match serde_json::to_string(&Packed { v: VERSION, m: listed }) {
        Ok(text) => text,
        Err(_) => unreachable!("counts and names are representable in JSON"),
    }
}

/// The minutes of a stored text; `None` if this version cannot read it.
#[must_use]
pub fn unpack(text: &str) -> Option<BTreeMap<Minute, Parts>> {
    let packed: Packed<Vec<(i64, Parts)>> = serde_json::from_str(text).ok()?;
    let minutes = packed.m.into_iter().map(|(minute, parts)| (Minute(minute), parts));
    (packed.v == VERSION).then(|| minutes.collect())
}

/// How far a webhook's minutes are settled. Stored as is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The first minute that is kept.
    pub since: Minute,
    /// The first minute after those that are kept.
    pub until: Minute,
    /// Notes from before this time were looked at.
    pub looked_at: Timestamp,
    /// Counts the writes; 0 where nothing is kept.
    #[serde(default)]
    pub revision: u64,
}

impl Progress {
    /// Nothing is settled yet; it begins with the hour of the first unsettled minute.
    #[must_use]
    pub fn none(now: Timestamp) -> Self {
        let first = frontier(now).hour().first();
        Self { since: first, until: first, looked_at: now, revision: 0 }
    }

    #[must_use]
    pub fn has(&self, minute: Minute) -> bool {
        self.since <= minute && minute < self.until
    }
}
