//! `delivery`: makes one attempt of each delivery that is due, and decides what happens next. The delivery
//! queue and the retry queue invoke it. Only this function ends deliveries by their attempts, and only it
//! parks them.
//!
//! [`Pipeline`] takes each message of a batch through the stages, independently of the others: `claim` (does
//! this message act?), `admit` (is the delivery attempted now?), `attempt`, and `settle` (what happens next?).
//! `park` and `without_attempt` handle deliveries that are not attempted, `newer` what a later release wrote, and
//! `canary` the canaries, which make no request. `messages`, `health_monitor` and `parking_lot` hold what several
//! stages need. The domain makes the decisions.

mod admit;
mod after_post;
mod attempt;
mod canary;
mod claim;
mod congested;
mod context;
mod deps;
mod handler;
mod health_monitor;
mod interval;
mod item;
mod messages;
mod newer;
mod park;
mod parking_lot;
mod pipeline;
mod ports;
mod production;
mod settings;
mod settle;
mod slots;
mod standing;
mod task;
mod webhooks;
mod without_attempt;

#[cfg(test)]
mod tests;

pub use deps::Deps;
pub use handler::handle;
pub use pipeline::Pipeline;
pub use ports::Ports;
pub use production::Production;
pub use settings::Settings;
pub use task::Task;
