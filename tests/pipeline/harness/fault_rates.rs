//! How often each kind of fault is injected.

/// Probabilities from 0 to 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FaultRates {
    /// Each call of a port: it fails before or after it takes effect.
    pub(crate) failed_calls: f64,
    /// Each entry of a batch that `fanout` sends: the queue refuses it for good.
    pub(crate) refused_entries: f64,
    /// Each invocation: it is killed at an await point.
    pub(crate) kills: f64,
    /// Each run of `upkeep`: it is killed. Higher, because there are few runs.
    pub(crate) upkeep_kills: f64,
    /// Each run of `upkeep`: a second one begins at the same moment.
    pub(crate) duplicate_upkeep: f64,
    /// Each received message: it is received a second time at once.
    pub(crate) duplicate_messages: f64,
    /// Each deletion of a message: it is lost, and the message comes back.
    pub(crate) lost_deletions: f64,
    /// Each received message whose delivery has an item: the message is lost for good.
    pub(crate) lost_messages: f64,
    /// Each read of a stream shard: old records are delivered again.
    pub(crate) replays: f64,
    /// Each request to a receiver: it is not answered with 2xx.
    pub(crate) receiver_failures: f64,
    /// Each read of a process's clock: it jumps.
    pub(crate) clock_jumps: f64,
    /// Each step: a tenant makes a request, see `manual_requests.rs`.
    pub(crate) manual_requests: f64,
    /// Each save: it comes long after the note that announces it.
    pub(crate) slow_saves: f64,
    /// Each step, up to four times: somebody looks at figures, or `stats` is told to settle some.
    pub(crate) looks: f64,
}

impl FaultRates {
    pub(crate) const CHAOS: Self = Self {
        failed_calls: 0.10,
        refused_entries: 0.01,
        kills: 0.15,
        upkeep_kills: 0.4,
        duplicate_upkeep: 0.4,
        duplicate_messages: 0.05,
        lost_deletions: 0.02,
        lost_messages: 0.01,
        replays: 0.05,
        receiver_failures: 0.35,
        clock_jumps: 0.002,
        manual_requests: 0.60,
        slow_saves: 0.003,
        looks: 0.70,
    };

    pub(crate) const NONE: Self = Self {
        failed_calls: 0.0,
        refused_entries: 0.0,
        kills: 0.0,
        upkeep_kills: 0.0,
        duplicate_upkeep: 0.0,
        duplicate_messages: 0.0,
        lost_deletions: 0.0,
        lost_messages: 0.0,
        replays: 0.0,
        receiver_failures: 0.0,
        clock_jumps: 0.0,
        manual_requests: 0.0,
        slow_saves: 0.0,
        looks: 0.0,
    };
}
