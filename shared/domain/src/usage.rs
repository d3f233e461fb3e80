//! What a tenant used: events, deliveries, attempts and bytes, by day and month of UTC.
//!
//! Each thing counts in the day in which it happened: an event when it was accepted, an attempt when it began,
//! a delivery when the attempt began that delivered it. So what happens later (a retry by hand, a recovery)
//! never changes a day that is over, and every attempt is in one month. Figures are recounted from what the
//! ledger holds ([`counting`]), never incremented: replays and split batches of the stream change nothing.

pub mod calendar;
pub mod counting;
mod figures;
mod month;

pub use figures::{Figures, Span, accepted_around};
pub use month::{DayUsage, MonthUsage};
