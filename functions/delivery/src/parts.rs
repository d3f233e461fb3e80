//! What a worker is made of.

use hooklane_contract::Contracts;
use hooklane_domain::delivery::waiting::Waiting;
use hooklane_domain::isolation::circuit::Thresholds;

use crate::care::Care;
use crate::edge::Edge;
use crate::worker::Worker;

/// Everything that a worker works with: put together from the real things in `real.rs`, and from fakes
/// where the whole pipeline is tested in one process.
pub struct Parts<E: Edge> {
    pub ledger: E::Ledger,
    pub registry: E::Registry,
    pub queues: E::Queues,
    pub dead_letters: E::DeadLetters,
    pub sender: E::Sender,
    pub system: E::System,
    pub contracts: Contracts,
    pub thresholds: Thresholds,
    /// So many deliveries of a webhook are parked, about, before new ones are skipped.
    pub max_parked: u64,
    pub waiting: Waiting,
    /// The retry queue's name, by which a record tells its lane.
    pub retry_queue: String,
}

impl<E: Edge> Worker<E> {
    /// A worker that remembers nothing yet.
    pub fn of(parts: Parts<E>) -> Self {
        Self {
            ledger: parts.ledger,
            webhooks: parts.registry.into(),
            queues: parts.queues,
            dead_letters: parts.dead_letters,
            sender: parts.sender,
            system: parts.system,
            contracts: parts.contracts,
            care: Care::new(parts.thresholds, parts.max_parked),
            waiting: parts.waiting,
            retry_queue: parts.retry_queue,
        }
    }
}
