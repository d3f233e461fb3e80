//! What isolation does in a day, in virtual time.
//!
//! A discrete-event simulation of the two queues, of the function instances that their event source
//! mappings keep, and of `upkeep`. Every decision is the deployed one, from `hooklane_domain`: what to do
//! with a message, admission, circuit and health, waits, retry policies, the brake. What stands around
//! them is modelled here in the order in which `delivery` and `upkeep` do it; the figures that those two
//! keep to themselves are in [`edges`], and a test holds them to their source.
//!
//! `docs/isolation.md` has the results.

mod calendar;
mod care;
mod delivery;
pub mod edges;
pub mod figures;
mod fleet;
mod ledger;
pub mod plot;
mod queue;
mod receivers;
pub mod runs;
pub mod scenario;
mod settle;
mod upkeep;
mod world;

pub use figures::Figures;
pub use scenario::Scenario;

/// Runs a scenario to its end.
#[must_use]
pub fn run(scenario: Scenario) -> Figures {
    world::World::new(scenario).run()
}
