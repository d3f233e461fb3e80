//! `delivery`: makes one attempt of each delivery that is due, and decides what is next. The delivery
//! queue and the retry queue wake it. It alone ends deliveries by their attempts, and it alone parks them.
//!
//! A batch goes through [`Pipeline`], each message on its own, as a value that is handed from stage to
//! stage: `claim` (does this message act?), `admit` (is an attempt made now, and with what?), `attempt`,
//! `settle` (what is next?). `park` and `without_attempt` are the ways out before an attempt. Three
//! collaborators own what several stages need: `messages`, `health_monitor` and `parking_lot`. The
//! decisions themselves are the domain's.

mod admit;
mod attempt;
mod claim;
mod context;
mod deps;
mod handler;
mod health_monitor;
mod interval;
mod messages;
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
pub use interval::WRITE_INTERVAL;
pub use pipeline::Pipeline;
pub use ports::Ports;
pub use production::Production;
pub use settings::Settings;
pub use task::Task;
