//! What isolation does in a day, in virtual time.
//!
//! A discrete-event simulation that drives the deployed code: each instance is a
//! `hooklane_delivery::Pipeline` with its own memory, and `hooklane_upkeep::Upkeep` runs once a minute.
//! Simulated is what surrounds them: the clock, the ledger, the two queues, the instances that the
//! event source mappings keep, and the receivers. What only the template says is read from it
//! ([`deployment`]).
//!
//! `docs/isolation.md` has the results.

mod assumptions;
mod bodies;
mod calendar;
mod day;
pub mod deployment;
mod executor;
mod fan_out;
pub mod figures;
mod fleet;
mod ledger;
pub mod plot;
mod ports;
mod queue;
mod receipts;
mod receivers;
pub mod runs;
pub mod scenario;
mod setting;
mod template;
pub mod time;
mod upkeep;
mod world;

pub use day::run;
pub use figures::Figures;
pub use scenario::Scenario;
