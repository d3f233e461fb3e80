//! What Hooklane decides, and nothing else.
//!
//! This crate has no clock, no randomness, no environment, no HTTP and no AWS: its dependencies make
//! that impossible. Time and chance come in as parameters, so every decision is a function that a
//! table of tests can hold.
//!
//! The way of an event through the modules: [`event`] is accepted, [`subscription`] says who gets
//! it, [`message`] carries a reference to a [`delivery`], [`contract`] writes it in the receiver's
//! format, [`signature`] signs it, [`retry`] says when to try again and [`waiting`] how to wait.
//! What keeps one receiver's trouble from the others: [`admission`] says whether a delivery is attempted
//! or parked, by its webhook's [`health`] and [`circuit`], and [`rate`] hands out slots.

pub mod admission;
pub mod attempt;
pub mod brake;
pub mod catalog;
pub mod circuit;
pub mod contract;
pub mod delivery;
pub mod event;
pub mod expression;
pub mod fields;
pub mod health;
pub mod idempotency;
pub mod ids;
pub mod json;
pub mod keys;
pub mod limits;
pub mod log;
pub mod message;
pub mod network;
pub mod operational;
pub mod outcome;
pub mod period;
pub mod quota;
pub mod rate;
pub mod receipt;
pub mod recovery;
pub mod retry;
pub mod secret;
pub mod signature;
pub mod statistics;
pub mod subscription;
pub mod target;
pub mod tenant;
pub mod token;
pub mod waiting;
pub mod webhook;

pub use jiff::Timestamp;

/// The time without its fraction of a millisecond. Whatever is stored or compared counts in whole
/// milliseconds, so that what was written and what is read back are the same.
#[must_use]
pub fn whole_millisecond(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}
