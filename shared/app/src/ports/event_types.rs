use hooklane_catalog::{Definition, OwnType, OwnTypes, Owner};
use hooklane_domain::ids::EventType;

use super::Unavailable;

/// Event types that the platform and its tenants add at run time.
pub trait EventTypeStore: Send + Sync {
    /// All types of an owner. The read is strongly consistent.
    fn event_types(
        &self,
        owner: &Owner,
    ) -> impl Future<Output = Result<OwnTypes, Unavailable>> + Send;

    /// One of them. The read is strongly consistent.
    fn event_type(
        &self,
        owner: &Owner,
        name: &EventType,
    ) -> impl Future<Output = Result<Option<OwnType>, Unavailable>> + Send;

    /// Writes a type: any revision of it, or only this one (0: if there is none yet). Returns the new
    /// revision, or `None` if the stored one was another.
    fn put_event_type(
        &self,
        owner: &Owner,
        name: &EventType,
        definition: &Definition,
        revision: Option<u64>,
    ) -> impl Future<Output = Result<Option<u64>, Unavailable>> + Send;

    /// Removes a type: any revision of it, or only this one. Returns whether it did.
    fn delete_event_type(
        &self,
        owner: &Owner,
        name: &EventType,
        revision: Option<u64>,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;
}
