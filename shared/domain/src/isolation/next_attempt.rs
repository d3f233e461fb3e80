//! When the next attempt of a delivery is, and what decides it.
//!
//! The answer follows from the delivery's own wait and from how its webhook stands now, not from why the
//! delivery was parked: that may have ended since. It is the earliest time. A parked delivery is sent by a
//! run of `upkeep`, once a minute, so its attempt follows within about a minute of it.

use jiff::Timestamp;

use crate::delivery::waiting::{LOST_AFTER, OVERDUE};
use crate::delivery::{Delivery, ParkReason, State};
use crate::isolation::admission::{Admission, admit};
use crate::isolation::circuit::{Circuit, Permission};
use crate::time::later;
use crate::webhook::WebhookState;

/// How a webhook stands now, as far as the next attempts of its deliveries depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub state: WebhookState,
    pub tenant_paused: bool,
    pub circuit: Circuit,
    /// Deliveries that were parked up to this time are discarded instead of sent.
    pub discard_until: Option<Timestamp>,
    /// What is parked is released from then on, at a pace that its tenant asked for.
    pub next_release_at: Option<Timestamp>,
}

/// The next attempt of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextAttempt {
    /// It is made at this time at the earliest, which is never in the past.
    At(Timestamp, Cause),
    /// It is made only after somebody has done something, or never.
    Held(Hold),
}

/// What an attempt waits for that comes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The message of the first attempt is in a queue.
    FirstAttempt,
    /// The wait of the retry policy, or a retry by hand.
    Retry,
    /// The slot under the webhook's rate limit, or under the pace at which what is parked is released.
    RateLimit,
    /// A long wait, in the ledger because the retry queue was nearly full.
    Backlog,
    /// The circuit is not closed: this delivery is the probe, or a probe succeeds first.
    CircuitProbe,
    /// The reason for parking has ended, and `upkeep` sends the delivery in its next run.
    ParkedRelease,
    /// The attempt is long overdue: its message counts as lost, and `upkeep` replaces it.
    LostMessageSweep,
}

/// What an attempt waits for that somebody must do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// The webhook must be resumed.
    WebhookPaused,
    /// The webhook must be switched on.
    WebhookInactive,
    /// The webhook, which Hooklane disabled, must be switched on.
    WebhookDisabled,
    /// The operator must end the pause of the tenant.
    TenantPaused,
    /// The webhook was deleted: the delivery is cancelled when its turn comes.
    WebhookDeleted,
    /// The webhook was resumed, and what was parked is discarded: the delivery is cancelled when its turn
    /// comes.
    Discarded,
}

impl NextAttempt {
    /// The earliest time, unless somebody must act first.
    #[must_use]
    pub fn at(self) -> Option<Timestamp> {
        match self {
            Self::At(at, _) => Some(at),
            Self::Held(_) => None,
        }
    }
}

/// When the next attempt of a delivery is; `None` if it has ended. Without a standing, its webhook was
/// deleted.
#[must_use]
pub fn next_attempt(
    delivery: &Delivery,
    standing: Option<&Standing>,
    now: Timestamp,
) -> Option<NextAttempt> {
    let (at, cause) = by_itself(delivery, now)?;
    let Some(standing) = standing else { return Some(NextAttempt::Held(Hold::WebhookDeleted)) };
    if let State::Parked { since, .. } = delivery.state
        && standing.discard_until.is_some_and(|until| since <= until)
    {
        return Some(NextAttempt::Held(Hold::Discarded));
    }
    let admission = admit(standing.state, standing.tenant_paused, standing.circuit, at);
    Some(match admission {
        // The pace holds for what a closed circuit lets go, not for a probe.
        Admission::Attempt => match standing.next_release_at.filter(|_| delivery.is_parked()) {
            Some(next) if next > at => NextAttempt::At(next, Cause::RateLimit),
            _ => NextAttempt::At(at, cause),
        },
        Admission::Probe => NextAttempt::At(at, Cause::CircuitProbe),
        Admission::Park(ParkReason::Inactive) => NextAttempt::Held(switched_off(standing.state)),
        Admission::Park(ParkReason::Paused) => NextAttempt::Held(Hold::WebhookPaused),
        Admission::Park(ParkReason::TenantPaused) => NextAttempt::Held(Hold::TenantPaused),
        Admission::Park(ParkReason::Circuit | ParkReason::RateLimit | ParkReason::Backlog) => {
            NextAttempt::At(probe_from(standing.circuit, at), Cause::CircuitProbe)
        }
    })
}

/// When the delivery would be attempted if its webhook took everything, not before `now`; `None` if it has
/// ended.
fn by_itself(delivery: &Delivery, now: Timestamp) -> Option<(Timestamp, Cause)> {
    match delivery.state {
        State::Waiting { next_attempt_at: due, .. } => {
            if later(due, OVERDUE) < now {
                return Some((later(due, LOST_AFTER).max(now), Cause::LostMessageSweep));
            }
            let cause = match (delivery.slot, delivery.attempts) {
                (Some(slot), _) if slot == due => Cause::RateLimit,
                (_, 0) => Cause::FirstAttempt,
                (_, _) => Cause::Retry,
            };
            Some((due.max(now), cause))
        }
        State::Parked { due, reason, .. } => {
            let cause = match reason {
                ParkReason::RateLimit if due > now => Cause::RateLimit,
                ParkReason::Backlog if due > now => Cause::Backlog,
                _ => Cause::ParkedRelease,
            };
            Some((due.max(now), cause))
        }
        State::Delivered { .. } | State::Failed { .. } | State::Cancelled { .. } => None,
    }
}

/// The earliest time of an attempt that is due at `due` under a circuit which permits none then. While a
/// probe is being made that is `due`, since its result may come before.
fn probe_from(circuit: Circuit, due: Timestamp) -> Timestamp {
    match (circuit, circuit.permission(due)) {
        (Circuit::Open { .. }, Permission::NotBefore(probe)) => probe,
        _ => due,
    }
}

fn switched_off(state: WebhookState) -> Hold {
    match state {
        WebhookState::Disabled { .. } => Hold::WebhookDisabled,
        WebhookState::Paused { .. } => Hold::WebhookPaused,
        WebhookState::Active | WebhookState::Inactive => Hold::WebhookInactive,
    }
}

#[cfg(test)]
mod tests;
