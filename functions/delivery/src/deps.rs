//! The dependencies of a pipeline.

use hooklane_contract::Contracts;
use hooklane_domain::delivery::waiting::Waiting;
use hooklane_domain::isolation::circuit::Thresholds;

use crate::ports::Ports;

/// The dependencies of a pipeline: AWS and the network in `production.rs`, fakes in tests.
pub struct Deps<P: Ports> {
    pub ledger: P::Ledger,
    pub registry: P::Registry,
    pub queues: P::Queues,
    pub dead_letters: P::DeadLetters,
    pub sender: P::Sender,
    pub system: P::System,
    pub contracts: Contracts,
    pub thresholds: Thresholds,
    /// Roughly how many deliveries of one webhook may be parked before new ones are skipped.
    pub max_parked: u64,
    pub waiting: Waiting,
    /// The name of the retry queue. A record from this queue is in the slow lane.
    pub retry_queue: String,
}
