//! Adding event types, and taking them away again.

use hooklane_domain::Timestamp;
use hooklane_domain::catalog::{Definition, MAX_OWN_TYPES, OwnType, Owner};
use hooklane_domain::fields::FieldErrors;
use hooklane_domain::ids::EventType;
use hooklane_domain::subscription::OPERATIONAL;

use crate::catalog::{Age, EventCatalog};
use crate::ports::{EventTypes, Expectations, Unavailable};

#[derive(Debug, thiserror::Error)]
pub enum EventTypeError {
    #[error("there is no such event type")]
    Missing,
    /// The caller said which revision it knows, and that is not the current one.
    #[error("the event type has changed since it was read")]
    Changed,
    /// It is not the caller's to take away.
    #[error("the event type {0} was not added here, so it cannot be taken away here")]
    NotOwn(EventType),
    #[error("at most {MAX_OWN_TYPES} event types can be added")]
    TooMany,
    #[error("{0}")]
    Invalid(FieldErrors),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Adds or replaces the type that a JSON body defines; with a `known` revision, only that one. Whether it
/// is new.
pub async fn put(
    store: &impl EventTypes,
    owner: &Owner,
    name: &EventType,
    known: Option<u64>,
    body: &str,
) -> Result<(OwnType, bool), EventTypeError> {
    let definition = Definition::read(body).map_err(EventTypeError::Invalid)?;
    if OPERATIONAL.contains(&name.as_str()) {
        let message = "is Hooklane's own event type";
        return Err(EventTypeError::Invalid(FieldErrors::one("", format!("{name} {message}"))));
    }
    // Two at once may pass the limit by one: it keeps lists short, no more.
    let theirs = store.event_types(owner).await?;
    if theirs.get(name).is_none() && theirs.iter().count() >= MAX_OWN_TYPES {
        return Err(EventTypeError::TooMany);
    }
    match store.put_event_type(owner, name, &definition, known).await? {
        Some(revision) => Ok((OwnType { name: name.clone(), definition, revision }, revision == 1)),
        None => Err(EventTypeError::Changed),
    }
}

/// Takes away a type that was added; with a `known` revision, only that one.
pub async fn delete(
    store: &(impl EventTypes + Expectations),
    catalog: &EventCatalog,
    owner: &Owner,
    name: &EventType,
    known: Option<u64>,
    now: Timestamp,
) -> Result<(), EventTypeError> {
    if store.delete_event_type(owner, name, known).await? {
        return Ok(());
    }
    if store.event_type(owner, name).await?.is_some() {
        return Err(EventTypeError::Changed);
    }
    let inherited = match owner {
        Owner::Platform => catalog.files().iter().any(|file| file.get(name).is_some()),
        Owner::Tenant(tenant) => {
            catalog.known(store, tenant, now, Age::Now).await?.get(name).is_some()
        }
    };
    Err(if inherited { EventTypeError::NotOwn(name.clone()) } else { EventTypeError::Missing })
}
