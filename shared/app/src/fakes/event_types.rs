use hooklane_catalog::{Definition, OwnType, OwnTypes, Owner};
use hooklane_domain::access::quotas::{Exceeded, QuotaName};
use hooklane_domain::ids::EventType;

use super::{MemoryRegistry, lock};
use crate::ports::{Added, EventTypeStore, Refusal, Unavailable};

impl EventTypeStore for MemoryRegistry {
    async fn event_types(&self, owner: &Owner) -> Result<OwnTypes, Unavailable> {
        let registered = lock(&self.registered);
        let theirs = registered.event_types.iter().filter(|((of, _), _)| of == owner);
        Ok(theirs.map(|(_, own)| own.clone()).collect())
    }

    async fn count_event_types(&self, owner: &Owner) -> Result<u64, Unavailable> {
        let registered = lock(&self.registered);
        Ok(registered.event_types.keys().filter(|(of, _)| of == owner).count() as u64)
    }

    async fn event_type(
        &self,
        owner: &Owner,
        name: &EventType,
    ) -> Result<Option<OwnType>, Unavailable> {
        Ok(lock(&self.registered).event_types.get(&(owner.clone(), name.clone())).cloned())
    }

    async fn add_event_type(
        &self,
        owner: &Owner,
        name: &EventType,
        definition: &Definition,
        most: u64,
    ) -> Result<Added, Unavailable> {
        let mut registered = lock(&self.registered);
        let key = (owner.clone(), name.clone());
        if registered.event_types.contains_key(&key) {
            return Ok(Added::Exists);
        }
        if let Owner::Tenant(tenant) = owner
            && let Some(tombstone) = registered.tenant(tenant).tombstone
        {
            return Ok(Added::Refused(Refusal::Removed(tombstone)));
        }
        let used = registered.event_types.keys().filter(|(of, _)| of == owner).count() as u64;
        if used >= most {
            let over = Exceeded { quota: QuotaName::EventTypes, limit: most, used };
            return Ok(Added::Refused(Refusal::Over(over)));
        }
        let own = OwnType { name: name.clone(), definition: definition.clone(), revision: 1 };
        registered.event_types.insert(key, own);
        if let Owner::Tenant(tenant) = owner {
            registered.listed.insert(tenant.clone());
        }
        Ok(Added::Yes)
    }

    async fn put_event_type(
        &self,
        owner: &Owner,
        name: &EventType,
        definition: &Definition,
        revision: Option<u64>,
    ) -> Result<Option<u64>, Unavailable> {
        let mut registered = lock(&self.registered);
        let key = (owner.clone(), name.clone());
        let current = registered.event_types.get(&key).map_or(0, |own| own.revision);
        if revision.is_some_and(|revision| revision != current) {
            return Ok(None);
        }
        let revision = current + 1;
        let own = OwnType { name: name.clone(), definition: definition.clone(), revision };
        registered.event_types.insert(key, own);
        if let Owner::Tenant(tenant) = owner {
            registered.listed.insert(tenant.clone());
        }
        Ok(Some(revision))
    }

    async fn delete_event_type(
        &self,
        owner: &Owner,
        name: &EventType,
        revision: Option<u64>,
    ) -> Result<bool, Unavailable> {
        let mut registered = lock(&self.registered);
        let key = (owner.clone(), name.clone());
        let found = registered
            .event_types
            .get(&key)
            .is_some_and(|own| revision.is_none_or(|revision| revision == own.revision));
        if found {
            registered.event_types.remove(&key);
        }
        Ok(found)
    }
}
