use hooklane_app::isolation::{Isolation, MOST_COUNTED};
use hooklane_domain::Timestamp;
use hooklane_domain::isolation::circuit::Circuit;
use hooklane_domain::webhook::limits::RateLimit;
use serde::Serialize;
use utoipa::ToSchema;

use super::time;
use crate::resources::words::{CircuitState, Lane};

/// What Hooklane does so that a receiver's trouble stays its own.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Isolation)]
pub(crate) struct IsolationView {
    lane: Lane,
    circuit: CircuitView,
    /// Attempts that failed since the last success, as far as instances have told: they do every 10
    /// seconds.
    failures_in_a_row: u32,
    /// When the first of them failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    failing_since: Option<String>,
    parked: ParkedCountView,
    /// Deliveries that were not made, in all, because too many were parked: a recovery finds them.
    skipped: u64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Circuit)]
struct CircuitView {
    state: CircuitState,
    /// When it opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    /// The first delivery that is due then makes the next probe; while one is being made, when it counts
    /// as lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_probe_at: Option<String>,
    /// Probes that failed since it opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_probes: Option<u32>,
}

/// Deliveries that are parked now. One that was just sent on may be counted for about a minute more.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ParkedCount)]
struct ParkedCountView {
    count: u64,
    /// There may be more: no more than 1,000 are counted.
    at_least: bool,
}

impl IsolationView {
    pub(crate) fn new(isolation: &Isolation) -> Self {
        let health = &isolation.health;
        Self {
            lane: health.lane().into(),
            circuit: CircuitView::new(health.circuit),
            failures_in_a_row: health.streak.map_or(0, |streak| streak.failures),
            failing_since: health.streak.map(|streak| time(streak.since)),
            parked: ParkedCountView {
                count: isolation.parked,
                at_least: isolation.parked >= MOST_COUNTED.into(),
            },
            skipped: health.skipped,
        }
    }
}

impl CircuitView {
    fn new(circuit: Circuit) -> Self {
        let (next, probes) = match circuit {
            Circuit::Closed => (None, None),
            Circuit::Open { probe_at: next, probes, .. }
            | Circuit::HalfOpen { until: next, probes, .. } => (Some(time(next)), Some(probes)),
        };
        Self {
            state: circuit.into(),
            since: circuit.open_since().map(time),
            next_probe_at: next,
            failed_probes: probes,
        }
    }
}

/// A webhook's rate limit, and what it held up. The figures are of all times; they are forgotten where
/// no attempt was made under a limit for as long as deliveries are kept.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RateLimitFigures)]
pub(crate) struct LimitedView {
    /// The limit that holds now, the webhook's own or its contract's: so many attempts …
    #[serde(skip_serializing_if = "Option::is_none")]
    requests: Option<u32>,
    /// … in so many seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    per_seconds: Option<u32>,
    /// Slots that were handed out, one for each attempt.
    slots: u64,
    /// Rate-limit hits: slots that had to be waited for.
    hits: u64,
    /// When the last of these hit the limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_hit_at: Option<String>,
    /// The slot that the next delivery would have to wait for; absent where it would not.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_slot_at: Option<String>,
}

impl LimitedView {
    pub(crate) fn of(isolation: &Isolation, now: Timestamp) -> Option<Self> {
        let (limit, slots) = (isolation.limit, isolation.slots);
        (limit.is_some() || slots.taken > 0).then(|| Self {
            requests: limit.map(RateLimit::requests),
            per_seconds: limit.map(RateLimit::per_seconds),
            slots: slots.taken,
            hits: slots.waited,
            last_hit_at: slots.last_waited_at.map(time),
            next_slot_at: isolation.next_slot(now).map(time),
        })
    }
}
