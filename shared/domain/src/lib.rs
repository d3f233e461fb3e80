//! What Hooklane decides, and nothing else.
//!
//! This crate reads no clock, no random numbers and no environment, and depends on neither HTTP nor
//! AWS. Time and chance are parameters, so a table of tests can cover every decision.
//!
//! The way of an event through the modules: an [`event`] is accepted, a [`webhook`] subscribes to it, a
//! [`delivery`] is one event on its way to one webhook, and [`isolation`] keeps a failing or slow
//! receiver from delaying the others. [`event_index`] lists a tenant's events. [`explanation`] says why a
//! webhook did not get an event. [`metrics`] says what is measured, and [`usage`] counts what a tenant used.
//! [`figures`] counts what became of deliveries, and [`inbox`] keeps requests for tenants who test.
//! [`access`] says who may do what at the API. [`expression`] holds filters and transforms,
//! [`dead_letter`] says what dead letters are about, [`sources`] where deliveries come from, [`json`] reads and writes JSON, and [`ids`] has the identifiers.
//!
//! Types that say "stored as is" are part of stored items: renaming a field or a variant of one needs a
//! migration.

pub mod access;
pub mod canary;
pub mod dead_letter;
pub mod delivery;
pub mod event;
pub mod event_index;
pub mod explanation;
pub mod expression;
pub mod figures;
pub mod ids;
pub mod inbox;
pub mod isolation;
pub mod json;
pub mod metrics;
pub mod sources;
pub mod time;
pub mod unseen;
pub mod usage;
pub mod webhook;
mod words;

pub use jiff::Timestamp;
