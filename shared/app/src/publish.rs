//! Accepting events, for the API and for the event queue.

use futures::StreamExt as _;
use hooklane_domain::event::{Event, NewEvent};
use hooklane_domain::ids::EventId;
use hooklane_domain::json::fields::FieldErrors;

use crate::catalog::EventCatalog;
use crate::ports::{Clock, Entropy, EventStore, Expectations, Gathering, Put, Unavailable};
use crate::removed::Removed;

/// An event that was accepted: from now on Hooklane delivers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    pub id: EventId,
    /// The event had already been accepted with the same content.
    pub duplicate: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Another event with this id, but other content, has been accepted.
    #[error("an event with the id {0} was accepted before, with other content")]
    Conflict(EventId),
    /// The tenant is strict and has no such event type, or the data does not fit its schema.
    #[error("{0}")]
    Unexpected(FieldErrors),
    #[error(transparent)]
    Removed(Removed),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Decides whether an event may be accepted.
#[derive(Debug)]
pub struct Validator<'a, R> {
    pub catalog: &'a EventCatalog,
    pub registry: &'a R,
}

impl<R> Clone for Validator<'_, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Validator<'_, R> {}

/// The number of events of a batch that are written concurrently: as many as one call of the ledger takes.
const CONCURRENCY: usize = 25;

/// Accepts one event. Idempotent by the event's id, or by `fallback` if it brings none.
pub async fn publish(
    events: &impl EventStore,
    validator: Validator<'_, impl Expectations>,
    system: &(impl Clock + Entropy),
    new: NewEvent,
    fallback: Option<EventId>,
) -> Result<Accepted, PublishError> {
    let now = system.now();
    if let Some(tombstone) =
        validator.catalog.tombstone(validator.registry, &new.tenant, now).await?
    {
        return Err(PublishError::Removed(Removed { tenant: new.tenant, tombstone }));
    }
    let checked = validator.catalog.check(validator.registry, &new, now).await?;
    checked.map_err(PublishError::Unexpected)?;
    let key = validator.catalog.search_key(validator.registry, &new.tenant, now).await?;
    let event =
        new.accept(now, || fallback.unwrap_or_else(|| EventId::new(now, system.random_id())));
    let metadata = event.content.metadata.as_ref();
    let value = key.zip(metadata).and_then(|(key, metadata)| key.digest_in(metadata));
    accept(events, Event { value, ..event }).await
}

/// Accepts several events, each on its own. The results are in the order of the events.
pub async fn publish_all(
    events: &(impl EventStore + Gathering),
    validator: Validator<'_, impl Expectations>,
    system: &(impl Clock + Entropy),
    news: Vec<NewEvent>,
) -> Vec<Result<Accepted, PublishError>> {
    futures::stream::iter(news)
        .map(|new| {
            // Before any of those that are written beside it is begun.
            let gathered = events.gather();
            async move {
                let accepted = publish(events, validator, system, new, None).await;
                drop(gathered);
                accepted
            }
        })
        .buffered(CONCURRENCY)
        .collect()
        .await
}

/// Accepts an operational event, which no catalog lists. Idempotent: its id is made from what it reports.
pub async fn report(
    events: &impl EventStore,
    system: &(impl Clock + Entropy),
    own: NewEvent,
) -> Result<(), Unavailable> {
    let now = system.now();
    let event = own.accept(now, || EventId::new(now, system.random_id()));
    events.put(&event).await.map(drop)
}

async fn accept(events: &impl EventStore, event: Event) -> Result<Accepted, PublishError> {
    match events.put(&event).await? {
        Put::Stored => Ok(Accepted { id: event.id, duplicate: false }),
        Put::Exists { fingerprint, .. } if fingerprint == event.content.fingerprint() => {
            Ok(Accepted { id: event.id, duplicate: true })
        }
        Put::Exists { .. } => Err(PublishError::Conflict(event.id)),
    }
}

#[cfg(test)]
mod tests {
    use hooklane_domain::Timestamp;
    use hooklane_domain::event::{DefaultTenant, from_body};

    use super::*;
    use crate::fakes::{FakeSystem, Gatherers, MemoryLedger, MemoryRegistry};

    #[tokio::test]
    async fn the_events_of_a_batch_that_are_written_concurrently_are_gathered() {
        let (ledger, registry) = (MemoryLedger::default(), MemoryRegistry::default());
        let catalog = EventCatalog::new(hooklane_bundled_catalogs::load());
        let validator = Validator { catalog: &catalog, registry: &registry };
        let system = FakeSystem::at(Timestamp::UNIX_EPOCH);
        let new = |n| {
            let body = format!(r#"{{"id":"e{n}","tenant":"acme","type":"a.b","data":1}}"#);
            from_body(&body, &DefaultTenant::None).unwrap()
        };
        let news = (0..CONCURRENCY + 5).map(new).collect();
        let accepted = publish_all(&ledger, validator, &system, news).await;
        assert!(accepted.iter().all(Result::is_ok));
        assert_eq!(ledger.gatherers(), Gatherers { now: 0, most: CONCURRENCY });
    }
}
