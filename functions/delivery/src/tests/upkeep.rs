//! `upkeep` in the world of a test, over the same fakes as the pipeline.

use hooklane_app::fakes::MemoryRegistry;
use hooklane_app::pausing::{Resumption, resume};
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
    /// Resumes the webhook.
    pub(super) async fn resume(&self, what_waits: Resumption) {
        let key = (&tenant(), self.webhook.id);
        resume(self.registry(), &self.clock, key, what_waits).await.unwrap();
    }

    /// Makes the receiver fail or succeed: its default answer is 503 or 200.
    pub(super) fn set_down(&self, down: bool) {
        *self.sender.default_status.lock().unwrap() = if down { 503 } else { 200 };
    }

    /// Runs `upkeep` once, as its schedule does every minute.
    pub(super) async fn run_upkeep(&self) -> Summary {
        self.upkeep.run().await.unwrap()
    }

    /// Runs the world for some minutes: handles messages as they become visible, and runs `upkeep` once a
    /// minute.
    pub(super) async fn run_minutes(&self, minutes: u32) -> Summary {
        let mut summary = Summary::default();
        for _ in 0..minutes {
            summary += self.run_upkeep().await;
            for _ in 0..12 {
                while self.step(Lane::Fast).await + self.step(Lane::Slow).await > 0 {}
                self.advance(SignedDuration::from_secs(5));
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
    pub(super) async fn stored_webhook(&self) -> Webhook {
        self.registry().get(&tenant(), self.webhook.id).await.unwrap().unwrap()
    }

    /// Updates the stored webhook, as its tenant would. The instance keeps its caches.
    pub(super) async fn update_webhook(&self, change: impl FnOnce(Webhook) -> Webhook) {
        let changed = change(self.stored_webhook().await);
        assert!(self.registry().update(&changed).await.unwrap());
    }

    /// The types of the operational events so far, sorted.
    pub(super) fn operational_events(&self) -> Vec<String> {
        let events = self.ledger.all_events();
        let own = events.iter().map(|e| &e.content.event_type).filter(|t| is_operational(t));
        let mut types: Vec<_> = own.map(ToString::to_string).collect();
        types.sort();
        types
    }

    /// The pointers of all parked deliveries.
    pub(super) async fn pointers(&self) -> Vec<Pointer> {
        self.ledger.parked(self.webhook.id, Timestamp::MAX, 1_000).await.unwrap()
    }
}
