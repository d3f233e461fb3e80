//! The functions, each process of them with a port of its own and what it remembers while it is warm.

use std::sync::Arc;

use hooklane_app::catalog::EventCatalog;
use hooklane_contract::Contracts;
use hooklane_delivery::{Deps, Ports};
use hooklane_domain::delivery::waiting::Waiting;
use hooklane_domain::isolation::circuit::Thresholds;
use hooklane_fanout::Fanout;
use hooklane_ingest::Ingest;
use hooklane_upkeep::Upkeep;

use super::outside::Outside;
use super::port::Port;

pub(crate) struct Faulty;

impl Ports for Faulty {
    type Ledger = Port;
    type Registry = Port;
    type Queues = Port;
    type DeadLetters = Port;
    type Sender = Port;
    type System = Port;
}

impl hooklane_fanout::Ports for Faulty {
    type Routes = Port;
    type Queues = Port;
    type DeadLetters = Port;
}

impl hooklane_ingest::Ports for Faulty {
    type Events = Port;
    type Registry = Port;
    type DeadLetters = Port;
    type System = Port;
}

impl hooklane_upkeep::Ports for Faulty {
    type Ledger = Port;
    type Registry = Port;
    type Queues = Port;
    type System = Port;
}

/// A process of a function, with what it remembers while it is warm.
pub(crate) struct Instance<F> {
    pub(crate) port: Port,
    pub(crate) function: F,
}

pub(crate) type Delivering = Instance<hooklane_delivery::Pipeline<Faulty>>;
pub(crate) type FanningOut = Instance<Fanout<Faulty>>;
pub(crate) type Ingesting = Instance<Ingest<Faulty>>;
pub(crate) type LookingAfter = Instance<Upkeep<Faulty>>;

/// As in `template.yaml`.
pub(crate) const VISIBILITY: u32 = 360;
/// As in `template.yaml`, and more than are parked here: nothing is skipped.
const BRAKE: u64 = 80_000;
const MAX_PARKED: u64 = 100_000;

pub(crate) fn cold_delivery(outside: &Arc<Outside>, contracts: &Contracts) -> Delivering {
    let port = Port::of(outside, "delivery");
    let function = hooklane_delivery::Pipeline::new(Deps {
        ledger: port.clone(),
        registry: port.clone(),
        queues: port.clone(),
        dead_letters: port.clone(),
        sender: port.clone(),
        system: port.clone(),
        contracts: contracts.clone(),
        thresholds: Thresholds::FOR_TESTS,
        max_parked: MAX_PARKED,
        waiting: Waiting { queue_visibility_seconds: VISIBILITY },
        retry_queue: "RetryQueue".to_owned(),
    });
    Instance { port, function }
}

pub(crate) fn cold_fanout(outside: &Arc<Outside>) -> FanningOut {
    let port = Port::of(outside, "fanout");
    let function = Fanout::new(hooklane_fanout::Deps {
        routes: port.clone(),
        queues: port.clone(),
        dead_letters: port.clone(),
    });
    Instance { port, function }
}

pub(crate) fn cold_ingest(outside: &Arc<Outside>) -> Ingesting {
    let port = Port::of(outside, "ingest");
    let function = Ingest::new(hooklane_ingest::Deps {
        events: port.clone(),
        registry: port.clone(),
        catalog: EventCatalog::new(hooklane_bundled_catalogs::load()),
        dead_letters: port.clone(),
        system: port.clone(),
    });
    Instance { port, function }
}

/// `upkeep` runs once a minute, and alone as long as its schedule calls it once.
pub(crate) fn cold_upkeep(outside: &Arc<Outside>) -> LookingAfter {
    let port = Port::of(outside, "upkeep");
    let function = Upkeep::new(hooklane_upkeep::Deps {
        ledger: port.clone(),
        registry: port.clone(),
        queues: port.clone(),
        system: port.clone(),
        thresholds: Thresholds::FOR_TESTS,
        brake_limit: BRAKE,
        contracts: hooklane_bundled_contracts::load(),
    });
    Instance { port, function }
}
