//! `ingest`: accepts the events that producers, EventBridge rules and SNS topics put on the event queue.
//!
//! The event queue wakes it with a batch of messages. It accepts each one through the same use case as
//! the API: it reads the tenant's settings and event types from the registry and writes the event to the
//! ledger. A message that is no acceptable event goes to its dead-letter queue with the reason; one that
//! meets a transient fault stays in the event queue and comes back. It never reads deliveries, never
//! sends a message to a delivery lane and never calls a receiver.

mod accept;
mod deps;
mod handler;
mod ports;
mod production;
mod settings;

#[cfg(test)]
mod tests;

pub use deps::Deps;
pub use handler::{Ingest, InvalidRecord};
pub use ports::Ports;
pub use production::Production;
pub use settings::Settings;
