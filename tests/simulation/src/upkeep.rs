//! `upkeep` as a simulation builds it.

use std::sync::Arc;

use hooklane_app::fakes::MemoryRegistry;
use hooklane_contract::Contracts;
use hooklane_upkeep::{Rules, Upkeep};

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
    Upkeep::new(
        WorldLedger { world: world(), takes },
        registry,
        WorldQueues { world: world(), takes },
        WorldSystem(world()),
        Rules {
            thresholds: scenario.isolation.thresholds(deployment.thresholds),
            brake: deployment.brake,
            contracts,
        },
    )
}
