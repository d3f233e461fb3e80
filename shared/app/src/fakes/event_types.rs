use hooklane_catalog::{Definition, OwnType, OwnTypes, Owner};
use hooklane_domain::ids::EventType;

use super::{MemoryRegistry, lock};
use crate::ports::{EventTypeStore, Unavailable};

impl EventTypeStore for MemoryRegistry {
    async fn event_types(&self, owner: &Owner) -> Result<OwnTypes, Unavailable> {
        let registered = lock(&self.registered);
        let theirs = registered.event_types.iter().filter(|((of, _), _)| of == owner);
        Ok(theirs.map(|(_, own)| own.clone()).collect())
    }

    async fn event_type(
        &self,
        owner: &Owner,
        name: &EventType,
    ) -> Result<Option<OwnType>, Unavailable> {
        Ok(lock(&self.registered).event_types.get(&(owner.clone(), name.clone())).cloned())
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
