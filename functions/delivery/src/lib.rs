//! `delivery`: makes one attempt of each delivery it is handed, and decides what is next.
//!
//! It alone finishes and parks deliveries. [`handle`] turns a batch of SQS records into a batch of
//! [`Task`]s; [`Worker`] does the work over ports; the decisions are the domain's.

mod attempt;
mod edge;
mod handler;
mod settings;
mod settle;
mod webhook_cache;
mod worker;

#[cfg(test)]
mod tests;

pub use edge::{Edge, Post, Real};
pub use handler::{Answer, handle};
pub use settings::Settings;
pub use worker::{Disposition, Task, Worker};
