//! `stats`: keeps the index of each tenant's events, and settles the figures of busy webhooks.
//!
//! The stream of the ledger wakes it with a batch of new events, as it wakes `fanout`. It writes which events
//! there are into chunks of the ledger, some hundred events an item. It sends nothing but dead letters, and
//! no delivery waits for it. Its writes are idempotent: a batch that comes again, whole or in parts, makes
//! chunks with the same events, and whoever lists them lists each event once. So a transient fault fails the
//! whole batch, which Lambda then delivers again. A record that can never be read is dead-lettered and counts
//! as done, so that it does not block its shard. Records for which no time is left are handed back.
//!
//! `delivery` marks a webhook now and then, more often the more it delivers. The mark is an item of the ledger, so
//! it is among the records. Its webhook's figures are then counted as far as they have settled (ADR 72). Nothing
//! depends on a mark.

mod deps;
mod handle;
mod pass;
mod ports;
mod production;
mod settings;
mod stats;

#[cfg(test)]
mod tests;

pub use deps::Deps;
pub use hooklane_aws::stream::{Answer, Batch};
pub use ports::Ports;
pub use production::Production;
pub use settings::Settings;
pub use stats::Stats;
