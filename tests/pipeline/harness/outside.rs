//! The world outside the functions: stores, queues, the stream, receivers, weather and time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use hooklane_app::fakes::{MemoryLedger, MemoryQueues, MemoryRegistry};
use hooklane_domain::Timestamp;
use hooklane_domain::ids::WebhookId;
use jiff::SignedDuration;

use super::chance::Chance;
use super::journal::Journal;
use super::stream::{Slice, Stream};
use super::weather::Weather;

pub(crate) struct Outside {
    pub(crate) chance: Chance,
    pub(crate) journal: Journal,
    pub(crate) ledger: MemoryLedger,
    pub(crate) registry: MemoryRegistry,
    pub(crate) queues: MemoryQueues,
    pub(crate) stream: Stream,
    pub(crate) weather: Mutex<Weather>,
    /// In milliseconds: the time of AWS, which does not jump.
    now: AtomicI64,
    /// One webhook's receiver is dead for a while, and another one's slow.
    pub(crate) dead: Mutex<Option<WebhookId>>,
    pub(crate) slow: Mutex<Option<WebhookId>>,
}

impl Outside {
    pub(crate) fn at(now: Timestamp, seed: u64, visibility: u32) -> Self {
        Self {
            chance: Chance::of(seed),
            journal: Journal::default(),
            ledger: MemoryLedger::default(),
            registry: MemoryRegistry::default(),
            queues: MemoryQueues::at(now, visibility),
            stream: Stream::default(),
            weather: Mutex::new(Weather::STORM),
            now: AtomicI64::new(now.as_millisecond()),
            dead: Mutex::default(),
            slow: Mutex::default(),
        }
    }

    pub(crate) fn weather(&self) -> Weather {
        *self.weather.lock().unwrap()
    }

    /// What the stream hands out now.
    pub(crate) fn slices(&self) -> Vec<Slice> {
        self.stream.look(&self.chance, self.weather(), &self.journal)
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now.load(Ordering::SeqCst)).unwrap()
    }

    pub(crate) fn pass(&self, time: SignedDuration) {
        let ms = i64::try_from(time.as_millis()).unwrap();
        self.now.fetch_add(ms, Ordering::SeqCst);
        self.queues.set_time(self.now());
    }
}
