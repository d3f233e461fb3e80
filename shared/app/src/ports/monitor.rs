use futures::future::BoxFuture;
use hooklane_domain::Timestamp;

use super::{Unavailable, WorkQueue};

/// What watches the service from outside, and keeps its metrics and alarms.
pub trait Monitor: Send + Sync {
    /// The alarms of this stack as they are, and the age of what waits in its queues. Boxed, so that a function that
    /// has no use for it can be without.
    fn observed(&self, now: Timestamp) -> BoxFuture<'_, Result<Observed, Unavailable>>;
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observed {
    /// The alarms that exist, in the order of their names.
    pub alarms: Vec<Alarm>,
    /// The age of the oldest message of each queue of which it is known.
    pub ages: Vec<QueueAge>,
}

/// An alarm of the stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Without the name of the stack.
    pub name: String,
    pub state: AlarmState,
    /// Since when it is in this state.
    pub since: Option<Timestamp>,
    /// What it means, and which runbook helps.
    pub about: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlarmState {
    Ringing,
    Quiet,
    /// Too little was measured.
    NoData,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueAge {
    pub queue: WorkQueue,
    pub seconds: u64,
    /// The minute in which it was measured.
    pub at: Timestamp,
}
