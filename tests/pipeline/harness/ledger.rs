//! The ledger behind calls that fail. The journal checks every write.

use hooklane_app::fakes::budget::write_units;
use hooklane_app::ports::{
    CanaryStore, ChunkPage, ChunkRange, DailyCounts, DeliveryFilter, DeliveryPage, DeliveryStore,
    EventIndex, EventIndexWriter, EventPage, EventScan, EventStore, Gathering, ParkingStore,
    Pointer, Put, Saved, SlotCounts, SlotStore, Strikes, Unavailable, newer,
};
use hooklane_domain::Timestamp;
use hooklane_domain::access::quotas::{Day, QuotaName};
use hooklane_domain::canary::Canary;
use hooklane_domain::delivery::attempt::Attempt;
use hooklane_domain::delivery::{Delivery, State};
use hooklane_domain::event::Event;
use hooklane_domain::event_index::Chunk;
use hooklane_domain::ids::{DeliveryId, EventId, TenantId, WebhookId};
use hooklane_domain::isolation::deaths::Suspect;
use hooklane_domain::isolation::recovery::Wanted;
use hooklane_domain::webhook::limits::RateLimit;

use super::port::Port;

impl Gathering for Port {}

impl EventStore for Port {
    async fn put(&self, event: &Event) -> Result<Put, Unavailable> {
        self.call("events.put", async {
            let put = self.environment.ledger.put(event).await?;
            if put == Put::Stored {
                self.environment.stream.inserted(event);
            }
            Ok(put)
        })
        .await
    }

    async fn get(&self, tenant: &TenantId, id: &EventId) -> Result<Option<Event>, Unavailable> {
        self.call("events.get", self.environment.ledger.get(tenant, id)).await
    }
}

impl CanaryStore for Port {
    async fn canary(&self) -> Result<Option<Canary>, Unavailable> {
        self.call("canary.read", self.environment.ledger.canary()).await
    }

    async fn replace_canary(
        &self,
        newest: Option<&EventId>,
        next: &Canary,
    ) -> Result<bool, Unavailable> {
        self.call("canary.replace", self.environment.ledger.replace_canary(newest, next)).await
    }

    async fn canary_arrived(&self, id: &EventId, at: Timestamp) -> Result<bool, Unavailable> {
        self.call("canary.arrived", self.environment.ledger.canary_arrived(id, at)).await
    }
}

impl Port {
    /// Whether this process does not know the state of a delivery.
    pub(super) fn is_unknown(&self, id: &DeliveryId) -> bool {
        !self.is_next() && self.environment.versions.is_unknown_delivery(id)
    }

    /// Notes that a call for this delivery failed.
    fn note_fault<T>(
        &self,
        id: &DeliveryId,
        answer: Result<T, Unavailable>,
    ) -> Result<T, Unavailable> {
        if answer.is_err() {
            let key = (id.webhook(), id.event().clone());
            self.environment.journal.store_fault(key, self.invocation());
        }
        answer
    }
}

impl Port {
    /// Counts whether a message that `upkeep` replaced as lost was lost or only late.
    fn count_swept(&self, before: Option<&Delivery>, after: &Delivery) {
        let waits = |delivery: &Delivery| matches!(delivery.state, State::Waiting { .. });
        let Some(before) = before.filter(|before| waits(before) && waits(after)) else { return };
        if self.process.function != "upkeep" {
            return;
        }
        let (id, generation) =
            (before.id.to_string(), format!("\"generation\":{}", before.generation));
        let bodies = self.environment.queues.bodies();
        let found = bodies.iter().any(|body| body.contains(&id) && body.contains(&generation));
        let what = if found { "its message was only late" } else { "its message was lost" };
        self.environment.journal.count(format!("swept: {what}"));
    }
}

impl DeliveryStore for Port {
    async fn read(&self, ids: &[DeliveryId]) -> Result<Vec<Option<Delivery>>, Unavailable> {
        let unknown = ids.iter().find(|id| self.is_unknown(id));
        let mut answer = match unknown {
            Some(id) => {
                let refuse =
                    async { Err(newer(id.to_string(), "its state is of the next version")) };
                self.environment.journal.count("met: delivery of the next version");
                self.call("deliveries.read", refuse).await
            }
            None => self.call("deliveries.read", self.environment.ledger.read(ids)).await,
        };
        let is_newer = answer.as_ref().is_err_and(Unavailable::is_newer);
        for id in ids.iter().filter(|id| !is_newer || Some(*id) == unknown) {
            answer = self.note_fault(id, answer);
        }
        answer
    }

    async fn save(&self, delivery: &Delivery) -> Result<Saved, Unavailable> {
        let ledger = &self.environment.ledger;
        let (key, item) = (format!("WH#{}", delivery.id.webhook()), delivery.id.to_string());
        let parked = matches!(delivery.state, State::Parked { .. });
        let answer = self.call("deliveries.save", async {
            // Its item takes a unit, twice as much together with its pointer.
            self.take_writes(&key, write_units(1, parked))?;
            let announced_at = self.announce(delivery).await?;
            let before = ledger.read(std::slice::from_ref(&delivery.id)).await?.remove(0);
            let saved = ledger.land(delivery, announced_at);
            if let Saved::Yes(after) = &saved {
                assert!(!self.is_unknown(&delivery.id), "{delivery:?} was written over");
                if self.is_next() {
                    let chance = &self.environment.chance;
                    self.environment.versions.write_delivery(&delivery.id, chance);
                }
                let writer = (self.process.function, self.invocation());
                self.environment.journal.written(before.as_ref(), after, writer);
                self.count_swept(before.as_ref(), after);
            } else {
                self.environment.journal.count("conflicting write: delivery");
            }
            Ok(saved)
        });
        let answer = match parked {
            true => self.transaction(&[item], answer).await,
            false => self.write(&item, answer).await,
        };
        self.note_fault(&delivery.id, answer)
    }

    async fn keep_attempt(
        &self,
        delivery: &Delivery,
        attempt: &Attempt,
    ) -> Result<(), Unavailable> {
        let key = format!("WH#{}", delivery.id.webhook());
        let answer = self
            .call("deliveries.keep_attempt", async {
                self.take_writes(&key, write_units(1, false))?;
                self.environment.ledger.keep_attempt(delivery, attempt).await
            })
            .await;
        self.note_fault(&delivery.id, answer)
    }

    async fn attempts(&self, delivery: &Delivery) -> Result<Vec<Attempt>, Unavailable> {
        self.call("deliveries.attempts", self.environment.ledger.attempts(delivery)).await
    }

    async fn list(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        filter: &DeliveryFilter,
    ) -> Result<DeliveryPage, Unavailable> {
        let list = DeliveryStore::list(&self.environment.ledger, tenant, webhook, filter);
        let mut page = self.call("deliveries.list", list).await?;
        let all = page.deliveries.len();
        page.deliveries.retain(|delivery| !self.is_unknown(&delivery.id));
        page.unreadable += all - page.deliveries.len();
        Ok(page)
    }
}

impl Strikes for Port {
    async fn strikes(&self, of: &Suspect) -> Result<u32, Unavailable> {
        self.call("strikes.read", self.environment.ledger.strikes(of)).await
    }

    async fn strike(&self, of: &Suspect, now: Timestamp) -> Result<u32, Unavailable> {
        self.call("strikes.add", self.environment.ledger.strike(of, now)).await
    }

    async fn forgive(&self, of: &Suspect) -> Result<(), Unavailable> {
        self.call("strikes.forgive", self.environment.ledger.forgive(of)).await
    }
}

impl ParkingStore for Port {
    async fn parked(
        &self,
        webhook: WebhookId,
        due_by: Timestamp,
        limit: usize,
    ) -> Result<Vec<Pointer>, Unavailable> {
        self.call("parking.parked", self.environment.ledger.parked(webhook, due_by, limit)).await
    }

    async fn count_parked(&self, webhook: WebhookId, max: u16) -> Result<u64, Unavailable> {
        self.call("parking.count", self.environment.ledger.count_parked(webhook, max)).await
    }

    async fn unpark(&self, pointer: &Pointer) -> Result<(), Unavailable> {
        self.call("parking.unpark", self.environment.ledger.unpark(pointer)).await
    }
}

impl SlotStore for Port {
    async fn take_slot(
        &self,
        webhook: WebhookId,
        limit: RateLimit,
        now: Timestamp,
    ) -> Result<Timestamp, Unavailable> {
        let take = self.environment.ledger.take_slot(webhook, limit, now);
        self.call("slots.take", take).await
    }

    async fn slots_taken(&self, webhook: WebhookId) -> Result<SlotCounts, Unavailable> {
        self.call("slots.taken", self.environment.ledger.slots_taken(webhook)).await
    }
}

impl EventScan for Port {
    async fn walk(
        &self,
        tenant: &TenantId,
        wanted: Wanted,
        cursor: Option<&str>,
    ) -> Result<EventPage, Unavailable> {
        self.call("events.walk", self.environment.ledger.walk(tenant, wanted, cursor)).await
    }

    fn cursor_after(&self, event: &(TenantId, EventId)) -> String {
        self.environment.ledger.cursor_after(event)
    }
}

impl EventIndexWriter for Port {
    async fn keep(
        &self,
        tenant: &TenantId,
        chunk: &Chunk,
        now: Timestamp,
    ) -> Result<(), Unavailable> {
        self.call("index.keep", self.environment.ledger.keep(tenant, chunk, now)).await
    }
}

impl EventIndex for Port {
    async fn chunks(
        &self,
        tenant: &TenantId,
        range: &ChunkRange,
        limit: usize,
    ) -> Result<ChunkPage, Unavailable> {
        self.call("index.chunks", self.environment.ledger.chunks(tenant, range, limit)).await
    }
}

impl DailyCounts for Port {
    async fn count_one(
        &self,
        tenant: &TenantId,
        quota: QuotaName,
        day: Day,
        most: u64,
    ) -> Result<Option<u64>, Unavailable> {
        self.call("daily.count", self.environment.ledger.count_one(tenant, quota, day, most)).await
    }

    async fn counted(
        &self,
        tenant: &TenantId,
        quota: QuotaName,
        day: Day,
    ) -> Result<u64, Unavailable> {
        self.call("daily.counted", self.environment.ledger.counted(tenant, quota, day)).await
    }
}
