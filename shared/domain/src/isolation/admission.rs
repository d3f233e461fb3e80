//! Whether a delivery that is due is attempted now.

use jiff::Timestamp;

use crate::delivery::ParkReason;
use crate::delivery::waiting::Lane;
use crate::isolation::circuit::{Access, Circuit};
use crate::webhook::WebhookState;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    Attempt,
    /// As a probe, if nobody else is making it.
    Probe,
    Park(ParkReason),
}

/// The first thing that stands in the way is the reason: the tenant's own wishes come before what
/// Hooklane thinks of the receiver.
#[must_use]
pub fn admit(
    state: WebhookState,
    tenant_paused: bool,
    circuit: Circuit,
    now: Timestamp,
) -> Admission {
    match state {
        WebhookState::Inactive | WebhookState::Disabled { .. } => {
            Admission::Park(ParkReason::Inactive)
        }
        WebhookState::Paused { .. } => Admission::Park(ParkReason::Paused),
        WebhookState::Active if tenant_paused => Admission::Park(ParkReason::TenantPaused),
        WebhookState::Active => match circuit.access(now) {
            Access::Attempt => Admission::Attempt,
            Access::Probe => Admission::Probe,
            Access::NotBefore(_) => Admission::Park(ParkReason::Circuit),
        },
    }
}

/// Whether a message is to go on in the retry queue before it is attempted: its webhook has become slow
/// since it was sent, and an attempt here would hold an instance of the first attempts of others.
#[must_use]
pub fn changes_lane(message: Lane, webhook: Lane) -> bool {
    message == Lane::Fast && webhook == Lane::Slow
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webhook::DisableReason;

    #[test]
    fn only_what_would_hold_up_others_changes_its_lane() {
        for (message, webhook, changes) in [
            (Lane::Fast, Lane::Slow, true),
            (Lane::Fast, Lane::Fast, false),
            (Lane::Slow, Lane::Fast, false),
            (Lane::Slow, Lane::Slow, false),
        ] {
            assert_eq!(changes_lane(message, webhook), changes, "{message:?} {webhook:?}");
        }
    }

    #[test]
    fn who_is_attempted() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let open = |probe| Circuit::Open { since: at(0), probe_at: at(probe), probes: 0 };
        let active = WebhookState::Active;
        let paused = WebhookState::Paused { at: at(1) };
        let disabled = WebhookState::Disabled { at: at(1), reason: DisableReason::Gone };
        let park = Admission::Park;
        for (state, tenant_paused, circuit, expected) in [
            (active, false, Circuit::Closed, Admission::Attempt),
            (active, false, open(10), Admission::Probe),
            (active, false, open(11), park(ParkReason::Circuit)),
            (active, true, Circuit::Closed, park(ParkReason::TenantPaused)),
            (active, true, open(10), park(ParkReason::TenantPaused)),
            (paused, false, Circuit::Closed, park(ParkReason::Paused)),
            (paused, true, open(11), park(ParkReason::Paused)),
            (disabled, false, Circuit::Closed, park(ParkReason::Inactive)),
            (WebhookState::Inactive, true, open(10), park(ParkReason::Inactive)),
        ] {
            let admission = admit(state, tenant_paused, circuit, at(10));
            assert_eq!(admission, expected, "{state:?} {tenant_paused} {circuit:?}");
        }
    }
}
