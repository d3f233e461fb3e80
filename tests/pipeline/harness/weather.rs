//! How bad it gets: how often each thing goes wrong.

/// Probabilities, from 0 to 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weather {
    /// Of each call of a port: it fails before it acts, or after.
    pub(crate) calls: f64,
    /// Of each invocation: it is killed at one of its await points.
    pub(crate) kills: f64,
    /// Of each run of `upkeep`, of which there are few: it is killed likewise.
    pub(crate) upkeep_kills: f64,
    /// Of each run of `upkeep`: a second one begins at the same moment.
    pub(crate) upkeep_doubles: f64,
    /// Of each received message: it is handed out a second time at once.
    pub(crate) doubles: f64,
    /// Of each deleted message: it is not deleted, and comes back.
    pub(crate) undeleted: f64,
    /// Of each received message of a delivery that is written: it is lost for good.
    pub(crate) losses: f64,
    /// Of each look at the stream: an old part of it is handed out again.
    pub(crate) replays: f64,
    /// Of each request to a receiver: it goes wrong.
    pub(crate) receivers: f64,
    /// Of each look at a function's clock: it jumps.
    pub(crate) jumps: f64,
    /// Of each step: a tenant pauses or resumes a webhook, retries or cancels a delivery.
    pub(crate) people: f64,
}

impl Weather {
    pub(crate) const STORM: Self = Self {
        calls: 0.10,
        kills: 0.15,
        upkeep_kills: 0.4,
        upkeep_doubles: 0.4,
        doubles: 0.05,
        undeleted: 0.02,
        losses: 0.01,
        replays: 0.05,
        receivers: 0.35,
        jumps: 0.002,
        people: 0.60,
    };

    pub(crate) const CALM: Self = Self {
        calls: 0.0,
        kills: 0.0,
        upkeep_kills: 0.0,
        upkeep_doubles: 0.0,
        doubles: 0.0,
        undeleted: 0.0,
        losses: 0.0,
        replays: 0.0,
        receivers: 0.0,
        jumps: 0.0,
        people: 0.0,
    };
}
