//! Pausing and resuming a webhook. Both are idempotent and possible in every state.

use jiff::Timestamp;

use super::WebhookState;

impl WebhookState {
    /// The state after pausing: no attempts are made, and deliveries are parked. A disabled webhook
    /// keeps its state and reason, since its deliveries are parked already; a paused one keeps its
    /// time.
    #[must_use]
    pub fn paused(self, now: Timestamp) -> Self {
        match self {
            Self::Active | Self::Inactive => Self::Paused { at: now },
            Self::Paused { .. } | Self::Disabled { .. } => self,
        }
    }

    /// The state after resuming: attempts are made, whatever stopped them before.
    #[must_use]
    pub fn resumed(self) -> Self {
        match self {
            Self::Active | Self::Inactive | Self::Paused { .. } | Self::Disabled { .. } => {
                Self::Active
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webhook::DisableReason;

    #[test]
    fn pausing_and_resuming_are_possible_in_every_state() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let now = at(9);
        let disabled = WebhookState::Disabled { at: at(1), reason: DisableReason::Gone };
        for (before, paused) in [
            (WebhookState::Active, WebhookState::Paused { at: now }),
            (WebhookState::Inactive, WebhookState::Paused { at: now }),
            (WebhookState::Paused { at: at(1) }, WebhookState::Paused { at: at(1) }),
            (disabled, disabled),
        ] {
            assert_eq!(before.paused(now), paused, "{before:?}");
            assert!(!paused.is_active() && paused.is_subscribed(), "deliveries are parked");
            assert_eq!(paused.paused(at(10)), paused, "pausing is idempotent");
            assert_eq!(before.resumed(), WebhookState::Active, "{before:?}");
        }
    }
}
