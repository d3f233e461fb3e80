//! `upkeep`: looks after the webhooks on the watch list.
//!
//! A schedule wakes it once a minute. For each webhook it makes probes possible, sends parked deliveries
//! that are due, searches for deliveries whose message was lost, works on a recovery, publishes
//! operational events, and disables a webhook that has failed for days; it also measures the retry queue
//! and sets the brake, sends canaries through the pipeline, and counts what tenants used. It reads and writes both
//! tables and sends to the retry queue, the event queue and its dead-letter queue. It never calls a
//! receiver and never finishes a delivery, except that it cancels what its tenant wants discarded.
//! A run may end between any two steps, and two runs may overlap: every message is sent before the item
//! says so, under the next generation, every write is conditional, and the next look finds what is left.

mod brake;
mod canary;
mod care;
mod deadline;
mod deps;
mod disable;
mod guarded;
mod look;
mod next_look;
mod ports;
mod production;
mod recover;
mod release;
mod report;
mod settings;
mod snapshot;
mod spans;
mod stored;
mod summary;
mod sweep;
pub mod tuning;
mod upkeep;
mod usage;
mod walk;

#[cfg(test)]
mod tests;

pub use deps::Deps;
pub use ports::Ports;
pub use production::Production;
pub use settings::Settings;
pub use summary::Summary;
pub use upkeep::Upkeep;
