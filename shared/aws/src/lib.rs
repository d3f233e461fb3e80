//! The adapters to AWS: everything that speaks to a table, a queue or a secret.
//!
//! [`ledger`] and [`registry`] are the two tables, [`queues`] and [`dead_letters`] the queues,
//! [`secrets`] the keys; [`settings`], [`system`] and [`telemetry`] are the one home of the
//! environment, of time and chance, and of logs.

pub mod clients;
pub mod dead_letters;
pub mod ledger;
pub mod queues;
pub mod registry;
pub mod seal;
pub mod secrets;
pub mod settings;
pub mod sqs_batch;
pub mod startup;
pub mod system;
pub mod telemetry;

pub use aws_config::SdkConfig;

mod failure;
mod retry;
mod table;
