use hooklane_app::isolation::{Isolation, MAX_COUNTED};
use hooklane_domain::Timestamp;
use hooklane_domain::isolation::circuit::Circuit;
use hooklane_domain::webhook::limits::RateLimit;
use serde::Serialize;
use utoipa::ToSchema;

use super::time;
use crate::resources::words::{CircuitState, Lane};

/// How Hooklane keeps a failing or slow receiver from delaying other webhooks.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Isolation)]
pub(crate) struct IsolationView {
    lane: Lane,
    circuit: CircuitView,
    /// The number of failed attempts since the last success. It may lag by 10 seconds.
    consecutive_failures: u32,
    /// When the current run of failures began.
    #[serde(skip_serializing_if = "Option::is_none")]
    failing_since: Option<String>,
    parked: ParkedCountView,
    /// The total number of events for which no delivery was made because too many deliveries were
    /// parked. A recovery creates the missing deliveries.
    skipped_events: u64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Circuit)]
pub(super) struct CircuitView {
    state: CircuitState,
    /// When the circuit opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    /// The earliest time of the next probe: now if it is due, and the next delivery makes it. While a probe is
    /// running (`half_open`): when it times out.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_probe_at: Option<String>,
    /// The number of failed probes since the circuit opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_probes: Option<u32>,
}

/// The number of deliveries that are parked now. A released delivery may be counted for about a minute
/// longer.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ParkedCount)]
pub(super) struct ParkedCountView {
    count: u64,
    /// Whether there may be more: counting stops at 1,000.
    capped: bool,
}

impl IsolationView {
    pub(crate) fn new(isolation: &Isolation, now: Timestamp) -> Self {
        let health = &isolation.health;
        Self {
            lane: health.lane().into(),
            circuit: CircuitView::new(health.circuit, now),
            consecutive_failures: health.streak.map_or(0, |streak| streak.failures),
            failing_since: health.streak.map(|streak| time(streak.since)),
            parked: ParkedCountView::new(isolation.parked),
            skipped_events: health.skipped,
        }
    }
}

impl ParkedCountView {
    pub(super) fn new(count: u64) -> Self {
        Self { count, capped: count >= MAX_COUNTED.into() }
    }
}

impl CircuitView {
    pub(super) fn new(circuit: Circuit, now: Timestamp) -> Self {
        let (next, probes) = match circuit {
            Circuit::Closed => (None, None),
            Circuit::Open { probe_at: next, probes, .. }
            | Circuit::HalfOpen { until: next, probes, .. } => {
                (Some(time(next.max(now))), Some(probes))
            }
        };
        Self {
            state: circuit.into(),
            since: circuit.open_since().map(time),
            next_probe_at: next,
            failed_probes: probes,
        }
    }
}

/// A webhook's rate limit, and how many attempts it delayed. The counts are cumulative. They are reset
/// once no slot has been taken for one retention period.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RateLimitFigures)]
pub(crate) struct LimitedView {
    /// The number of attempts that the current limit allows in `perSeconds` seconds. The limit is the
    /// webhook's own or its contract's.
    #[serde(skip_serializing_if = "Option::is_none")]
    requests: Option<u32>,
    /// The length of the rate limit's window, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    per_seconds: Option<u32>,
    /// The number of attempts that took a slot of the limit.
    attempts: u64,
    /// The number of these that had to wait for their slot.
    delayed_attempts: u64,
    /// When an attempt last had to wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_delayed_at: Option<String>,
    /// When the next delivery would get a slot; absent if it would get one at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_slot_at: Option<String>,
}

impl LimitedView {
    pub(crate) fn of(isolation: &Isolation, now: Timestamp) -> Option<Self> {
        let (limit, slots) = (isolation.limit, isolation.slots);
        (limit.is_some() || slots.taken > 0).then(|| Self {
            requests: limit.map(RateLimit::requests),
            per_seconds: limit.map(RateLimit::per_seconds),
            attempts: slots.taken,
            delayed_attempts: slots.waited,
            last_delayed_at: slots.last_waited_at.map(time),
            next_slot_at: isolation.next_slot(now).map(time),
        })
    }
}
