//! A delivery: one event on its way to one webhook, its attempts, its messages and its waits.

pub mod attempt;
pub mod attempt_log;
mod lifecycle;
pub mod message;
pub mod outcome;
pub mod period;
pub mod receipt;
pub mod retry;
mod state;
pub mod statistics;
mod turns;
pub mod waiting;

pub use lifecycle::{Delivery, FailedAt};
pub use state::{CancelReason, FailReason, MessageId, ParkReason, State, Status, Turn};
