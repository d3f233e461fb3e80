use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

use hooklane_domain::attempt::{Attempt, TestAttempt};
use hooklane_domain::delivery::Delivery;
use hooklane_domain::event::Event;
use hooklane_domain::idempotency::{Claim, IdempotencyKey};
use hooklane_domain::ids::{DeliveryId, EventId, TenantId, WebhookId};
use hooklane_domain::quota::Window;

use super::lock;
use crate::ports::{
    Deliveries, DeliveryFilter, DeliveryPage, Events, Put, Quotas, Saved, Unavailable,
};

/// The ledger in memory.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    events: Mutex<BTreeMap<(TenantId, EventId), Event>>,
    deliveries: Mutex<BTreeMap<DeliveryId, Delivery>>,
    attempts: Mutex<BTreeMap<(DeliveryId, u32, hooklane_domain::Timestamp), Attempt>>,
    pub(super) claims: Mutex<BTreeMap<(TenantId, IdempotencyKey), Claim>>,
    pub(super) tests: Mutex<BTreeMap<DeliveryId, TestAttempt>>,
    leased: Mutex<HashMap<(TenantId, Window), u64>>,
}

impl Quotas for MemoryLedger {
    async fn lease(
        &self,
        tenant: &TenantId,
        window: Window,
        requests: u32,
    ) -> Result<u64, Unavailable> {
        let mut leased = lock(&self.leased);
        let count = leased.entry((tenant.clone(), window)).or_default();
        *count += u64::from(requests);
        Ok(*count)
    }
}

impl Events for MemoryLedger {
    async fn put(&self, event: &Event) -> Result<Put, Unavailable> {
        let mut events = lock(&self.events);
        let key = (event.tenant.clone(), event.id.clone());
        if let Some(stored) = events.get(&key) {
            return Ok(Put::Exists {
                fingerprint: stored.content.fingerprint(),
                accepted_at: stored.accepted_at,
            });
        }
        events.insert(key, event.clone());
        Ok(Put::Stored)
    }

    async fn get(&self, tenant: &TenantId, id: &EventId) -> Result<Option<Event>, Unavailable> {
        Ok(lock(&self.events).get(&(tenant.clone(), id.clone())).cloned())
    }
}

impl Deliveries for MemoryLedger {
    async fn read(&self, ids: &[DeliveryId]) -> Result<Vec<Option<Delivery>>, Unavailable> {
        let deliveries = lock(&self.deliveries);
        Ok(ids.iter().map(|id| deliveries.get(id).cloned()).collect())
    }

    async fn save(&self, delivery: &Delivery) -> Result<Saved, Unavailable> {
        let mut deliveries = lock(&self.deliveries);
        let stored = deliveries.get(&delivery.id).map_or(0, |d| d.revision);
        if stored != delivery.revision {
            return Ok(Saved::Conflict);
        }
        let written = Delivery { revision: delivery.revision + 1, ..delivery.clone() };
        deliveries.insert(delivery.id.clone(), written.clone());
        Ok(Saved::Yes(Box::new(written)))
    }

    async fn keep_attempt(
        &self,
        delivery: &Delivery,
        attempt: &Attempt,
    ) -> Result<(), Unavailable> {
        let key = (delivery.id.clone(), attempt.number, attempt.at);
        lock(&self.attempts).insert(key, attempt.clone());
        Ok(())
    }

    async fn attempts(&self, delivery: &Delivery) -> Result<Vec<Attempt>, Unavailable> {
        let kept = lock(&self.attempts);
        let failed = delivery
            .failed_at
            .iter()
            .filter_map(|f| kept.get(&(delivery.id.clone(), f.number, f.at)).cloned());
        let mut attempts: Vec<_> = failed.chain(delivery.success.clone()).collect();
        attempts.sort_by_key(|a| a.at);
        Ok(attempts)
    }

    async fn list(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        filter: &DeliveryFilter,
    ) -> Result<DeliveryPage, Unavailable> {
        let deliveries = lock(&self.deliveries);
        let mut found: Vec<_> = deliveries
            .values()
            .filter(|d| d.id.webhook() == webhook && d.tenant == *tenant)
            .filter(|d| filter.status.is_none_or(|s| s == d.status()))
            .filter(|d| filter.after.as_ref().is_none_or(|after| d.id < *after))
            .cloned()
            .collect();
        found.sort_by(|a, b| b.id.cmp(&a.id));
        let more = found.len() > filter.limit;
        found.truncate(filter.limit);
        let next = found.last().filter(|_| more).map(|d| d.id.clone());
        Ok(DeliveryPage { deliveries: found, next })
    }
}
