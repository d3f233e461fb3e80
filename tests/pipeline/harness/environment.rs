//! The environment of the functions: stores, queues, the stream, receivers, fault rates and time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use hooklane_app::fakes::{MemoryLedger, MemoryQueues, MemoryRegistry};
use hooklane_domain::Timestamp;
use hooklane_domain::ids::WebhookId;
use jiff::SignedDuration;

use super::chance::Chance;
use super::fault_rates::FaultRates;
use super::journal::Journal;
use super::stream::{Reader, Slice, Stream};
use super::versions::Versions;

pub(crate) struct Environment {
    pub(crate) chance: Chance,
    pub(crate) journal: Journal,
    pub(crate) ledger: MemoryLedger,
    pub(crate) registry: MemoryRegistry,
    pub(crate) queues: MemoryQueues,
    pub(crate) stream: Stream,
    pub(crate) rates: Mutex<FaultRates>,
    pub(crate) versions: Versions,
    /// The true time in milliseconds. The functions' own clocks jump, this one does not.
    now: AtomicI64,
    /// The webhook whose receiver refuses every connection.
    pub(crate) dead: Mutex<Option<WebhookId>>,
    /// The webhook whose receiver answers slowly.
    pub(crate) slow: Mutex<Option<WebhookId>>,
}

impl Environment {
    pub(crate) fn starting_at(now: Timestamp, seed: u64, visibility: u32) -> Self {
        Self {
            chance: Chance::from_seed(seed),
            journal: Journal::default(),
            ledger: MemoryLedger::default(),
            registry: MemoryRegistry::default(),
            queues: MemoryQueues::at(now, visibility),
            stream: Stream::default(),
            rates: Mutex::new(FaultRates::CHAOS),
            versions: Versions::default(),
            now: AtomicI64::new(now.as_millisecond()),
            dead: Mutex::default(),
            slow: Mutex::default(),
        }
    }

    pub(crate) fn rates(&self) -> FaultRates {
        *self.rates.lock().unwrap()
    }

    /// The stream batches that are delivered now.
    pub(crate) fn slices(&self, reader: Reader) -> Vec<Slice> {
        self.stream.next(reader, &self.chance, self.rates(), &self.journal)
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now.load(Ordering::SeqCst)).unwrap()
    }

    pub(crate) fn advance(&self, time: SignedDuration) {
        let ms = i64::try_from(time.as_millis()).unwrap();
        self.now.fetch_add(ms, Ordering::SeqCst);
        self.queues.set_time(self.now());
    }
}
