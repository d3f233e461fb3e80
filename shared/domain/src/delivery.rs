//! A delivery: one event on its way to one webhook. Its states and attempts, the messages that act for
//! it, and how it waits between attempts.

pub mod attempt;
pub mod attempt_log;
pub mod comparison;
pub mod congestion;
pub mod failures;
mod lifecycle;
pub mod message;
pub mod newer;
pub mod outcome;
pub mod passing_fault;
pub mod period;
pub mod receipt;
pub mod remark;
pub mod retry;
mod retry_after;
mod state;
pub mod statistics;
mod turns;
pub mod waiting;

pub use lifecycle::{Delivery, FailedAt};
pub use state::{CancelReason, FailReason, MessageId, ParkReason, State, Status, Turn};
