//! The ledger: events, deliveries and attempts. Large and short-lived; a write is its price.
//!
//! Attribute names are one letter long, since an item's size is its price; each item's module says
//! what they mean.

use hooklane_app::ports::Unavailable;
use hooklane_domain::Timestamp;

use crate::failure::corrupt;
use crate::table::Table;

mod attempt;
mod delivery;
mod event;
mod idempotency;
mod keys;
mod log;
mod pages;
mod parking;
mod quota;
mod slots;
mod test_attempt;
mod walk;

pub use event::EventRecord;

/// The ledger table.
#[derive(Debug, Clone)]
pub struct Ledger {
    table: Table,
    retention: Retention,
}

/// How long the ledger remembers.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    days: i64,
}

impl Retention {
    #[must_use]
    pub fn days(days: u16) -> Self {
        Self { days: i64::from(days) }
    }

    /// The `expiresAt` of what belongs to an event accepted then, in Unix seconds as TTL wants it:
    /// what is parked expires with its event.
    fn expires_at(self, accepted_at: Timestamp) -> i64 {
        accepted_at.as_second() + self.days * 24 * 3600
    }
}

/// A time as most items have it.
fn time(ms: i64) -> Result<Timestamp, Unavailable> {
    Timestamp::from_millisecond(ms).map_err(|e| corrupt("a stored time", e))
}

/// An `expiresAt` as a time.
fn expiry(seconds: i64) -> Result<Timestamp, Unavailable> {
    Timestamp::from_second(seconds).map_err(|e| corrupt("a stored time", e))
}

impl Ledger {
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, table: String, retention: Retention) -> Self {
        Self { table: Table::new(config, table), retention }
    }
}
