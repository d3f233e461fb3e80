//! Decides whether a delivery that is due is attempted or parked.

use jiff::Timestamp;

use crate::delivery::ParkReason;
use crate::delivery::waiting::Lane;
use crate::isolation::circuit::{Circuit, Permission};
use crate::webhook::WebhookState;

/// What happens to a delivery that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    Attempt,
    /// Attempt it as the probe of an open circuit, unless another delivery is the probe already.
    Probe,
    Park(ParkReason),
}

/// Decides whether a delivery is attempted. The first obstacle is the reason: what the tenant set comes
/// before the state of the circuit.
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
        WebhookState::Active => match circuit.permission(now) {
            Permission::Attempt => Admission::Attempt,
            Permission::Probe => Admission::Probe,
            Permission::NotBefore(_) => Admission::Park(ParkReason::Circuit),
        },
    }
}

/// Whether a message must move to the retry queue before its attempt. Its webhook became slow after the
/// message was sent, and an attempt here would occupy an instance of the fast lane.
#[must_use]
pub fn changes_lane(message: Lane, webhook: Lane) -> bool {
    message == Lane::Fast && webhook == Lane::Slow
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webhook::DisableReason;

    #[test]
    fn only_a_slow_webhooks_message_in_the_fast_lane_changes_lanes() {
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
    fn the_tenants_settings_come_before_the_circuit() {
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
