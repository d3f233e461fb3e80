//! The adapters to AWS: everything that calls a table, a queue or a secret.
//!
//! [`ledger`] and [`registry`] are the two tables, [`queues`] and [`dead_letters`] the queues, [`letters`] the
//! operator's side of the dead letters, [`operator_bus`] the platform's bus, [`cloudwatch`] what is measured of the
//! stack, [`secrets`] the keys, and `http` the client under the SDK. `direct` is the short way past the SDK for what
//! batches need. [`stream`] reads the records of the ledger's stream. The environment is read in [`settings`]
//! only, time and randomness in [`system`] only, and logging is set up in [`telemetry`].

pub mod clients;
pub mod cloudwatch;
pub mod dead_letters;
pub mod event_queue;
pub mod ledger;
pub mod letters;
pub mod operator_bus;
pub mod queues;
pub mod registry;
pub mod seal;
pub mod secrets;
pub mod settings;
pub mod sqs_batch;
pub mod startup;
pub mod stream;
pub mod system;
pub mod telemetry;

pub use aws_config::SdkConfig;
pub use clients::Aws;

mod direct;
mod failure;
mod http;
mod retry;
#[cfg(test)]
mod scripted;
mod table;
