//! `delivery`: makes one attempt of each delivery it is handed, and decides what is next.
//!
//! It alone finishes and parks deliveries. [`handle`] turns a batch of SQS records into a batch of
//! [`Task`]s; [`Worker`] does the work over ports; the decisions are the domain's.

mod attempt;
mod care;
mod edge;
mod handler;
mod memory;
mod parking;
mod parts;
mod real;
mod settings;
mod settle;
mod webhook_cache;
mod worker;

#[cfg(test)]
mod tests;

pub use edge::Edge;
pub use handler::handle;
pub use parts::Parts;
pub use real::Real;
pub use settings::Settings;
pub use worker::{Task, Worker};
