//! `upkeep` as a simulation builds it.

use std::sync::Arc;

use hooklane_app::fakes::{MemoryLedger, MemoryRegistry};
use hooklane_contract::Contracts;
use hooklane_upkeep::{Deps, Upkeep};

use crate::assumptions::UPKEEP_CALL;
use crate::ports::{SimulatedUpkeep, WorldLedger, WorldQueues, WorldSystem};
use crate::scenario::Scenario;
use crate::world::World;

pub(crate) fn upkeep(
    world: &Arc<World>,
    registry: MemoryRegistry,
    contracts: Contracts,
    scenario: &Scenario,
) -> SimulatedUpkeep {
    let deployment = scenario.deployment;
    let (takes, world) = (UPKEEP_CALL, || Arc::clone(world));
    Upkeep::new(Deps {
        ledger: WorldLedger { world: world(), takes },
        usage: MemoryLedger::default(),
        registry,
        queues: WorldQueues { world: world(), takes },
        event_queue: WorldQueues { world: world(), takes },
        dead_letters: WorldQueues { world: world(), takes },
        system: WorldSystem(world()),
        thresholds: scenario.isolation.thresholds(deployment.thresholds),
        brake_limit: deployment.brake,
        index_lag: std::time::Duration::ZERO,
        canary: None,
        usage_every: std::time::Duration::from_secs(3_600),
        contracts,
        measured: hooklane_app::measured::Measured::default(),
    })
}
