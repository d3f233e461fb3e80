//! `fanout`: turns each new event into one message for each webhook that gets it.
//!
//! The stream of the ledger wakes it with a batch of records. It reads the tenants' subscriptions from
//! the registry, and it sends messages to the delivery queue, to the retry queue for webhooks in the slow
//! lane, and to its dead-letter queue. It never calls a receiver, and writes to no table, except the strikes
//! of a record that may have ended it. A transient fault fails the whole batch, which Lambda then delivers
//! again: some messages are sent twice, and `delivery` finds out which of them is not needed. A record that
//! can never be processed is dead-lettered and counts as done, so that it does not block its shard. Records
//! for which no time is left are handed back.

mod deps;
mod fanout;
mod handle;
mod messages;
mod outbox;
mod pass;
mod ports;
mod production;
mod route_cache;
mod settings;
mod spans;
mod tenants;
mod unfinished;

#[cfg(test)]
mod tests;

pub use deps::Deps;
pub use fanout::Fanout;
pub use hooklane_aws::stream::{Answer, Batch};
pub use ports::Ports;
pub use production::Production;
pub use settings::Settings;
