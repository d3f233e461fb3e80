use hooklane_domain::event::Event;
use hooklane_domain::ids::{EventId, TenantId};
use hooklane_domain::isolation::recovery::Wanted;

use super::{MemoryLedger, lock};
use crate::ports::{EventPage, EventScan, EventSearch, EventStore, Put, Unavailable};

impl EventStore for MemoryLedger {
    async fn put(&self, event: &Event) -> Result<Put, Unavailable> {
        self.faults.step()?;
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
        self.faults.step()?;
        Ok(lock(&self.events).get(&(tenant.clone(), id.clone())).cloned())
    }
}

impl EventSearch for MemoryLedger {
    async fn of_some(
        &self,
        tenants: &[TenantId],
        id: &EventId,
    ) -> Result<(Vec<Event>, usize), Unavailable> {
        self.faults.step()?;
        self.faults.reads_keys(tenants.len());
        let events = lock(&self.events);
        let found = tenants.iter().filter_map(|tenant| events.get(&(tenant.clone(), id.clone())));
        Ok((found.cloned().collect(), 0))
    }
}

/// The number of events that a page of the scan reads.
const PAGE: usize = 3;

impl EventScan for MemoryLedger {
    async fn walk(
        &self,
        tenant: &TenantId,
        wanted: Wanted,
        cursor: Option<&str>,
    ) -> Result<EventPage, Unavailable> {
        self.faults.step()?;
        let from = cursor.and_then(|cursor| cursor.parse().ok()).unwrap_or(0);
        let all = self.all_events();
        let page = all.iter().skip(from).take(PAGE);
        let ours = page.filter(|e| e.tenant == *tenant && wanted.includes(e.accepted_at));
        let next = (from + PAGE < all.len()).then(|| (from + PAGE).to_string());
        Ok(EventPage { events: ours.cloned().collect(), next })
    }

    fn cursor_after(&self, (tenant, id): &(TenantId, EventId)) -> String {
        let all = self.all_events();
        let place = all.iter().position(|event| event.tenant == *tenant && event.id == *id);
        place.map_or(0, |place| place + 1).to_string()
    }
}
