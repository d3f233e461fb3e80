//! A world that is looked after: `upkeep` beside the pipeline, over the same fakes.

use hooklane_app::fakes::MemoryRegistry;
use hooklane_app::ports::{HealthStore as _, ParkingStore as _, Pointer, WebhookStore as _};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::waiting::Lane;
use hooklane_domain::isolation::health::Health;
use hooklane_domain::isolation::operational::is_operational;
use hooklane_domain::webhook::Webhook;
use hooklane_upkeep::Summary;
use jiff::SignedDuration;

use super::world::{World, tenant};

impl World {
    /// Whether the receiver is down: it answers 503 then, where the script has nothing.
    pub(super) fn set_down(&self, down: bool) {
        *self.sender.otherwise.lock().unwrap() = if down { 503 } else { 200 };
    }

    /// What the schedule does once a minute.
    pub(super) async fn look_after(&self) -> Summary {
        self.upkeep.run().await.unwrap()
    }

    /// Lets minutes pass: messages are worked on as they become visible, `upkeep` runs once in each.
    pub(super) async fn minutes(&self, minutes: u32) -> Summary {
        let mut summary = Summary::default();
        for _ in 0..minutes {
            summary += self.look_after().await;
            for _ in 0..12 {
                while self.step(Lane::Fast).await + self.step(Lane::Slow).await > 0 {}
                self.pass(SignedDuration::from_secs(5));
            }
        }
        summary
    }

    pub(super) fn registry(&self) -> &MemoryRegistry {
        &self.registry
    }

    pub(super) async fn health(&self) -> Health {
        self.registry().health(self.webhook.id).await.unwrap()
    }

    /// The webhook as it is stored.
    pub(super) async fn stored(&self) -> Webhook {
        self.registry().get(&tenant(), self.webhook.id).await.unwrap().unwrap()
    }

    /// Changes the stored webhook, as its tenant would.
    pub(super) async fn revise(&self, change: impl FnOnce(Webhook) -> Webhook) {
        let changed = change(self.stored().await);
        assert!(self.registry().update(&changed).await.unwrap());
    }

    /// The types of the operational events so far, sorted.
    pub(super) fn published(&self) -> Vec<String> {
        let events = self.ledger.all_events();
        let own = events.iter().map(|e| &e.content.event_type).filter(|t| is_operational(t));
        let mut types: Vec<_> = own.map(ToString::to_string).collect();
        types.sort();
        types
    }

    /// Every pointer to something parked.
    pub(super) async fn pointers(&self) -> Vec<Pointer> {
        self.ledger.parked(self.webhook.id, Timestamp::MAX, 1_000).await.unwrap()
    }
}
