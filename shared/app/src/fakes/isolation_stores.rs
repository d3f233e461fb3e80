//! The registry's stores for isolation.

use hooklane_domain::Timestamp;
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::isolation::brake::Brake;
use hooklane_domain::isolation::health::{Change, Health};
use hooklane_domain::isolation::recovery::Recovery;

use super::{MemoryRegistry, lock};
use crate::ports::{
    BrakeStore, HealthStore, Look, RecoveryStore, Unavailable, Vitals, VitalsStore, Watch,
    WatchList,
};

impl HealthStore for MemoryRegistry {
    async fn health(&self, webhook: WebhookId) -> Result<Health, Unavailable> {
        self.faults().step()?;
        Ok(lock(&self.isolation).healths.get(&webhook).cloned().unwrap_or_default())
    }

    async fn healths(&self, webhooks: &[WebhookId]) -> Result<Vec<Health>, Unavailable> {
        self.faults().step()?;
        let isolation = lock(&self.isolation);
        let of = |id| isolation.healths.get(id).cloned().unwrap_or_default();
        Ok(webhooks.iter().map(of).collect())
    }

    async fn save_health(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        change: &Change,
    ) -> Result<bool, Unavailable> {
        self.faults().step()?;
        let mut isolation = lock(&self.isolation);
        let stored = isolation.healths.get(&webhook).cloned().unwrap_or_default();
        if stored.revision != change.health.revision {
            return Ok(false);
        }
        if let Some(lane) = change.lane
            && !self.set_lane(tenant, webhook, lane)
        {
            return Ok(false);
        }
        let revision = stored.revision + 1;
        let written = Health { revision, skipped: stored.skipped, ..change.health.clone() };
        isolation.healths.insert(webhook, written);
        if let Some(now) = change.watch {
            isolation.watch(tenant, webhook, now);
        }
        Ok(true)
    }

    async fn skip(&self, webhook: WebhookId) -> Result<(), Unavailable> {
        self.faults().step()?;
        lock(&self.isolation).healths.entry(webhook).or_default().skipped += 1;
        Ok(())
    }
}

impl VitalsStore for MemoryRegistry {
    async fn vitals(&self, webhooks: &[WebhookId]) -> Result<Vec<Vitals>, Unavailable> {
        self.faults().step()?;
        let isolation = lock(&self.isolation);
        let vitals = |id| Vitals {
            health: Some(isolation.healths.get(id).cloned().unwrap_or_default()),
            is_watched: isolation.watches.contains_key(id),
        };
        Ok(webhooks.iter().map(vitals).collect())
    }
}

impl WatchList for MemoryRegistry {
    async fn watch(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        parked: u32,
        now: Timestamp,
    ) -> Result<u64, Unavailable> {
        self.faults().step()?;
        let mut isolation = lock(&self.isolation);
        let watch = isolation.watch(tenant, webhook, now);
        watch.parked += u64::from(parked);
        Ok(watch.parked)
    }

    async fn watched(
        &self,
        after: Option<WebhookId>,
        limit: usize,
    ) -> Result<Vec<Watch>, Unavailable> {
        self.faults().step()?;
        let isolation = lock(&self.isolation);
        let watches =
            isolation.watches.values().filter(|w| after.is_none_or(|after| w.webhook > after));
        Ok(watches.take(limit).cloned().collect())
    }

    async fn looked(&self, seen: &Watch, next: Look, released: u64) -> Result<(), Unavailable> {
        self.faults().step()?;
        if let Some(watch) = lock(&self.isolation).watches.get_mut(&seen.webhook) {
            watch.parked = watch.parked.saturating_sub(released);
            if watch.marked_at == seen.marked_at {
                watch.look = next;
            } else {
                watch.look.apart = next.apart;
            }
        }
        Ok(())
    }

    async fn unwatch(&self, seen: &Watch) -> Result<bool, Unavailable> {
        self.faults().step()?;
        let mut isolation = lock(&self.isolation);
        let same =
            isolation.watches.get(&seen.webhook).is_some_and(|w| w.marked_at == seen.marked_at);
        if same {
            isolation.watches.remove(&seen.webhook);
        }
        Ok(same)
    }
}

impl BrakeStore for MemoryRegistry {
    async fn brake(&self) -> Result<Option<Brake>, Unavailable> {
        self.faults().step()?;
        Ok(lock(&self.isolation).brake)
    }

    async fn set_brake(&self, brake: Brake) -> Result<(), Unavailable> {
        self.faults().step()?;
        lock(&self.isolation).brake = Some(brake);
        Ok(())
    }
}

impl RecoveryStore for MemoryRegistry {
    async fn recovery(&self, webhook: WebhookId) -> Result<Option<Recovery>, Unavailable> {
        self.faults().step()?;
        Ok(lock(&self.isolation).recoveries.get(&webhook).cloned())
    }

    async fn save_recovery(&self, recovery: &Recovery) -> Result<bool, Unavailable> {
        self.faults().step()?;
        let mut isolation = lock(&self.isolation);
        let stored = isolation.recoveries.get(&recovery.webhook).map_or(0, |r| r.revision);
        if stored != recovery.revision {
            return Ok(false);
        }
        let written = Recovery { revision: stored + 1, ..recovery.clone() };
        isolation.recoveries.insert(recovery.webhook, written);
        Ok(true)
    }

    async fn take_turn(
        &self,
        recovery: &Recovery,
        (now, until): (Timestamp, Timestamp),
        most: u64,
    ) -> Result<bool, Unavailable> {
        self.faults().step()?;
        let turns = &mut lock(&self.isolation).turns;
        turns.retain(|_, (_, until)| *until > now);
        let others = turns
            .iter()
            .filter(|(id, (tenant, _))| *tenant == recovery.tenant && **id != recovery.webhook);
        let may = (others.count() as u64) < most;
        if may {
            turns.insert(recovery.webhook, (recovery.tenant.clone(), until));
        }
        Ok(may)
    }

    async fn end_turn(&self, recovery: &Recovery) -> Result<(), Unavailable> {
        self.faults().step()?;
        lock(&self.isolation).turns.remove(&recovery.webhook);
        Ok(())
    }
}
