//! The environment of the functions: stores, queues, the stream, receivers, fault rates and time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use hooklane_app::fakes::{MemoryBus, MemoryLedger, MemoryQueues, MemoryRegistry};
use hooklane_domain::Timestamp;
use hooklane_domain::canary::Schedule;
use hooklane_domain::ids::WebhookId;
use jiff::SignedDuration;
use tokio::time::Instant;

use super::chance::Chance;
use super::fault_rates::FaultRates;
use super::journal::Journal;
use super::limits::{Limits, Units};
use super::stream::{Reader, Slice, Stream};
use super::versions::Versions;

pub(crate) struct Environment {
    pub(crate) chance: Chance,
    pub(crate) journal: Journal,
    pub(crate) ledger: MemoryLedger,
    pub(crate) registry: MemoryRegistry,
    pub(crate) queues: MemoryQueues,
    pub(crate) bus: MemoryBus,
    pub(crate) stream: Stream,
    pub(crate) rates: Mutex<FaultRates>,
    pub(crate) versions: Versions,
    /// The true time in milliseconds, without the pauses that functions made. The functions' own clocks
    /// jump, this one does not.
    now: AtomicI64,
    /// When the run began, by the clock on which functions pause.
    began: Instant,
    pub(crate) limits: Limits,
    /// The messages of the event queue that `ingest` has hidden, and for how many seconds.
    pub(crate) hidden: Mutex<Vec<(String, u32)>>,
    /// Records of which fan-out dead-lettered an entry that the queue refused, or that the platform's bus did
    /// not take in time.
    pub(crate) refused: Mutex<Vec<String>>,
    /// The webhook whose receiver refuses every connection.
    pub(crate) dead: Mutex<Option<WebhookId>>,
    /// The webhook whose receiver answers slowly.
    pub(crate) slow: Mutex<Option<WebhookId>>,
    /// How often instances of `upkeep` that start now send a canary.
    pub(crate) canary: Mutex<Option<Schedule>>,
    /// Until then every batch of `stats` fails.
    pub(crate) index_stuck_until: Mutex<Option<Timestamp>>,
}

impl Environment {
    pub(crate) fn starting_at(
        now: Timestamp,
        seed: u64,
        visibility: u32,
        (rates, units): (FaultRates, Units),
    ) -> Self {
        Self {
            chance: Chance::from_seed(seed),
            journal: Journal::default(),
            ledger: MemoryLedger::default(),
            registry: MemoryRegistry::default(),
            queues: MemoryQueues::at(now, visibility),
            bus: MemoryBus::default(),
            stream: Stream::default(),
            rates: Mutex::new(rates),
            versions: Versions::default(),
            now: AtomicI64::new(now.as_millisecond()),
            began: Instant::now(),
            limits: Limits::of(units),
            hidden: Mutex::default(),
            refused: Mutex::default(),
            dead: Mutex::default(),
            slow: Mutex::default(),
            canary: Mutex::default(),
            index_stuck_until: Mutex::default(),
        }
    }

    pub(crate) fn rates(&self) -> FaultRates {
        *self.rates.lock().unwrap()
    }

    /// The stream batches that are delivered now.
    pub(crate) fn slices(&self, reader: Reader) -> Vec<Slice> {
        let stuck_until = *self.index_stuck_until.lock().unwrap();
        if reader == Reader::Stats && stuck_until.is_some_and(|until| self.now() < until) {
            return Vec::new();
        }
        self.stream.next(reader, &self.chance, self.rates(), &self.journal)
    }

    pub(crate) fn now(&self) -> Timestamp {
        let paused = i64::try_from(self.began.elapsed().as_millis()).unwrap();
        Timestamp::from_millisecond(self.now.load(Ordering::SeqCst) + paused).unwrap()
    }

    /// Waits in virtual time, while everything else goes on.
    pub(crate) async fn pause(&self, time: Duration) {
        tokio::time::sleep(time).await;
        self.queues.set_time(self.now());
    }

    pub(crate) fn advance(&self, time: SignedDuration) {
        let ms = i64::try_from(time.as_millis()).unwrap();
        self.now.fetch_add(ms, Ordering::SeqCst);
        self.queues.set_time(self.now());
    }
}
