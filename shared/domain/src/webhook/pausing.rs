//! A tenant holds a webhook, and lets it go on. Both are done whatever the state before, so that a
//! request that is sent twice ends where it would have ended once.

use jiff::Timestamp;

use super::WebhookState;

impl WebhookState {
    /// No attempts from now on, and what is published waits. One that Hooklane switched off waits
    /// already and keeps the reason, and one that is paused keeps the time.
    #[must_use]
    pub fn paused(self, now: Timestamp) -> Self {
        match self {
            Self::Active | Self::Inactive => Self::Paused { at: now },
            Self::Paused { .. } | Self::Disabled { .. } => self,
        }
    }

    /// Attempts are made, whoever stopped them and however.
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
    fn transitions() {
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
            assert!(!paused.is_active() && paused.is_subscribed(), "what is published waits");
            assert_eq!(paused.paused(at(10)), paused, "twice is once");
            assert_eq!(before.resumed(), WebhookState::Active, "{before:?}");
        }
    }
}
