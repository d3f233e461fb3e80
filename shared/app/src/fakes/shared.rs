//! A test often looks into a fake that the code under test owns: it shares it.

use std::sync::Arc;

use hooklane_domain::Timestamp;
use hooklane_domain::attempt::Attempt;
use hooklane_domain::delivery::Delivery;
use hooklane_domain::event::Event;
use hooklane_domain::ids::{DeliveryId, EventId, TenantId, WebhookId};

use crate::ports::{
    AttemptLog, Deliveries, DeliveryFilter, DeliveryPage, Events, LogFilter, LogPage, Put, Saved,
    Surroundings, Unavailable,
};

impl<T: Surroundings> Surroundings for Arc<T> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }

    fn random(&self) -> [u8; 32] {
        (**self).random()
    }
}

impl<T: Events> Events for Arc<T> {
    async fn put(&self, event: &Event) -> Result<Put, Unavailable> {
        (**self).put(event).await
    }

    async fn get(&self, tenant: &TenantId, id: &EventId) -> Result<Option<Event>, Unavailable> {
        (**self).get(tenant, id).await
    }
}

impl<T: Deliveries> Deliveries for Arc<T> {
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
