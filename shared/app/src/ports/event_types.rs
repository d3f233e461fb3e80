use hooklane_catalog::{Definition, OwnType, OwnTypes, Owner};
use hooklane_domain::ids::EventType;

use super::Unavailable;

/// The event types that the platform and its tenants add at run time.
pub trait EventTypeStore: Send + Sync {
    /// All types of an owner, read consistently.
    fn event_types(
        &self,
        owner: &Owner,
    ) -> impl Future<Output = Result<OwnTypes, Unavailable>> + Send;

    /// One of them, read consistently.
    fn event_type(
        &self,
        owner: &Owner,
        name: &EventType,
    ) -> impl Future<Output = Result<Option<OwnType>, Unavailable>> + Send;

    /// Sets a type, whatever its revision or only under this one (0: where there is none yet); its
    /// revision as it now stands, or `None` where it was another.
    fn put_event_type(
        &self,
        owner: &Owner,
        name: &EventType,
        definition: &Definition,
        revision: Option<u64>,
    ) -> impl Future<Output = Result<Option<u64>, Unavailable>> + Send;

    /// Removes a type, whatever its revision or only under this one; whether it did.
    fn delete_event_type(
        &self,
        owner: &Owner,
        name: &EventType,
        revision: Option<u64>,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;
}
