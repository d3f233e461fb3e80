//! The ports for `Arc<T>`, so that a test can share a fake with the code under test and look into it.

use std::sync::Arc;
use std::time::Duration;

use hooklane_domain::Timestamp;
use hooklane_domain::canary::Canary;
use hooklane_domain::delivery::Delivery;
use hooklane_domain::delivery::attempt::Attempt;
use hooklane_domain::event::Event;
use hooklane_domain::event_index::Chunk;
use hooklane_domain::ids::{DeliveryId, EventId, TenantId, WebhookId};
use hooklane_domain::isolation::deaths::Suspect;
use hooklane_domain::isolation::recovery::Wanted;
use hooklane_domain::usage::calendar::{Day, Month};
use hooklane_domain::usage::counting::{Counting, Kind};
use hooklane_domain::usage::{Figures, MonthUsage, Span};
use hooklane_domain::webhook::limits::RateLimit;

use crate::ports::{
    ActiveTenants, AttemptLog, CanaryStore, ChunkPage, ChunkRange, Clock, DeletedWebhooks,
    DeliveryFilter, DeliveryPage, DeliveryStore, Entropy, EventIndex, EventIndexWriter, EventPage,
    EventScan, EventStore, FigureMarks, Gathered, Gathering, LogFilter, LogPage, ParkingStore,
    Pause, Pointer, Put, Saved, SlotCounts, SlotStore, Strikes, Unavailable, UsagePage, UsageStore,
};

impl<T: Clock> Clock for Arc<T> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }
}

impl<T: Pause> Pause for Arc<T> {
    async fn pause(&self, time: Duration) {
        (**self).pause(time).await;
    }
}

impl<T: Entropy> Entropy for Arc<T> {
    fn random(&self) -> [u8; 32] {
        (**self).random()
    }
}

impl<T: Gathering> Gathering for Arc<T> {
    fn gather(&self) -> Gathered {
        (**self).gather()
    }
}

impl<T: EventStore> EventStore for Arc<T> {
    async fn put(&self, event: &Event) -> Result<Put, Unavailable> {
        (**self).put(event).await
    }

    async fn get(&self, tenant: &TenantId, id: &EventId) -> Result<Option<Event>, Unavailable> {
        (**self).get(tenant, id).await
    }
}

impl<T: DeliveryStore> DeliveryStore for Arc<T> {
    async fn read(&self, ids: &[DeliveryId]) -> Result<Vec<Option<Delivery>>, Unavailable> {
        (**self).read(ids).await
    }

    async fn save(&self, delivery: &Delivery) -> Result<Saved, Unavailable> {
        (**self).save(delivery).await
    }

    async fn keep_attempt(
        &self,
        delivery: &Delivery,
        attempt: &Attempt,
    ) -> Result<(), Unavailable> {
        (**self).keep_attempt(delivery, attempt).await
    }

    async fn attempts(&self, delivery: &Delivery) -> Result<Vec<Attempt>, Unavailable> {
        (**self).attempts(delivery).await
    }

    async fn list(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        filter: &DeliveryFilter,
    ) -> Result<DeliveryPage, Unavailable> {
        (**self).list(tenant, webhook, filter).await
    }
}

impl<T: ParkingStore> ParkingStore for Arc<T> {
    async fn parked(
        &self,
        webhook: WebhookId,
        due_by: Timestamp,
        limit: usize,
    ) -> Result<Vec<Pointer>, Unavailable> {
        (**self).parked(webhook, due_by, limit).await
    }

    async fn count_parked(&self, webhook: WebhookId, most: u16) -> Result<u64, Unavailable> {
        (**self).count_parked(webhook, most).await
    }

    async fn unpark(&self, pointer: &Pointer) -> Result<(), Unavailable> {
        (**self).unpark(pointer).await
    }
}

impl<T: SlotStore> SlotStore for Arc<T> {
    async fn take_slot(
        &self,
        webhook: WebhookId,
        limit: RateLimit,
        now: Timestamp,
    ) -> Result<Timestamp, Unavailable> {
        (**self).take_slot(webhook, limit, now).await
    }

    async fn slots_taken(&self, webhook: WebhookId) -> Result<SlotCounts, Unavailable> {
        (**self).slots_taken(webhook).await
    }
}

impl<T: EventScan> EventScan for Arc<T> {
    async fn walk(
        &self,
        tenant: &TenantId,
        wanted: Wanted,
        cursor: Option<&str>,
    ) -> Result<EventPage, Unavailable> {
        (**self).walk(tenant, wanted, cursor).await
    }

    fn cursor_after(&self, event: &(TenantId, EventId)) -> String {
        (**self).cursor_after(event)
    }
}

impl<T: CanaryStore> CanaryStore for Arc<T> {
    async fn canary(&self) -> Result<Option<Canary>, Unavailable> {
        (**self).canary().await
    }

    async fn replace_canary(
        &self,
        newest: Option<&EventId>,
        next: &Canary,
    ) -> Result<bool, Unavailable> {
        (**self).replace_canary(newest, next).await
    }

    async fn canary_arrived(&self, id: &EventId, at: Timestamp) -> Result<bool, Unavailable> {
        (**self).canary_arrived(id, at).await
    }
}

impl<T: Strikes> Strikes for Arc<T> {
    async fn strikes(&self, of: &Suspect) -> Result<u32, Unavailable> {
        (**self).strikes(of).await
    }

    async fn strike(&self, of: &Suspect, now: Timestamp) -> Result<u32, Unavailable> {
        (**self).strike(of, now).await
    }

    async fn forgive(&self, of: &Suspect) -> Result<(), Unavailable> {
        (**self).forgive(of).await
    }
}

impl<T: EventIndexWriter> EventIndexWriter for Arc<T> {
    async fn keep(
        &self,
        tenant: &TenantId,
        chunk: &Chunk,
        now: Timestamp,
    ) -> Result<(), Unavailable> {
        (**self).keep(tenant, chunk, now).await
    }
}

impl<T: EventIndex> EventIndex for Arc<T> {
    async fn chunks(
        &self,
        tenant: &TenantId,
        range: &ChunkRange,
        limit: usize,
    ) -> Result<ChunkPage, Unavailable> {
        (**self).chunks(tenant, range, limit).await
    }
}

impl<T: FigureMarks> FigureMarks for Arc<T> {
    async fn mark(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        now: Timestamp,
    ) -> Result<(), Unavailable> {
        (**self).mark(tenant, webhook, now).await
    }
}

impl<T: AttemptLog> AttemptLog for Arc<T> {
    async fn kept(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        filter: &LogFilter,
    ) -> Result<LogPage, Unavailable> {
        (**self).kept(tenant, webhook, filter).await
    }
}

impl<T: ActiveTenants> ActiveTenants for Arc<T> {
    async fn note_active(&self, tenant: &TenantId, now: Timestamp) -> Result<(), Unavailable> {
        (**self).note_active(tenant, now).await
    }

    async fn active(
        &self,
        after: Option<&TenantId>,
        limit: usize,
    ) -> Result<Vec<TenantId>, Unavailable> {
        (**self).active(after, limit).await
    }
}

impl<T: DeletedWebhooks> DeletedWebhooks for Arc<T> {
    async fn note_deleted(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        now: Timestamp,
    ) -> Result<(), Unavailable> {
        (**self).note_deleted(tenant, webhook, now).await
    }

    async fn deleted(
        &self,
        tenant: &TenantId,
        after: Option<WebhookId>,
        limit: usize,
    ) -> Result<Vec<WebhookId>, Unavailable> {
        (**self).deleted(tenant, after, limit).await
    }
}

impl<T: UsageStore> UsageStore for Arc<T> {
    async fn add_usage(
        &self,
        tenant: &TenantId,
        span: Span,
        counted: Figures,
    ) -> Result<(), Unavailable> {
        (**self).add_usage(tenant, span, counted).await
    }

    async fn finish_usage(
        &self,
        tenant: &TenantId,
        day: Day,
        recounted: Figures,
    ) -> Result<(), Unavailable> {
        (**self).finish_usage(tenant, day, recounted).await
    }

    async fn usage_of(
        &self,
        tenant: &TenantId,
        months: &[Month],
    ) -> Result<Vec<MonthUsage>, Unavailable> {
        (**self).usage_of(tenant, months).await
    }

    async fn usage_in(
        &self,
        month: Month,
        after: Option<&TenantId>,
        limit: usize,
    ) -> Result<UsagePage, Unavailable> {
        (**self).usage_in(month, after, limit).await
    }

    async fn counting(&self, kind: Kind) -> Result<Option<Counting>, Unavailable> {
        (**self).counting(kind).await
    }

    async fn save_counting(&self, counting: &Counting) -> Result<bool, Unavailable> {
        (**self).save_counting(counting).await
    }
}
