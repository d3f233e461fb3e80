//! What the stages of the pipeline share.

use std::sync::Arc;

use hooklane_app::measured::Measured;
use hooklane_contract::Contracts;

use crate::congested::Congested;
use crate::deps::Deps;
use crate::health_monitor::HealthMonitor;
use crate::messages::Messages;
use crate::parking_lot::ParkingLot;
use crate::ports::Ports;
use crate::webhooks::Webhooks;

pub(crate) struct Context<P: Ports> {
    pub(crate) ledger: Arc<P::Ledger>,
    pub(crate) sender: P::Sender,
    pub(crate) system: Arc<P::System>,
    pub(crate) contracts: Contracts,
    pub(crate) messages: Messages<P::Ledger, P::Queues, P::DeadLetters, P::System>,
    pub(crate) webhooks: Webhooks<P::Registry, P::System>,
    pub(crate) health: HealthMonitor<P::Registry, P::System>,
    pub(crate) parking: ParkingLot<P::Registry, P::System>,
    pub(crate) congested: Congested,
    pub(crate) measured: Arc<Measured>,
}

impl<P: Ports> Context<P> {
    /// All caches start empty.
    pub(crate) fn new(deps: Deps<P>) -> Self {
        let ledger = Arc::new(deps.ledger);
        let registry = Arc::new(deps.registry);
        let system = Arc::new(deps.system);
        let measured = Arc::new(Measured::default());
        Self {
            messages: Messages {
                ledger: Arc::clone(&ledger),
                queues: deps.queues,
                dead_letters: deps.dead_letters,
                system: Arc::clone(&system),
                waiting: deps.waiting,
                measured: Arc::clone(&measured),
            },
            webhooks: Webhooks::new(Arc::clone(&registry), Arc::clone(&system)),
            health: HealthMonitor::new(Arc::clone(&registry), Arc::clone(&system), deps.thresholds),
            parking: ParkingLot::new(registry, Arc::clone(&system), deps.max_parked),
            congested: Congested::default(),
            measured,
            ledger,
            sender: deps.sender,
            system,
            contracts: deps.contracts,
        }
    }
}
