//! Adding event types, and taking them away again.

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

/// Adds or replaces the type that a JSON body defines; with known revisions, only one of these. Whether it
/// is new.
pub async fn put(
    store: &impl EventTypeStore,
    owner: &Owner,
    name: &EventType,
    known: &Precondition,
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
    let revision = wanted(theirs.get(name), known)?;
    match store.put_event_type(owner, name, &definition, revision).await? {
        Some(revision) => Ok((OwnType { name: name.clone(), definition, revision }, revision == 1)),
        None => Err(EventTypeError::Changed),
    }
}

/// The revision to write on: any, or the current one where it is known.
fn wanted(current: Option<&OwnType>, known: &Precondition) -> Result<Option<u64>, EventTypeError> {
    match (known, current) {
        (Precondition::Any, _) => Ok(None),
        (Precondition::OneOf(_), Some(own)) if known.holds(own.revision) => Ok(Some(own.revision)),
        (Precondition::OneOf(_), _) => Err(EventTypeError::Changed),
    }
}

/// Takes away a type that was added; with known revisions, only one of these.
pub async fn delete(
    store: &(impl EventTypeStore + Expectations),
    catalog: &EventCatalog,
    owner: &Owner,
    name: &EventType,
    known: &Precondition,
    now: Timestamp,
) -> Result<(), EventTypeError> {
    let revision = match known {
        Precondition::Any => None,
        Precondition::OneOf(_) => match store.event_type(owner, name).await? {
            Some(own) => wanted(Some(&own), known)?,
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
