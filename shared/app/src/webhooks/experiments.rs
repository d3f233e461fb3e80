//! Experiments: what a filter and a transform that nobody has saved make of events.

use futures::stream::{self, StreamExt as _};
use hooklane_domain::Timestamp;
use hooklane_domain::event::{DefaultTenant, Event, MAX_EVENT_BYTES, from_body};
use hooklane_domain::event_index::merge::Wanted;
use hooklane_domain::expression::{
    Budget, Cost, Filter, Input, MAX_EVENT_STEPS, Preview, Transform, preview,
};
use hooklane_domain::ids::{EventId, TenantId};
use hooklane_domain::json::fields::{FieldErrors, Fields};
use hooklane_domain::webhook::subscription::Subscription;
use serde_json::value::RawValue;

use crate::evaluation;
use crate::event_index::{Query, indexed};
use crate::ports::{Clock, Entropy, EventIndex, EventStore, Unavailable};

/// The most events of an experiment.
const MAX_EVENTS: usize = 20;
/// The bytes of events' data that an experiment reads, about. Each event is answered with its data, and with what
/// the transform makes of it.
const MAX_BYTES: usize = 4 * MAX_EVENT_BYTES;
/// The number of events that are read at once.
const CONCURRENCY: usize = 4;

/// What is tried, and on what.
#[derive(Debug, Clone)]
pub struct ExperimentOrder {
    filter: Option<Filter>,
    transform: Option<Transform>,
    on: On,
}

#[derive(Debug, Clone)]
enum On {
    /// These events, each as `POST /events` takes it.
    Given(Vec<Box<RawValue>>),
    /// The newest events of the tenant, of the types that the pattern matches.
    Newest { event_type: Option<Subscription>, limit: usize },
}

impl ExperimentOrder {
    /// Reads `{filter?, transform?, events}` or `{filter?, transform?, eventType?, limit?}`.
    pub fn read(body: &str) -> Result<Self, FieldErrors> {
        let mut fields = Fields::of("", body)?;
        let filter = fields.parse(&["filter"]);
        let transform = fields.parse(&["transform"]);
        let too_many = format!("must have at most {MAX_EVENTS} events");
        let given = fields.read_list::<Box<RawValue>>(
            &["events"],
            "a list of events",
            MAX_EVENTS,
            too_many,
        );
        let event_type: Option<Subscription> = fields.parse(&["eventType"]);
        let limit = fields.read::<usize>(&["limit"], "a whole number");
        if limit.is_some_and(|limit| !(1..=MAX_EVENTS).contains(&limit)) {
            fields.error("limit", format!("must be a whole number from 1 to {MAX_EVENTS}"));
        }
        if given.is_some() && (event_type.is_some() || limit.is_some()) {
            fields.error("events", "cannot be combined with eventType or limit");
        }
        fields.finish()?;
        let on = match given {
            Some(given) => On::Given(given),
            None => On::Newest { event_type, limit: limit.unwrap_or(MAX_EVENTS) },
        };
        Ok(Self { filter, transform, on })
    }
}

/// What an experiment found.
#[derive(Debug)]
pub struct Experiment {
    /// In the order of the events that were given, or newest first.
    pub tried: Vec<Tried>,
    /// The events that were left out because all of them together are too large, or cannot be read.
    pub left_out: usize,
}

/// An event, and what the expressions make of it.
#[derive(Debug)]
pub struct Tried {
    pub event: Event,
    /// `None` where the events before used up what one experiment may take.
    pub result: Option<Preview>,
}

#[derive(Debug, thiserror::Error)]
pub enum ExperimentError {
    #[error("{0}")]
    Invalid(FieldErrors),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Tries a filter and a transform on events. Each evaluation has the limits of a delivery's, and all of them
/// together those of a tenant's filters on one event.
pub async fn experiment<L: EventIndex + EventStore>(
    ledger: &L,
    system: &(impl Clock + Entropy),
    tenant: &TenantId,
    order: ExperimentOrder,
) -> Result<Experiment, ExperimentError> {
    let ExperimentOrder { filter, transform, on } = order;
    let (events, left_out) = match on {
        On::Given(given) => (read_given(system, tenant, &given)?, 0),
        On::Newest { event_type, limit } => newest(ledger, tenant, event_type, limit).await?,
    };
    let mut left = MAX_EVENT_STEPS;
    let mut tried = Vec::with_capacity(events.len());
    for event in events {
        let result = match left {
            0 => None,
            steps => {
                let (result, spent) = evaluate(&filter, &transform, &event, steps).await;
                left = left.saturating_sub(spent);
                Some(result)
            }
        };
        tried.push(Tried { event, result });
    }
    Ok(Experiment { tried, left_out })
}

/// What the expressions make of an event, and the steps that it took.
async fn evaluate(
    filter: &Option<Filter>,
    transform: &Option<Transform>,
    event: &Event,
    left: u64,
) -> (Preview, u64) {
    let (filter, transform) = (filter.clone(), transform.clone());
    let input = Input::of_event(event);
    let bytes = input.bytes();
    let of_filter = filter.as_ref().map(|filter| filter.likely_cost(bytes));
    let of_transform = transform.as_ref().map(|transform| transform.likely_cost(bytes));
    let cost = of_filter.into_iter().chain(of_transform).sum::<Cost>();
    evaluation::run(cost, move || {
        let budget = Budget::of_event_within(left);
        let result = preview(filter.as_ref(), transform.as_ref(), &input, &budget);
        (result, budget.spent().steps)
    })
    .await
}

/// The events of a body, as if they were accepted now.
fn read_given(
    system: &(impl Clock + Entropy),
    tenant: &TenantId,
    given: &[Box<RawValue>],
) -> Result<Vec<Event>, ExperimentError> {
    let (mut events, mut errors) = (Vec::new(), FieldErrors::default());
    let now: Timestamp = system.now();
    for (index, one) in given.iter().enumerate() {
        match from_body(one.get(), &DefaultTenant::Is(tenant.clone())) {
            Ok(new) => {
                events.push(new.accept(now, || EventId::new(now, system.random_id())));
            }
            Err(wrong) => errors.extend(wrong.under(&format!("events[{index}]"))),
        }
    }
    let bytes: usize = events.iter().map(|event| event.content.data.as_str().len()).sum();
    if bytes > MAX_BYTES {
        errors.push("events", format!("must have at most {MAX_BYTES} bytes of data together"));
    }
    if errors.is_empty() { Ok(events) } else { Err(ExperimentError::Invalid(errors)) }
}

/// The newest events, and how many were left out.
async fn newest<L: EventIndex + EventStore>(
    ledger: &L,
    tenant: &TenantId,
    event_type: Option<Subscription>,
    limit: usize,
) -> Result<(Vec<Event>, usize), Unavailable> {
    let wanted = Wanted { event_type, ..Wanted::default() };
    let query = Query { wanted, limit, ..Query::default() };
    let entries = indexed(ledger, tenant, query).await?.page.entries;
    let count = entries.len();
    let mut bytes = 0;
    let fitting = entries.into_iter().take_while(|entry| {
        // Chunks of older versions do not say how large an event is.
        bytes += entry.bytes.map_or(MAX_EVENT_BYTES, |bytes| usize::try_from(bytes).unwrap_or(0));
        bytes <= MAX_BYTES
    });
    let ids: Vec<EventId> = fitting.map(|entry| entry.id).collect();
    let read = stream::iter(ids)
        .map(|id| async move { EventStore::get(ledger, tenant, &id).await })
        .buffered(CONCURRENCY);
    let read: Vec<_> = read.collect().await;
    let mut events = Vec::with_capacity(read.len());
    for one in read {
        match one {
            Ok(found) => events.extend(found),
            Err(error) if error.is_unreadable() => error.log("event.left_out"),
            Err(error) => return Err(error),
        }
    }
    let left_out = count - events.len();
    Ok((events, left_out))
}

#[cfg(test)]
mod tests;
