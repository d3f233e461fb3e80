//! How webhooks fare, as this instance sees it: what it read of their health, what it saw since it last
//! wrote, and what it told `upkeep` to look after.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hooklane_app::ports::{
    BrakeStore as _, Clock as _, HealthStore as _, TenantStore as _, Unavailable, WatchList as _,
};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::Delivery;
use hooklane_domain::delivery::attempt::Attempt;
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::isolation::brake::Brake;
use hooklane_domain::isolation::circuit::Thresholds;
use hooklane_domain::isolation::health::{Change, Health, Tally};
use hooklane_domain::isolation::operational::is_operational;

use crate::edge::Edge;
use crate::memory::Memory;
use crate::worker::{Worker, log_error};

/// An instance writes the failures of a webhook at most this often, and calls `upkeep` to it.
const REST_MS: i64 = 10_000;
/// A health that others write meanwhile is read and decided anew this often.
const TRIES: u32 = 5;
/// A warm function that has met more webhooks than this starts over.
const MAX_ENTRIES: usize = 10_000;

/// The memory of one instance.
pub(crate) struct Care {
    thresholds: Thresholds,
    max_parked: u64,
    healths: Memory<WebhookId, Health>,
    tenants: Memory<TenantId, bool>,
    brake: Memory<(), Option<Brake>>,
    unwritten: Mutex<HashMap<WebhookId, Unwritten>>,
}

/// What was seen of a webhook and is not written yet.
#[derive(Debug, Default)]
struct Unwritten {
    tally: Tally,
    written_at: Option<Timestamp>,
    /// When `upkeep` was last called, and how many were parked then.
    marked: Option<(Timestamp, u64)>,
    parked: u32,
}

impl Care {
    pub(crate) fn new(thresholds: Thresholds, max_parked: u64) -> Self {
        Self {
            thresholds,
            max_parked,
            healths: Memory::default(),
            tenants: Memory::default(),
            brake: Memory::default(),
            unwritten: Mutex::default(),
        }
    }

    fn of<T>(&self, webhook: WebhookId, act: impl FnOnce(&mut Unwritten) -> T) -> T {
        let mut all = self.lock();
        if all.len() >= MAX_ENTRIES && !all.contains_key(&webhook) {
            all.clear();
        }
        act(all.entry(webhook).or_default())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<WebhookId, Unwritten>> {
        self.unwritten.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A clock that went back has rested.
fn is_rested(since: Timestamp, now: Timestamp) -> bool {
    !(0..REST_MS).contains(&(now.as_millisecond() - since.as_millisecond()))
}

/// Whether there is room for one more parked delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    Free,
    Full,
}

impl<E: Edge> Worker<E> {
    /// At most five seconds old.
    pub(crate) async fn health(&self, webhook: WebhookId) -> Result<Health, Unavailable> {
        match self.care.healths.get(&webhook, self.system.now()) {
            Some(health) => Ok(health),
            None => self.fresh_health(webhook).await,
        }
    }

    /// As it is now.
    pub(crate) async fn fresh_health(&self, webhook: WebhookId) -> Result<Health, Unavailable> {
        let health = self.webhooks.registry().health(webhook).await?;
        self.care.healths.put(webhook, health.clone(), self.system.now());
        Ok(health)
    }

    /// At most five seconds old.
    pub(crate) async fn tenant_is_paused(&self, tenant: &TenantId) -> Result<bool, Unavailable> {
        match self.care.tenants.get(tenant, self.system.now()) {
            Some(paused) => Ok(paused),
            None => self.tenant_is_paused_now(tenant).await,
        }
    }

    pub(crate) async fn tenant_is_paused_now(
        &self,
        tenant: &TenantId,
    ) -> Result<bool, Unavailable> {
        let paused = self.webhooks.registry().tenant(tenant).await?.settings.paused;
        self.care.tenants.put(tenant.clone(), paused, self.system.now());
        Ok(paused)
    }

    /// Whether a wait until then goes to the ledger. A brake that cannot be read is off: waiting in the
    /// queue is right too.
    pub(crate) async fn brake_holds(&self, until: Timestamp) -> bool {
        let now = self.system.now();
        let brake = match self.care.brake.get(&(), now) {
            Some(brake) => brake,
            None => match self.webhooks.registry().brake().await {
                Ok(brake) => {
                    self.care.brake.put((), brake, now);
                    brake
                }
                Err(error) => {
                    log_error("brake.not_read", &error);
                    None
                }
            },
        };
        brake.is_some_and(|brake| brake.holds(now, until))
    }

    /// Claims the probe of a webhook whose circuit is not closed. Of several exactly one gets it; a
    /// circuit that has closed meanwhile needs none.
    pub(crate) async fn may_probe(&self, delivery: &Delivery) -> Result<bool, Unavailable> {
        let webhook = delivery.id.webhook();
        let stored = self.fresh_health(webhook).await?;
        let Some(circuit) = stored.circuit.probed(self.system.now()) else {
            return Ok(stored.circuit.is_closed());
        };
        let health = Health { circuit, ..stored };
        let change = Change { health: health.clone(), lane: None, watch: None };
        let claimed =
            self.webhooks.registry().save_health(&delivery.tenant, webhook, &change).await?;
        if claimed {
            self.know(webhook, health);
            tracing::info!(webhook.id = %webhook, delivery.id = %delivery.id, "webhook.probed");
        }
        Ok(claimed)
    }

    /// Notes what an attempt says about its webhook, and writes it where that is worth it. Never in
    /// the way of a delivery: what cannot be written now is written with what comes next.
    pub(crate) async fn observe(&self, delivery: &Delivery, attempt: &Attempt, success: bool) {
        if !attempt.outcome.concerns_receiver() {
            return;
        }
        let (now, webhook) = (self.system.now(), delivery.id.webhook());
        let known = match self.health(webhook).await {
            Ok(known) => known,
            Err(error) => return log_error("health.not_read", &error),
        };
        let taken = self.care.of(webhook, |unwritten| {
            unwritten.tally.add(success, now, attempt.duration_ms);
            let rested = unwritten.written_at.is_none_or(|at| is_rested(at, now));
            let due = known.asks_for_write(&unwritten.tally, &self.care.thresholds, rested);
            due.then(|| {
                unwritten.written_at = Some(now);
                std::mem::take(&mut unwritten.tally)
            })
        });
        let Some(tally) = taken else { return };
        match self.write_health(delivery, tally).await {
            Ok(true) => {}
            Ok(false) => self.give_back(webhook, tally),
            Err(error) => {
                log_error("health.not_written", &error);
                self.give_back(webhook, tally);
            }
        }
    }

    fn give_back(&self, webhook: WebhookId, tally: Tally) {
        self.care.of(webhook, |unwritten| unwritten.tally = tally.then(unwritten.tally));
    }

    async fn write_health(&self, delivery: &Delivery, tally: Tally) -> Result<bool, Unavailable> {
        let webhook = delivery.id.webhook();
        let tells = !is_operational(&delivery.event_type);
        for _ in 0..TRIES {
            let stored = self.webhooks.registry().health(webhook).await?;
            let next = stored.clone().observed(tally, &self.care.thresholds, tells);
            let change = stored.change_to(next, self.system.now());
            let registry = self.webhooks.registry();
            if registry.save_health(&delivery.tenant, webhook, &change).await? {
                self.log_change(webhook, &stored, &change.health);
                self.know(webhook, change.health);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Remembers what was just written.
    fn know(&self, webhook: WebhookId, written: Health) {
        let health = Health { revision: written.revision + 1, ..written };
        self.care.healths.put(webhook, health, self.system.now());
    }

    fn log_change(&self, webhook: WebhookId, before: &Health, after: &Health) {
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

    /// Calls `upkeep` to a webhook of which one more delivery will be parked, before it is: its pointer
    /// is found however this ends. Told at most every ten seconds; a mark is respected for far longer.
    pub(crate) async fn announce_parking(
        &self,
        delivery: &Delivery,
        parking: u32,
    ) -> Result<Room, Unavailable> {
        let (now, webhook) = (self.system.now(), delivery.id.webhook());
        let (marked, parked) = self.care.of(webhook, |unwritten| {
            unwritten.parked += parking;
            let rests = |(at, _): &(Timestamp, u64)| !is_rested(*at, now);
            (unwritten.marked.filter(rests), unwritten.parked)
        });
        let known = match marked {
            Some((_, known)) => known + u64::from(parked),
            None => {
                let registry = self.webhooks.registry();
                let known = registry.watch(&delivery.tenant, webhook, parked, now).await?;
                self.care.of(webhook, |unwritten| {
                    unwritten.marked = Some((now, known));
                    unwritten.parked = unwritten.parked.saturating_sub(parked);
                });
                known
            }
        };
        Ok(if known > self.care.max_parked { Room::Full } else { Room::Free })
    }

    /// Takes back what was announced and not parked.
    pub(crate) fn withdraw_parking(&self, webhook: WebhookId) {
        self.care.of(webhook, |unwritten| unwritten.parked = unwritten.parked.saturating_sub(1));
    }
}
