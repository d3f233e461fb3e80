use hooklane_catalog::{Definition, OwnType, OwnTypes, Owner};
use hooklane_domain::ids::EventType;

use super::{Refusal, Unavailable};

/// Event types that the platform and its tenants add at run time.
pub trait EventTypeStore: Send + Sync {
    /// All types of an owner. The read is strongly consistent.
    fn event_types(
        &self,
        owner: &Owner,
    ) -> impl Future<Output = Result<OwnTypes, Unavailable>> + Send;

    /// The number of an owner's types. The read is strongly consistent.
    fn count_event_types(
        &self,
        owner: &Owner,
    ) -> impl Future<Output = Result<u64, Unavailable>> + Send;

    /// One of them. The read is strongly consistent.
    fn event_type(
        &self,
        owner: &Owner,
        name: &EventType,
    ) -> impl Future<Output = Result<Option<OwnType>, Unavailable>> + Send;

    /// Adds a type to those of an owner that has fewer than `most` and, if it is a tenant, has not been
    /// removed. Of several concurrent calls no more succeed than there is room for.
    fn add_event_type(
        &self,
        owner: &Owner,
        name: &EventType,
        definition: &Definition,
        most: u64,
    ) -> impl Future<Output = Result<Added, Unavailable>> + Send;

    /// Writes a type: any revision of it, or only this one (0: if there is none yet). Returns the new
    /// revision, or `None` if the stored one was another. It does not count: a type that is new is added by
    /// [`EventTypeStore::add_event_type`].
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

/// What became of an event type that is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It has revision 1.
    Yes,
    /// The owner has one of that name.
    Exists,
    Refused(Refusal),
}
