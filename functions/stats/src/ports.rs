//! What `stats` touches.

use hooklane_app::ports::{
    ActiveTenants, Clock, DeadLetters, EventIndex, EventIndexWriter, FigureSource, FigureStore,
    Strikes,
};

/// The ports of `stats`: AWS in production, fakes in tests.
pub trait Ports {
    type Ledger: EventIndex
        + EventIndexWriter
        + ActiveTenants
        + Strikes
        + FigureSource
        + FigureStore;
    type DeadLetters: DeadLetters;
    type System: Clock;
}
