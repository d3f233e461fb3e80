//! Adding and removing event types.

use hooklane_catalog::{Definition, OwnType, Owner};
use hooklane_domain::Timestamp;
use hooklane_domain::access::quotas::Exceeded;
use hooklane_domain::ids::{EventType, TenantId};
use hooklane_domain::json::fields::FieldErrors;
use hooklane_domain::webhook::subscription::OPERATIONAL;

use crate::catalog::{EventCatalog, Freshness};
use crate::conflict::{MAX_TRIES, always_overtaken, decide_anew};
use crate::ports::{Added, EventTypeStore, Expectations, Refusal, Unavailable};
use crate::precondition::Precondition;
use crate::removed::Removed;

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
    /// The owner has as many types as it may.
    #[error(transparent)]
    TooMany(Exceeded),
    #[error(transparent)]
    Removed(Removed),
    #[error("{0}")]
    Invalid(FieldErrors),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Adds or replaces the event type that a JSON body defines. Returns it, and whether it is new. What is so already
/// is not written. The owner may
/// have at most `most` types.
pub async fn put(
    store: &impl EventTypeStore,
    (owner, most): (&Owner, u64),
    name: &EventType,
    precondition: &Precondition,
    body: &str,
) -> Result<(OwnType, bool), EventTypeError> {
    let source = match owner {
        Owner::Platform => "platform",
        Owner::Tenant(_) => "tenant",
    };
    let definition = Definition::read_shown(name.as_str(), source, body);
    let definition = definition.map_err(EventTypeError::Invalid)?;
    if OPERATIONAL.contains(&name.as_str()) {
        let message = "is one of Hooklane's own event types";
        return Err(EventTypeError::Invalid(FieldErrors::one("", format!("{name} {message}"))));
    }
    let once = async || {
        let current = store.event_type(owner, name).await?;
        let revision = revision_to_replace(current.as_ref(), precondition)?;
        if let Some(own) = current.as_ref().filter(|own| own.definition == definition) {
            return Ok(Some((own.clone(), false)));
        }
        let written = match &current {
            None => add(store, (owner, most), name, &definition).await?,
            // A type that was deleted since is added, so that it is counted.
            Some(own) => {
                let seen = Some(revision.unwrap_or(own.revision));
                store.put_event_type(owner, name, &definition, seen).await?
            }
        };
        if written.is_none() && *precondition != Precondition::Any {
            return Err(EventTypeError::Changed);
        }
        let own =
            |revision| OwnType { name: name.clone(), definition: definition.clone(), revision };
        Ok(written.map(|revision| (own(revision), current.is_none())))
    };
    let put = decide_anew(MAX_TRIES, || async { Ok(once().await.transpose()) }).await?;
    put.unwrap_or_else(|| Err(always_overtaken("writing an event type").into()))
}

/// Adds types to those of a tenant, which may have at most `most`. One that exists by now stays as it is. Returns
/// why one was refused; those before it were added.
pub(crate) async fn add_all(
    store: &impl EventTypeStore,
    tenant: &TenantId,
    most: u64,
    new: &[(EventType, Definition)],
) -> Result<Option<Refusal>, Unavailable> {
    let owner = Owner::Tenant(tenant.clone());
    for (name, definition) in new {
        if let Added::Refused(refusal) =
            store.add_event_type(&owner, name, definition, most).await?
        {
            return Ok(Some(refusal));
        }
    }
    Ok(None)
}

/// Adds a type. Returns its revision, or `None` if there is one by now.
async fn add(
    store: &impl EventTypeStore,
    (owner, most): (&Owner, u64),
    name: &EventType,
    definition: &Definition,
) -> Result<Option<u64>, EventTypeError> {
    match (store.add_event_type(owner, name, definition, most).await?, owner) {
        (Added::Yes, _) => Ok(Some(1)),
        (Added::Exists, _) => Ok(None),
        (Added::Refused(Refusal::Over(over)), _) => Err(EventTypeError::TooMany(over)),
        (Added::Refused(Refusal::Removed(tombstone)), Owner::Tenant(tenant)) => {
            Err(EventTypeError::Removed(Removed { tenant: tenant.clone(), tombstone }))
        }
        (Added::Refused(Refusal::Removed(_)), Owner::Platform) => Err(EventTypeError::Missing),
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
