//! What Hooklane decides, and nothing else.
//!
//! This crate has no clock, no randomness, no environment, no HTTP and no AWS: its dependencies make
//! that impossible. Time and chance come in as parameters, so every decision is a function that a
//! table of tests can hold.
//!
//! The way of an event through the modules: an [`event`] is accepted, a [`webhook`] subscribes to it, a
//! [`delivery`] is one event on its way to one webhook, and [`isolation`] keeps one receiver's trouble
//! away from the others. [`access`] says who may do what at the API. [`expression`] holds filters and
//! transforms, [`json`] reads and writes JSON, [`ids`] names everything.

pub mod access;
pub mod delivery;
pub mod event;
pub mod expression;
pub mod ids;
pub mod isolation;
pub mod json;
pub mod time;
pub mod webhook;
mod words;

pub use jiff::Timestamp;
