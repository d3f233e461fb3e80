use std::time::Duration;

use hooklane_app::measured::Measured;
use hooklane_app::ports::Clock as _;
use hooklane_contract::Contracts;
use hooklane_domain::Timestamp;
use hooklane_domain::canary::Schedule;
use hooklane_domain::isolation::circuit::Thresholds;
use hooklane_domain::time::whole_millisecond;

use crate::ports::Ports;

/// Everything that `upkeep` works with.
pub struct Deps<P: Ports> {
    pub ledger: P::Ledger,
    pub usage: P::Usage,
    pub registry: P::Registry,
    pub queues: P::Queues,
    /// Canaries are sent to it.
    pub event_queue: P::EventQueue,
    pub dead_letters: P::DeadLetters,
    pub system: P::System,
    pub thresholds: Thresholds,
    /// The brake goes on when the retry queue has more messages than this in flight.
    pub brake_limit: u64,
    /// How long the index of events usually takes to list an event.
    pub index_lag: Duration,
    /// How often a canary is sent; `None` for never.
    pub canary: Option<Schedule>,
    /// The length of the spans in which usage is counted provisionally.
    pub usage_every: Duration,
    /// They hold the rate limits of webhooks that have none of their own.
    pub contracts: Contracts,
    /// What the run that is under way has measured. It starts empty.
    pub measured: Measured,
}

impl<P: Ports> Deps<P> {
    /// The time as it is stored.
    pub(crate) fn now_in_milliseconds(&self) -> Timestamp {
        whole_millisecond(self.system.now())
    }
}
