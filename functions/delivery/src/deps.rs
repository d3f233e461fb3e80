//! What a pipeline is built from.

use hooklane_contract::Contracts;
use hooklane_domain::delivery::waiting::Waiting;
use hooklane_domain::isolation::circuit::Thresholds;

use crate::ports::Ports;

/// Everything that a pipeline works with. `production.rs` fills it with AWS and the network, tests
/// with fakes.
pub struct Deps<P: Ports> {
    pub ledger: P::Ledger,
    pub registry: P::Registry,
    pub queues: P::Queues,
    pub dead_letters: P::DeadLetters,
    pub sender: P::Sender,
    pub system: P::System,
    pub contracts: Contracts,
    pub thresholds: Thresholds,
    /// The number of parked deliveries of one webhook, about, beyond which new ones are skipped.
    pub max_parked: u64,
    pub waiting: Waiting,
    /// The name of the retry queue, by which a record tells its lane.
    pub retry_queue: String,
}
