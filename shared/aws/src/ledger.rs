//! The ledger: events, deliveries and attempts. It is large, its items expire, and its writes are what
//! an event costs.
//!
//! Attribute names are one letter long, because DynamoDB charges by size. The module of each item says
//! what its letters mean.

use std::fmt::{Debug, Formatter};
use std::sync::Arc;

use hooklane_app::cache::Bounded;
use hooklane_app::ports::{Clock as _, Gathered, Gathering, Unavailable};
use hooklane_domain::Timestamp;

use crate::clients::Aws;
use crate::failure::corrupt;
use crate::system::System;
use crate::table::{Key, Table};

mod active;
mod attempt;
mod canary;
mod daily_counts;
mod delivery;
mod event;
mod event_index;
mod figures;
mod idempotency;
mod inbox;
pub(crate) mod keys;
mod log;
mod logos;
mod pages;
mod parking;
mod quota;
mod slots;
mod strikes;
mod test_attempt;
mod test_places;
mod usage;
mod walk;

pub use event::EventRecord;
pub use figures::marked;

/// The ledger table.
#[derive(Debug, Clone)]
pub struct Ledger {
    table: Table,
    retention: Retention,
    /// When deliveries are saved decides what is beside them.
    clock: LedgerClock,
    /// The notes that this instance left.
    noted: Arc<Bounded<Key, ()>>,
}

/// The notes that an instance remembers. One that it has forgotten is written again.
const NOTES: usize = 1_000;

/// How long the ledger keeps an item.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    days: i64,
}

impl Retention {
    #[must_use]
    pub fn days(days: u16) -> Self {
        Self { days: i64::from(days) }
    }

    /// The `expiresAt` of everything that belongs to an event accepted at `accepted_at`, in Unix seconds
    /// as DynamoDB's TTL reads it. A parked delivery expires with its event.
    fn expires_at(self, accepted_at: Timestamp) -> i64 {
        accepted_at.as_second() + self.days * 24 * 3600
    }
}

/// The time of an attribute in Unix milliseconds.
fn time(ms: i64) -> Result<Timestamp, Unavailable> {
    Timestamp::from_millisecond(ms).map_err(|e| corrupt("a stored time", e))
}

/// The time of an `expiresAt`, which is in Unix seconds.
fn expiry(seconds: i64) -> Result<Timestamp, Unavailable> {
    Timestamp::from_second(seconds).map_err(|e| corrupt("a stored time", e))
}

impl Ledger {
    #[must_use]
    pub fn new(config: &Aws, table: String, retention: Retention) -> Self {
        Self {
            table: Table::new(config, table),
            retention,
            clock: LedgerClock(Arc::new(|| System.now())),
            noted: Arc::new(Bounded::new(NOTES)),
        }
    }

    /// The same ledger by another clock, for a measurement that fills hours.
    #[must_use]
    pub fn by(mut self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.clock = LedgerClock(Arc::new(clock));
        self
    }
}

/// For events, and for deliveries that have no item yet.
impl Gathering for Ledger {
    fn gather(&self) -> Gathered {
        self.table.gather()
    }
}

/// What a ledger knows the time by.
#[derive(Clone)]
struct LedgerClock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl LedgerClock {
    fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl Debug for LedgerClock {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str("LedgerClock")
    }
}
