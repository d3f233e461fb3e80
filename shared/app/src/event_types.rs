//! Adding and removing event types.

use hooklane_catalog::{Definition, MAX_OWN_TYPES, OwnType, Owner};
use hooklane_domain::Timestamp;
use hooklane_domain::ids::EventType;
use hooklane_domain::json::fields::FieldErrors;
use hooklane_domain::webhook::subscription::OPERATIONAL;

use crate::catalog::{EventCatalog, Freshness};
use crate::ports::{EventTypeStore, Expectations, Unavailable};
use crate::precondition::Precondition;

#[derive(Debug, thiserror::Error)]
pub enum EventTypeError {
    #[error("there is no such event type")]
    Missing,
    /// The precondition does not hold for the current revision.
    #[error("the event type has changed since it was read")]
    Changed,
    /// The type comes from the catalog, or a tenant names one of the platform's.
    #[error(
        "the event type {0} is inherited from the catalog or the platform, so it cannot be deleted"
    )]
    NotOwn(EventType),
    #[error("at most {MAX_OWN_TYPES} event types can be added")]
    TooMany,
    #[error("{0}")]
    Invalid(FieldErrors),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Adds or replaces the event type that a JSON body defines. Returns it, and whether it is new.
pub async fn put(
    store: &impl EventTypeStore,
    owner: &Owner,
    name: &EventType,
    precondition: &Precondition,
    body: &str,
) -> Result<(OwnType, bool), EventTypeError> {
    let definition = Definition::read(body).map_err(EventTypeError::Invalid)?;
    if OPERATIONAL.contains(&name.as_str()) {
        let message = "is one of Hooklane's own event types";
        return Err(EventTypeError::Invalid(FieldErrors::one("", format!("{name} {message}"))));
    }
    // Two requests at once may exceed the limit by one. That does no harm: it only keeps lists short.
    let theirs = store.event_types(owner).await?;
    if theirs.get(name).is_none() && theirs.iter().count() >= MAX_OWN_TYPES {
        return Err(EventTypeError::TooMany);
    }
    let revision = revision_to_replace(theirs.get(name), precondition)?;
    match store.put_event_type(owner, name, &definition, revision).await? {
        Some(revision) => Ok((OwnType { name: name.clone(), definition, revision }, revision == 1)),
        None => Err(EventTypeError::Changed),
    }
}

/// The revision that the write must find: any, or the current one if the precondition names it.
fn revision_to_replace(
    current: Option<&OwnType>,
    precondition: &Precondition,
) -> Result<Option<u64>, EventTypeError> {
    match (precondition, current) {
        (Precondition::Any, _) => Ok(None),
        (Precondition::OneOf(_), Some(own)) if precondition.holds(own.revision) => {
            Ok(Some(own.revision))
        }
        (Precondition::OneOf(_), _) => Err(EventTypeError::Changed),
    }
}

/// Removes a type that was added.
pub async fn delete(
    store: &(impl EventTypeStore + Expectations),
    catalog: &EventCatalog,
    owner: &Owner,
    name: &EventType,
    precondition: &Precondition,
    now: Timestamp,
) -> Result<(), EventTypeError> {
    let revision = match precondition {
        Precondition::Any => None,
        Precondition::OneOf(_) => match store.event_type(owner, name).await? {
            Some(own) => revision_to_replace(Some(&own), precondition)?,
            None => None,
        },
    };
    if store.delete_event_type(owner, name, revision).await? {
        return Ok(());
    }
    if store.event_type(owner, name).await?.is_some() {
        return Err(EventTypeError::Changed);
    }
    let inherited = match owner {
        Owner::Platform => catalog.files().iter().any(|file| file.get(name).is_some()),
        Owner::Tenant(tenant) => {
            catalog.types_of(store, tenant, now, Freshness::Current).await?.get(name).is_some()
        }
    };
    Err(if inherited { EventTypeError::NotOwn(name.clone()) } else { EventTypeError::Missing })
}
