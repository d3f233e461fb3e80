//! The webhooks whose writes were throttled a moment ago, as this instance knows them.

use hooklane_app::cache::Bounded;
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::congestion::Congestion;
use hooklane_domain::ids::WebhookId;

#[derive(Default)]
pub(crate) struct Congested(Bounded<WebhookId, Option<Congestion>>);

impl Congested {
    /// Notes that a write of the webhook was throttled.
    pub(crate) fn throttled(&self, webhook: WebhookId, now: Timestamp) {
        self.0.update(
            &webhook,
            || None,
            |known| {
                let begins = known.is_none_or(|known| !known.holds(now));
                let held = Congestion::after_throttle(*known, now);
                if begins {
                    tracing::warn!(webhook.id = %webhook, "webhook.congested");
                }
                *known = Some(held);
            },
        );
    }

    /// Notes that a write of the webhook succeeded.
    pub(crate) fn wrote(&self, webhook: WebhookId, now: Timestamp) {
        if self.0.get(&webhook).flatten().is_some() {
            self.0.update(
                &webhook,
                || None,
                |known| {
                    *known = known.and_then(|known| known.after_write(now));
                },
            );
        }
    }

    /// Whether no POST is made for the webhook now.
    pub(crate) fn holds(&self, webhook: WebhookId, now: Timestamp) -> bool {
        self.0.get(&webhook).flatten().is_some_and(|known| known.holds(now))
    }
}
