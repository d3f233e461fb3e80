//! What `stats` touches.

use hooklane_app::ports::{ActiveTenants, Clock, DeadLetters, EventIndexWriter, Strikes};

/// The ports of `stats`: AWS in production, fakes in tests.
pub trait Ports {
    type Ledger: EventIndexWriter + ActiveTenants + Strikes;
    type DeadLetters: DeadLetters;
    type System: Clock;
}
