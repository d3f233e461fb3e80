use std::collections::btree_map::Entry;
use std::sync::Arc;

use hooklane_app::ports::{
    CanaryStore, ChunkPage, ChunkRange, DeliveryFilter, DeliveryPage, DeliveryStore, EventIndex,
    EventPage, EventScan, EventStore, FigureMarks, Gathering, ParkingStore, Pointer, Put, Saved,
    SlotCounts, SlotStore, Strikes, Unavailable,
};
use hooklane_domain::Timestamp;
use hooklane_domain::canary::Canary;
use hooklane_domain::delivery::attempt::Attempt;
use hooklane_domain::delivery::{Delivery, Status};
use hooklane_domain::event::Event;
use hooklane_domain::ids::{DeliveryId, EventId, TenantId, WebhookId};
use hooklane_domain::isolation::deaths::Suspect;
use hooklane_domain::isolation::recovery::Wanted;
use hooklane_domain::webhook::limits::RateLimit;

use crate::ledger;
use crate::ledger::number_of;
use crate::time::{Millis, at};
use crate::world::World;

/// The ledger. Each call takes a time.
pub(crate) struct WorldLedger {
    pub(crate) world: Arc<World>,
    pub(crate) takes: Millis,
}

impl WorldLedger {
    /// What neither function asks for in a simulation.
    fn unsupported(&self, what: &str) -> Unavailable {
        self.world.refuse(what, "the simulation has no such call")
    }

    fn pointer(&self, pointer: ledger::Pointer) -> Option<Pointer> {
        let state = self.world.state();
        Some(Pointer {
            delivery: state.ledger.delivery_id(pointer.number)?,
            tenant: state.ledger.tenant().clone(),
            due: at(pointer.due),
            generation: pointer.generation,
        })
    }
}

impl DeliveryStore for WorldLedger {
    async fn read(&self, ids: &[DeliveryId]) -> Result<Vec<Option<Delivery>>, Unavailable> {
        self.world.sleep(self.takes).await;
        let state = self.world.state();
        Ok(ids.iter().map(|id| state.ledger.read(id)).collect())
    }

    async fn save(&self, delivery: &Delivery) -> Result<Saved, Unavailable> {
        self.world.sleep(self.takes).await;
        Ok(match self.world.state().save(delivery) {
            Some(revision) => Saved::Yes(Box::new(Delivery { revision, ..delivery.clone() })),
            None => Saved::Conflict,
        })
    }

    /// Attempts are counted by whoever gets them.
    async fn keep_attempt(&self, _: &Delivery, _: &Attempt) -> Result<(), Unavailable> {
        Ok(())
    }

    async fn attempts(&self, _: &Delivery) -> Result<Vec<Attempt>, Unavailable> {
        Err(self.unsupported("reading attempts"))
    }

    async fn list(
        &self,
        _: &TenantId,
        webhook: WebhookId,
        filter: &DeliveryFilter,
    ) -> Result<DeliveryPage, Unavailable> {
        self.world.sleep(self.takes).await;
        let limit = filter.limit;
        // What has ended is not kept, so a list of every status has what waits.
        let statuses =
            filter.status.map_or_else(|| vec![Status::Pending, Status::Retrying], |one| vec![one]);
        let state = self.world.state();
        let Some(webhook) = state.ledger.webhook_no(webhook) else {
            return Ok(DeliveryPage::default());
        };
        let after = filter.after.as_ref().and_then(|id| number_of(id.event()));
        let listed = |status: Status| state.ledger.list(webhook, status, after, limit + 1);
        let mut numbers: Vec<_> = statuses.into_iter().flat_map(listed).collect();
        numbers.sort_unstable_by_key(|number| std::cmp::Reverse(*number));
        let ids = numbers.iter().take(limit).filter_map(|n| state.ledger.delivery_id(*n));
        let deliveries: Vec<_> = ids.filter_map(|id| state.ledger.read(&id)).collect();
        let next = deliveries.last().filter(|_| numbers.len() > limit).map(|d| d.id.clone());
        Ok(DeliveryPage { deliveries, unreadable: 0, next })
    }
}

/// No function dies in a simulation. The run of `upkeep` is marked all the same.
impl Strikes for WorldLedger {
    async fn strikes(&self, _: &Suspect) -> Result<u32, Unavailable> {
        Ok(0)
    }

    async fn strike(&self, _: &Suspect, _: Timestamp) -> Result<u32, Unavailable> {
        Ok(1)
    }

    async fn forgive(&self, _: &Suspect) -> Result<(), Unavailable> {
        Ok(())
    }
}

impl ParkingStore for WorldLedger {
    async fn parked(
        &self,
        webhook: WebhookId,
        due_by: Timestamp,
        limit: usize,
    ) -> Result<Vec<Pointer>, Unavailable> {
        self.world.sleep(self.takes).await;
        let found = {
            let ledger = &self.world.state().ledger;
            let webhook = ledger.webhook_no(webhook);
            let parked = |webhook| ledger.parked(webhook, due_by.as_millisecond(), limit);
            webhook.map(parked).unwrap_or_default()
        };
        Ok(found.into_iter().filter_map(|pointer| self.pointer(pointer)).collect())
    }

    async fn count_parked(&self, webhook: WebhookId, most: u16) -> Result<u64, Unavailable> {
        self.world.sleep(self.takes).await;
        let ledger = &self.world.state().ledger;
        let count = ledger.webhook_no(webhook).map_or(0, |webhook| ledger.parked_count(webhook));
        Ok(count.min(most.into()) as u64)
    }

    async fn unpark(&self, pointer: &Pointer) -> Result<(), Unavailable> {
        self.world.sleep(self.takes).await;
        let ledger = &mut self.world.state().ledger;
        let webhook = ledger.webhook_no(pointer.delivery.webhook());
        if let (Some(webhook), Some(number)) = (webhook, number_of(pointer.delivery.event())) {
            let (due, generation) = (pointer.due.as_millisecond(), pointer.generation);
            ledger.unpark(webhook, ledger::Pointer { due, number, generation });
        }
        Ok(())
    }
}

impl Gathering for WorldLedger {}

impl EventStore for WorldLedger {
    /// The functions put operational events alone, and nobody subscribes to those.
    async fn put(&self, event: &Event) -> Result<Put, Unavailable> {
        self.world.sleep(self.takes).await;
        Ok(match self.world.state().operational.entry(event.id.clone()) {
            Entry::Vacant(place) => {
                place.insert(event.clone());
                Put::Stored
            }
            Entry::Occupied(stored) => Put::Exists {
                fingerprint: stored.get().content.fingerprint(),
                accepted_at: stored.get().accepted_at,
            },
        })
    }

    async fn get(&self, _: &TenantId, id: &EventId) -> Result<Option<Event>, Unavailable> {
        self.world.sleep(self.takes).await;
        let state = self.world.state();
        let event = number_of(id).and_then(|number| state.ledger.event(number));
        Ok(event.or_else(|| state.operational.get(id).cloned()))
    }
}

impl FigureMarks for WorldLedger {
    /// Nobody asks for figures here.
    async fn mark(&self, _: &TenantId, _: WebhookId, _: Timestamp) -> Result<(), Unavailable> {
        Ok(())
    }
}

impl CanaryStore for WorldLedger {
    async fn canary(&self) -> Result<Option<Canary>, Unavailable> {
        Err(self.unsupported("reading the canary"))
    }

    async fn replace_canary(&self, _: Option<&EventId>, _: &Canary) -> Result<bool, Unavailable> {
        Err(self.unsupported("replacing the canary"))
    }

    async fn canary_arrived(&self, _: &EventId, _: Timestamp) -> Result<bool, Unavailable> {
        Err(self.unsupported("noting the arrival of a canary"))
    }
}

impl EventScan for WorldLedger {
    async fn walk(
        &self,
        _: &TenantId,
        _: Wanted,
        _: Option<&str>,
    ) -> Result<EventPage, Unavailable> {
        Err(self.unsupported("walking through the events for a recovery"))
    }

    fn cursor_after(&self, _: &(TenantId, EventId)) -> String {
        String::new()
    }
}

impl EventIndex for WorldLedger {
    async fn chunks(
        &self,
        _: &TenantId,
        _: &ChunkRange,
        _: usize,
    ) -> Result<ChunkPage, Unavailable> {
        Err(self.unsupported("walking through the index for a recovery"))
    }
}

impl SlotStore for WorldLedger {
    async fn take_slot(
        &self,
        _: WebhookId,
        _: RateLimit,
        _: Timestamp,
    ) -> Result<Timestamp, Unavailable> {
        Err(self.unsupported("taking a slot of a rate limit"))
    }

    async fn slots_taken(&self, _: WebhookId) -> Result<SlotCounts, Unavailable> {
        Ok(SlotCounts::default())
    }
}
