//! The health of webhooks as this instance knows it: what it read, and what it has observed since its last
//! write.

use std::sync::Arc;

use hooklane_app::cache::{Bounded, Recent};
use hooklane_app::conflict::decide_anew;
use hooklane_app::ports::{Clock, HealthStore, Unavailable};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::Delivery;
use hooklane_domain::delivery::attempt::Attempt;
use hooklane_domain::ids::WebhookId;
use hooklane_domain::isolation::circuit::Thresholds;
use hooklane_domain::isolation::health::{Change, Health, Tally};
use hooklane_domain::isolation::operational::is_operational;

use crate::interval::is_over;

/// The number of times that a health update is tried if other writers are faster.
const TRIES: u32 = 5;

pub(crate) struct HealthMonitor<R, C> {
    registry: Arc<R>,
    system: Arc<C>,
    thresholds: Thresholds,
    read: Recent<WebhookId, Health>,
    observed: Bounded<WebhookId, Observed>,
}

/// What this instance has observed of a webhook and not yet written.
#[derive(Debug, Clone, Default)]
struct Observed {
    tally: Tally,
    written_at: Option<Timestamp>,
}

impl<R: HealthStore, C: Clock> HealthMonitor<R, C> {
    pub(crate) fn new(registry: Arc<R>, system: Arc<C>, thresholds: Thresholds) -> Self {
        Self { registry, system, thresholds, read: Recent::default(), observed: Bounded::default() }
    }

    /// The health from the cache, at most five seconds old.
    pub(crate) async fn health(&self, webhook: WebhookId) -> Result<Health, Unavailable> {
        match self.read.get(&webhook, self.system.now()) {
            Some(health) => Ok(health),
            None => self.fresh(webhook).await,
        }
    }

    /// The health as it is stored now.
    pub(crate) async fn fresh(&self, webhook: WebhookId) -> Result<Health, Unavailable> {
        let read_at = self.system.now();
        let health = self.registry.health(webhook).await?;
        self.read.put(webhook, health.clone(), read_at);
        Ok(health)
    }

    /// Claims the probe of a webhook whose circuit is not closed. Only one delivery can claim it. Also returns
    /// `true` if the circuit has closed since: then the delivery is attempted without a probe.
    pub(crate) async fn may_probe(&self, delivery: &Delivery) -> Result<bool, Unavailable> {
        let webhook = delivery.id.webhook();
        let stored = self.fresh(webhook).await?;
        let Some(circuit) = stored.circuit.probed(self.system.now()) else {
            return Ok(stored.circuit.is_closed());
        };
        let health = Health { circuit, ..stored };
        let change = Change { health: health.clone(), lane: None, watch: None };
        let claimed = self.registry.save_health(&delivery.tenant, webhook, &change).await?;
        if claimed {
            self.remember(webhook, health);
            tracing::info!(webhook.id = %webhook, delivery.id = %delivery.id, "webhook.probed");
        }
        Ok(claimed)
    }

    /// Records what an attempt says about its webhook, and writes it if it matters. An error does not fail
    /// the delivery: what could not be written is written with the next observation.
    pub(crate) async fn observe(&self, delivery: &Delivery, attempt: &Attempt) {
        if !attempt.outcome.concerns_receiver() {
            return;
        }
        let (now, webhook) = (self.system.now(), delivery.id.webhook());
        let known = match self.health(webhook).await {
            Ok(known) => known,
            Err(error) => return error.log("health.not_read"),
        };
        let to_write = self.observed.update(&webhook, Observed::default, |observed| {
            observed.tally.add(attempt.outcome.is_success(), now, attempt.duration_ms);
            let interval_is_over = observed.written_at.is_none_or(|at| is_over(at, now));
            known.asks_for_write(&observed.tally, &self.thresholds, interval_is_over).then(|| {
                observed.written_at = Some(now);
                std::mem::take(&mut observed.tally)
            })
        });
        let Some(tally) = to_write else { return };
        match self.write(delivery, tally).await {
            Ok(true) => {}
            Ok(false) => self.give_back(webhook, tally),
            Err(error) => {
                error.log("health.not_written");
                self.give_back(webhook, tally);
            }
        }
    }

    fn give_back(&self, webhook: WebhookId, tally: Tally) {
        self.observed.update(&webhook, Observed::default, |observed| {
            observed.tally = tally.then(observed.tally);
        });
    }

    async fn write(&self, delivery: &Delivery, tally: Tally) -> Result<bool, Unavailable> {
        let webhook = delivery.id.webhook();
        // Deliveries of operational events cause no operational events.
        let reports = !is_operational(&delivery.event_type);
        let written = decide_anew(TRIES, || async {
            let stored = self.registry.health(webhook).await?;
            let next = stored.clone().observed(tally, &self.thresholds, reports);
            let change = stored.change_to(next, self.system.now());
            if !self.registry.save_health(&delivery.tenant, webhook, &change).await? {
                return Ok(None);
            }
            log_change(webhook, &stored, &change.health);
            self.remember(webhook, change.health);
            Ok(Some(()))
        });
        Ok(written.await?.is_some())
    }

    /// Caches what was just written.
    fn remember(&self, webhook: WebhookId, written: Health) {
        let health = Health { revision: written.revision + 1, ..written };
        self.read.put(webhook, health, self.system.now());
    }
}

fn log_change(webhook: WebhookId, before: &Health, after: &Health) {
    match (before.circuit.is_closed(), after.circuit.is_closed()) {
        (true, false) => tracing::warn!(webhook.id = %webhook, "webhook.circuit_opened"),
        (false, true) => tracing::info!(webhook.id = %webhook, "webhook.circuit_closed"),
        _ => {}
    }
    if before.lane() != after.lane() {
        let lane = after.lane().as_str();
        tracing::info!(webhook.id = %webhook, webhook.lane = lane, "webhook.lane_changed");
    }
}
