use hooklane_domain::Timestamp;
use hooklane_domain::access::key::Key;
use hooklane_domain::access::quotas::{Exceeded, QuotaName};
use hooklane_domain::ids::{KeyId, TenantId};

use super::{MemoryRegistry, lock};
use crate::ports::{KeyPage, KeyStore, Refusal, Unavailable};

impl KeyStore for MemoryRegistry {
    async fn key(&self, tenant: &TenantId, id: KeyId) -> Result<Option<Key>, Unavailable> {
        self.faults().step()?;
        Ok(lock(&self.registered).keys.get(&(tenant.clone(), id)).cloned())
    }

    async fn keys(
        &self,
        tenant: &TenantId,
        after: Option<KeyId>,
        limit: usize,
    ) -> Result<KeyPage, Unavailable> {
        self.faults().step()?;
        let registered = lock(&self.registered);
        let theirs = registered.keys.values().rev().filter(|key| key.tenant == *tenant);
        let mut rest = theirs.filter(|key| after.is_none_or(|after| key.id < after));
        let keys: Vec<_> = rest.by_ref().take(limit).cloned().collect();
        let next = rest.next().and(keys.last()).map(|last| last.id);
        Ok(KeyPage { keys, next })
    }

    async fn add_key(&self, key: &Key, most: u64) -> Result<Option<Refusal>, Unavailable> {
        self.faults().step()?;
        let mut registered = lock(&self.registered);
        let tenant = registered.tenant(&key.tenant);
        if let Some(tombstone) = tenant.tombstone {
            return Ok(Some(Refusal::Removed(tombstone)));
        }
        if tenant.keys >= most {
            let over = Exceeded { quota: QuotaName::Keys, limit: most, used: tenant.keys };
            return Ok(Some(Refusal::Over(over)));
        }
        registered.keys.insert((key.tenant.clone(), key.id), key.clone());
        registered.listed.insert(key.tenant.clone());
        Ok(None)
    }

    async fn change_key(&self, seen: &Key, key: &Key) -> Result<bool, Unavailable> {
        self.faults().step()?;
        let mut registered = lock(&self.registered);
        let stored = registered.keys.get_mut(&(seen.tenant.clone(), seen.id));
        let Some(stored) = stored.filter(|stored| stored.revision == seen.revision) else {
            return Ok(false);
        };
        stored.name = key.name.clone();
        stored.hash = key.hash;
        stored.former = key.former.clone();
        stored.revision += 1;
        Ok(true)
    }

    async fn remove_key(&self, tenant: &TenantId, id: KeyId) -> Result<bool, Unavailable> {
        self.faults().step()?;
        Ok(lock(&self.registered).keys.remove(&(tenant.clone(), id)).is_some())
    }

    async fn note_use(
        &self,
        tenant: &TenantId,
        id: KeyId,
        now: Timestamp,
    ) -> Result<bool, Unavailable> {
        self.faults().step()?;
        let mut registered = lock(&self.registered);
        let stored = registered.keys.get_mut(&(tenant.clone(), id));
        let due = stored.filter(|key| key.use_is_due(now));
        Ok(due.map(|key| key.last_used_at = Some(now)).is_some())
    }
}
