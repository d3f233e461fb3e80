//! The instances of the functions. Each has its own port and its own memory, as a warm Lambda instance has.

use std::sync::Arc;

use hooklane_app::catalog::EventCatalog;
use hooklane_contract::Contracts;
use hooklane_delivery::{Deps, Ports};
use hooklane_domain::access::tenant::TenantDefaults;
use hooklane_domain::delivery::waiting::Waiting;
use hooklane_domain::isolation::circuit::Thresholds;
use hooklane_fanout::Fanout;
use hooklane_ingest::Ingest;
use hooklane_stats::Stats;
use hooklane_upkeep::Upkeep;

use super::environment::Environment;
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
    type Bus = Port;
    type Ledger = Port;
    type System = Port;
}

impl hooklane_stats::Ports for Faulty {
    type Ledger = Port;
    type DeadLetters = Port;
    type System = Port;
}

impl hooklane_ingest::Ports for Faulty {
    type Events = Port;
    type Registry = Port;
    type DeadLetters = Port;
    type Queue = Port;
    type System = Port;
}

impl hooklane_upkeep::Ports for Faulty {
    type Ledger = Port;
    type Usage = Port;
    type Registry = Port;
    type Queues = Port;
    type EventQueue = Port;
    type DeadLetters = Port;
    type System = Port;
}

/// An instance of a function, with its memory.
pub(crate) struct Instance<F> {
    pub(crate) port: Port,
    pub(crate) function: F,
}

pub(crate) type DeliveryInstance = Instance<hooklane_delivery::Pipeline<Faulty>>;
pub(crate) type FanoutInstance = Instance<Fanout<Faulty>>;
pub(crate) type StatsInstance = Instance<Stats<Faulty>>;
pub(crate) type IngestInstance = Instance<Ingest<Faulty>>;
pub(crate) type UpkeepInstance = Instance<Upkeep<Faulty>>;

/// The visibility timeout of the delivery and the retry queue, as in `template.yaml`.
pub(crate) const VISIBILITY: u32 = 360;
/// As in `template.yaml`.
const BRAKE_LIMIT: u64 = 80_000;
/// As in `template.yaml`. More than a run parks, so that no delivery is skipped.
const MAX_PARKED: u64 = 100_000;

pub(crate) fn cold_delivery(
    environment: &Arc<Environment>,
    contracts: &Contracts,
) -> DeliveryInstance {
    let port = Port::new(environment, "delivery");
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

pub(crate) fn cold_fanout(environment: &Arc<Environment>) -> FanoutInstance {
    let port = Port::new(environment, "fanout");
    let function = Fanout::new(hooklane_fanout::Deps {
        routes: port.clone(),
        queues: port.clone(),
        dead_letters: port.clone(),
        bus: Some(port.clone()),
        strikes: port.clone(),
        system: port.clone(),
    });
    Instance { port, function }
}

pub(crate) fn cold_stats(environment: &Arc<Environment>) -> StatsInstance {
    let port = Port::new(environment, "stats");
    let function = Stats::new(hooklane_stats::Deps {
        ledger: port.clone(),
        dead_letters: port.clone(),
        system: port.clone(),
        retention: jiff::SignedDuration::from_hours(30 * 24),
    });
    Instance { port, function }
}

/// The types of every platform guide.
pub(crate) fn event_catalog() -> EventCatalog {
    let catalog = Some("default".parse().unwrap());
    let defaults = TenantDefaults { catalog, ..TenantDefaults::default() };
    EventCatalog::with_defaults(hooklane_bundled_catalogs::load(), defaults)
}

pub(crate) fn cold_ingest(environment: &Arc<Environment>) -> IngestInstance {
    let port = Port::new(environment, "ingest");
    let function = Ingest::new(hooklane_ingest::Deps {
        events: port.clone(),
        registry: port.clone(),
        catalog: event_catalog(),
        dead_letters: port.clone(),
        queue: port.clone(),
        system: port.clone(),
    });
    Instance { port, function }
}

pub(crate) fn cold_upkeep(environment: &Arc<Environment>) -> UpkeepInstance {
    let port = Port::new(environment, "upkeep");
    let function = Upkeep::new(hooklane_upkeep::Deps {
        ledger: port.clone(),
        usage: port.clone(),
        registry: port.clone(),
        queues: port.clone(),
        event_queue: port.clone(),
        dead_letters: port.clone(),
        system: port.clone(),
        thresholds: Thresholds::FOR_TESTS,
        brake_limit: BRAKE_LIMIT,
        index_lag: std::time::Duration::from_secs(10),
        canary: *environment.canary.lock().unwrap(),
        usage_every: std::time::Duration::from_secs(3_600),
        contracts: hooklane_bundled_contracts::load(),
        measured: hooklane_app::measured::Measured::default(),
    });
    Instance { port, function }
}
