//! Webhooks, at most five seconds old.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use hooklane_app::ports::{Unavailable, WebhookStore};
use hooklane_domain::Timestamp;
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::webhook::Webhook;

const MAX_AGE_MS: i64 = 5_000;
/// A warm function that has met more webhooks than this starts over.
const MAX_ENTRIES: usize = 10_000;

type Key = (TenantId, WebhookId);

/// The registry behind a short memory. An absent webhook is not remembered.
#[derive(Debug)]
pub(crate) struct WebhookCache<R> {
    registry: R,
    known: Mutex<HashMap<Key, (Timestamp, Arc<Webhook>)>>,
}

impl<R> From<R> for WebhookCache<R> {
    fn from(registry: R) -> Self {
        Self { registry, known: Mutex::default() }
    }
}

impl<R: WebhookStore> WebhookCache<R> {
    pub(crate) fn registry(&self) -> &R {
        &self.registry
    }

    pub(crate) async fn get(
        &self,
        tenant: &TenantId,
        id: WebhookId,
        now: Timestamp,
    ) -> Result<Option<Arc<Webhook>>, Unavailable> {
        let key = (tenant.clone(), id);
        if let Some((read_at, webhook)) = self.lock().get(&key)
            && (0..MAX_AGE_MS).contains(&(now.as_millisecond() - read_at.as_millisecond()))
        {
            return Ok(Some(Arc::clone(webhook)));
        }
        self.read(key, now).await
    }

    /// The webhook as it is now, past the memory.
    pub(crate) async fn fresh(
        &self,
        tenant: &TenantId,
        id: WebhookId,
        now: Timestamp,
    ) -> Result<Option<Arc<Webhook>>, Unavailable> {
        self.read((tenant.clone(), id), now).await
    }

    async fn read(&self, key: Key, now: Timestamp) -> Result<Option<Arc<Webhook>>, Unavailable> {
        let webhook = self.registry.get(&key.0, key.1).await?.map(Arc::new);
        let mut known = self.lock();
        if known.len() >= MAX_ENTRIES {
            known.clear();
        }
        match &webhook {
            Some(webhook) => known.insert(key, (now, Arc::clone(webhook))),
            None => known.remove(&key),
        };
        Ok(webhook)
    }

    pub(crate) fn forget(&self, tenant: &TenantId, id: WebhookId) {
        self.lock().remove(&(tenant.clone(), id));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, (Timestamp, Arc<Webhook>)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
