//! The ports of `delivery` and `upkeep` over the simulation's world. The registry is the fake that the
//! functions' own tests use.

mod ledger;
mod queues;
mod receivers;
mod system;

use hooklane_app::fakes::{MemoryLedger, MemoryRegistry};
use hooklane_upkeep::Upkeep;

pub(crate) use ledger::WorldLedger;
pub(crate) use queues::WorldQueues;
pub(crate) use receivers::WorldReceivers;
pub(crate) use system::WorldSystem;

/// What `delivery` touches in a simulation.
pub(crate) struct Simulated;

impl hooklane_delivery::Ports for Simulated {
    type Ledger = WorldLedger;
    type Registry = MemoryRegistry;
    type Queues = WorldQueues;
    type DeadLetters = WorldQueues;
    type Sender = WorldReceivers;
    type System = WorldSystem;
}

impl hooklane_upkeep::Ports for Simulated {
    type Ledger = WorldLedger;
    // Nobody is billed in a simulation.
    type Usage = MemoryLedger;
    type Registry = MemoryRegistry;
    type Queues = WorldQueues;
    type EventQueue = WorldQueues;
    type DeadLetters = WorldQueues;
    type System = WorldSystem;
}

pub(crate) type SimulatedUpkeep = Upkeep<Simulated>;
