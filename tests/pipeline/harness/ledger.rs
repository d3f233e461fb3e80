//! The ledger behind calls that fail, with every write looked at.

use hooklane_app::ports::{
    DeliveryFilter, DeliveryPage, DeliveryStore, EventPage, EventScan, EventStore, ParkingStore,
    Pointer, Put, Saved, SlotCounts, SlotStore, Unavailable,
};
use hooklane_domain::Timestamp;
use hooklane_domain::delivery::attempt::Attempt;
use hooklane_domain::delivery::{Delivery, State};
use hooklane_domain::event::Event;
use hooklane_domain::ids::{DeliveryId, EventId, TenantId, WebhookId};
use hooklane_domain::isolation::recovery::Wanted;
use hooklane_domain::webhook::limits::RateLimit;

use super::port::Port;

impl EventStore for Port {
    async fn put(&self, event: &Event) -> Result<Put, Unavailable> {
        self.call("events.put", async {
            let put = self.outside.ledger.put(event).await?;
            if put == Put::Stored {
                self.outside.stream.inserted(event);
            }
            Ok(put)
        })
        .await
    }

    async fn get(&self, tenant: &TenantId, id: &EventId) -> Result<Option<Event>, Unavailable> {
        self.call("events.get", self.outside.ledger.get(tenant, id)).await
    }
}

impl Port {
    fn note<T>(&self, id: &DeliveryId, answer: Result<T, Unavailable>) -> Result<T, Unavailable> {
        if answer.is_err() {
            let key = (id.webhook(), id.event().clone());
            self.outside.journal.store_fault(key, self.invocation());
        }
        answer
    }
}

impl Port {
    /// `upkeep` sent a message in the place of one that it took for lost: whether it was.
    fn tell_swept(&self, before: Option<&Delivery>, after: &Delivery) {
        let waits = |delivery: &Delivery| matches!(delivery.state, State::Waiting { .. });
        let Some(before) = before.filter(|before| waits(before) && waits(after)) else { return };
        if self.process.function != "upkeep" {
            return;
        }
        let (id, generation) =
            (before.id.to_string(), format!("\"generation\":{}", before.generation));
        let bodies = self.outside.queues.bodies();
        let there = bodies.iter().any(|body| body.contains(&id) && body.contains(&generation));
        let what = if there { "its message was only late" } else { "its message was lost" };
        self.outside.journal.count(format!("swept: {what}"));
    }
}

impl DeliveryStore for Port {
    async fn read(&self, ids: &[DeliveryId]) -> Result<Vec<Option<Delivery>>, Unavailable> {
        let mut answer = self.call("deliveries.read", self.outside.ledger.read(ids)).await;
        for id in ids {
            answer = self.note(id, answer);
        }
        answer
    }

    async fn save(&self, delivery: &Delivery) -> Result<Saved, Unavailable> {
        let ledger = &self.outside.ledger;
        let answer = self
            .call("deliveries.save", async {
                let before = ledger.read(std::slice::from_ref(&delivery.id)).await?.remove(0);
                let saved = ledger.save(delivery).await?;
                if let Saved::Yes(after) = &saved {
                    self.outside.journal.written(before.as_ref(), after, self.process.function);
                    self.tell_swept(before.as_ref(), after);
                } else {
                    self.outside.journal.count("write lost to another");
                }
                Ok(saved)
            })
            .await;
        self.note(&delivery.id, answer)
    }

    async fn keep_attempt(
        &self,
        delivery: &Delivery,
        attempt: &Attempt,
    ) -> Result<(), Unavailable> {
        let keep = self.outside.ledger.keep_attempt(delivery, attempt);
        let answer = self.call("deliveries.keep_attempt", keep).await;
        self.note(&delivery.id, answer)
    }

    async fn attempts(&self, delivery: &Delivery) -> Result<Vec<Attempt>, Unavailable> {
        self.call("deliveries.attempts", self.outside.ledger.attempts(delivery)).await
    }

    async fn list(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        filter: &DeliveryFilter,
    ) -> Result<DeliveryPage, Unavailable> {
        let list = DeliveryStore::list(&self.outside.ledger, tenant, webhook, filter);
        self.call("deliveries.list", list).await
    }
}

impl ParkingStore for Port {
    async fn parked(
        &self,
        webhook: WebhookId,
        due_by: Timestamp,
        limit: usize,
    ) -> Result<Vec<Pointer>, Unavailable> {
        self.call("parking.parked", self.outside.ledger.parked(webhook, due_by, limit)).await
    }

    async fn count_parked(&self, webhook: WebhookId, most: u16) -> Result<u64, Unavailable> {
        self.call("parking.count", self.outside.ledger.count_parked(webhook, most)).await
    }

    async fn unpark(&self, pointer: &Pointer) -> Result<(), Unavailable> {
        self.call("parking.unpark", self.outside.ledger.unpark(pointer)).await
    }
}

impl SlotStore for Port {
    async fn take_slot(
        &self,
        webhook: WebhookId,
        limit: RateLimit,
        now: Timestamp,
    ) -> Result<Timestamp, Unavailable> {
        let take = self.outside.ledger.take_slot(webhook, limit, now);
        self.call("slots.take", take).await
    }

    async fn slots_taken(&self, webhook: WebhookId) -> Result<SlotCounts, Unavailable> {
        self.call("slots.taken", self.outside.ledger.slots_taken(webhook)).await
    }
}

impl EventScan for Port {
    async fn walk(
        &self,
        tenant: &TenantId,
        wanted: Wanted,
        cursor: Option<&str>,
    ) -> Result<EventPage, Unavailable> {
        self.call("events.walk", self.outside.ledger.walk(tenant, wanted, cursor)).await
    }
}
