//! Accepting an event: the one way in, for the API and for the event queue.

use futures::StreamExt as _;
use hooklane_domain::event::{Event, NewEvent};
use hooklane_domain::ids::EventId;
use hooklane_domain::json::fields::FieldErrors;

use crate::catalog::EventCatalog;
use crate::ports::{Clock, Entropy, EventStore, Expectations, Put, Unavailable};

/// An event that Hooklane answers for from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    pub id: EventId,
    /// It had been accepted before, with the same content.
    pub duplicate: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The id belongs to an event with other content.
    #[error("an event with the id {0} was accepted before, with other content")]
    Conflict(EventId),
    /// Its tenant is strict, and this is no event that it expects.
    #[error("{0}")]
    Unexpected(FieldErrors),
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

/// So many events of a batch are written at once.
const CONCURRENCY: usize = 16;

/// Accepts one event. Its id, or else `fallback`, is its idempotency key.
pub async fn publish(
    events: &impl EventStore,
    validator: Validator<'_, impl Expectations>,
    system: &(impl Clock + Entropy),
    new: NewEvent,
    fallback: Option<EventId>,
) -> Result<Accepted, PublishError> {
    let now = system.now();
    let checked = validator.catalog.check(validator.registry, &new, now).await?;
    checked.map_err(PublishError::Unexpected)?;
    let event =
        new.accept(now, || fallback.unwrap_or_else(|| EventId::new(now, system.random_id())));
    accept(events, event).await
}

/// Accepts several events, each for itself; the answers are in the order of the events.
pub async fn publish_all(
    events: &impl EventStore,
    validator: Validator<'_, impl Expectations>,
    system: &(impl Clock + Entropy),
    news: Vec<NewEvent>,
) -> Vec<Result<Accepted, PublishError>> {
    futures::stream::iter(news)
        .map(|new| publish(events, validator, system, new, None))
        .buffered(CONCURRENCY)
        .collect()
        .await
}

/// Accepts what Hooklane itself has to tell: no catalog lists it. Its id says what it is about, so a second
/// time is none.
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
