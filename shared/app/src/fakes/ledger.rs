use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use hooklane_domain::attempt::Attempt;
use hooklane_domain::delivery::Delivery;
use hooklane_domain::event::Event;
use hooklane_domain::ids::{DeliveryId, EventId, TenantId, WebhookId};

use super::lock;
use crate::ports::{
    Corrupt, Deliveries, DeliveryFilter, DeliveryPage, Events, Put, Saved, Unavailable,
};

/// The ledger in memory.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    events: Mutex<BTreeMap<(TenantId, EventId), Event>>,
    deliveries: Mutex<BTreeMap<DeliveryId, Delivery>>,
    corrupt: Mutex<BTreeSet<DeliveryId>>,
    attempts: Mutex<BTreeMap<(DeliveryId, u32, hooklane_domain::Timestamp), Attempt>>,
}

impl MemoryLedger {
    /// From now on, what is written of this delivery cannot be read back.
    pub fn corrupt(&self, id: DeliveryId) {
        lock(&self.corrupt).insert(id);
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
        let corrupt = lock(&self.corrupt);
        if let Some(id) = ids.iter().find(|id| corrupt.contains(id)) {
            let cause = Corrupt { what: id.to_string(), why: "a test has it so".to_owned() };
            return Err(Unavailable::new("reading a delivery", cause));
        }
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
