//! `/events`, `POST /events/batch` and `/events/{event}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use hooklane_app::deliveries::{self, EventDetail};
use hooklane_app::ports::Clock as _;
use hooklane_app::publish::{self, Accepted, PublishError, Validator};
use hooklane_domain::event::{DefaultTenant, MAX_EVENT_BYTES, NewEvent, from_body};
use hooklane_domain::ids::EventId;
use hooklane_domain::metrics::{Figures, Metric};
use hooklane_domain::time::whole_millisecond;
use lambda_http::http::{HeaderMap, StatusCode};
use serde::Serialize;
use tracing::field::display;
use utoipa::ToSchema;

use crate::backend::{Deps, Ports};
use crate::gate::caller::{Caller, PUBLISH, READ, Reader};
use crate::gate::owner::Publisher;
use crate::http::body::Text;
use crate::http::cursor::List;
use crate::http::idempotency::Key;
use crate::http::path;
use crate::http::problem::{Problem, Room};
use crate::http::query::Query;
use crate::http::span;
use crate::resources::deliveries::outlook;
use crate::resources::schemas::{NewEvent as NewEventSchema, NewEvents};
use crate::resources::views::{
    DeliveryView, EventContentView, ExplanationView, explanations, non_zero, time,
};

mod batch;
mod listing;

use batch::split;
pub(crate) use listing::*;

/// The largest batch, in bytes.
pub(crate) const MAX_BATCH_BYTES: usize = 4 * 1024 * 1024;

/// The result of publishing one event.
#[derive(Serialize, ToSchema)]
#[schema(as = AcceptedEvent)]
pub(crate) struct AcceptedView {
    #[schema(example = "order-1002-created")]
    id: String,
    /// Whether the same event was accepted before.
    #[schema(example = false)]
    duplicate: bool,
}

impl AcceptedView {
    fn new(accepted: Accepted) -> (StatusCode, Self) {
        let Accepted { id, duplicate } = accepted;
        let status = if duplicate { StatusCode::OK } else { StatusCode::ACCEPTED };
        (status, Self { id: id.to_string(), duplicate })
    }
}

#[utoipa::path(
    post,
    path = "/events",
    operation_id = "publishEvent",
    summary = "Publish one event, at most 256 KiB",
    description = "The same JSON can be sent to the event queue: `tenant` in it is the caller's tenant. The operator, if it \
        sends no `X-Tenant-Id`, names the tenant there.",
    security(("bearer" = [PUBLISH])),
    params((
        "Idempotency-Key" = Option<String>, Header, nullable = false, min_length = 1, max_length = 255, pattern = "^[!-~]([ -~]*[!-~])?$",
        description = "Makes the request idempotent: an event without an id gets one derived from the key, so the same request with the same key is accepted once",
    )),
    request_body(content = NewEventSchema),
    responses(
        (status = 202, description = "Accepted", body = AcceptedView),
        (status = 200, description = "Already accepted with the same content", body = AcceptedView),
        (status = 409, description = "The id belongs to an event with different content"),
        (status = 422, description = "Invalid body; `errors` lists the wrong fields with their paths, at most fifty. If the tenant's `strict` setting is on, this also covers unknown types and data that does not match the type's schema"),
    ),
)]
pub(crate) async fn publish<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Publisher(tenant): Publisher,
    Key(key): Key,
    headers: HeaderMap,
    body: Text,
) -> Result<Response, Problem> {
    refuse_deliveries(&deps, &headers)?;
    let new = read(body.object(), &tenant)?;
    span::of_tenant(&new.tenant);
    let fallback = key.map(|key| key.event_id(None));
    if let Some(id) = new.id.as_ref().or(fallback.as_ref()) {
        span::of_event(id);
    }
    let accepted =
        publish::publish(&deps.ledger, checks(&deps), &deps.system, new, fallback).await?;
    measure([&accepted]);
    let (status, view) = AcceptedView::new(accepted);
    Ok((status, Json(view)).into_response())
}

/// Counts the events that are new, in one line for each request.
fn measure<'a>(accepted: impl IntoIterator<Item = &'a Accepted>) {
    let new = accepted.into_iter().filter(|accepted| !accepted.duplicate).count() as u64;
    if new > 0 {
        let figures = Figures::default().with(Metric::EventsAccepted, new);
        tracing::info!(metrics = %figures, "events.accepted");
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Event)]
pub(crate) struct EventView {
    id: String,
    #[serde(flatten)]
    content: EventContentView,
    accepted_at: String,
    deliveries: Vec<DeliveryView>,
    /// What became of the event at each webhook; present with `explain=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    explanations: Option<Vec<ExplanationView>>,
    /// The number of deliveries left out because their stored data is corrupt; absent if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    unreadable: Option<usize>,
    /// Pass it as `cursor` to get the deliveries to further webhooks; absent if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_cursor: Option<String>,
}

#[utoipa::path(
    get,
    path = "/events/{event}",
    operation_id = "getEvent",
    summary = "Get an event with its deliveries; those of deleted webhooks are left out",
    description = "With `explain=true` the answer also says for each webhook of the tenant what became of the event: that it \
        was delivered or when it will be, or why there is no delivery. What a webhook's settings were at the time \
        of the event is not stored, so a missing delivery is explained by what they are now, and `changedSince` \
        says whether they may have been others. Filters are evaluated for the answer, with the budget that they \
        have for an event.",
    security(("bearer" = [READ])),
    params(
        ("explain" = Option<bool>, Query, description = "Also explain why each webhook got the event or did not; then an answer covers at most 100 webhooks"),
        ("cursor" = Option<String>, Query, description = "The `nextCursor` of the previous answer"),
    ),
    responses((status = 200, description = "The event, with its deliveries to at most 1,000 webhooks", body = EventView)),
)]
pub(crate) async fn get<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Reader(tenant): Reader,
    caller: Caller,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let id = path::id(&id)?;
    let mut query = Query::of(raw.as_deref());
    let list = List::of(&[&"event", &tenant, &id]);
    let after = query.place(&list);
    let explain = query.flag(&["explain"]).unwrap_or(false);
    query.finish()?;
    let (registry, ledger) = (&deps.registry, &deps.ledger);
    let (detail, outlook, explanations) = if explain {
        let asked = (&tenant, caller.acts_for()?.settings.paused, after);
        let now = whole_millisecond(deps.system.now());
        let explained = deliveries::explain_event(registry, ledger, asked, &id, now).await?;
        let explained = explained.ok_or_else(path::missing::<EventId>)?;
        let views = explanations(&explained);
        (explained.detail, explained.outlook, Some(views))
    } else {
        let detail = deliveries::of_event(registry, ledger, (&tenant, after), &id).await?;
        let detail = detail.ok_or_else(path::missing::<EventId>)?;
        let outlook = outlook(&deps, &caller, &detail.deliveries).await?;
        (detail, outlook, None)
    };
    let EventDetail { event, deliveries, unreadable, next } = detail;
    for error in &unreadable {
        error.log("delivery.left_out");
    }
    let view = EventView {
        id: event.id.to_string(),
        content: EventContentView::new(event.content),
        accepted_at: time(event.accepted_at),
        deliveries: deliveries.iter().map(|one| DeliveryView::new(one, &outlook)).collect(),
        explanations,
        unreadable: non_zero(unreadable.len()),
        next_cursor: next.map(|webhook| list.cursor(webhook)),
    };
    Ok(Json(view).into_response())
}

/// A webhook that posts here would feed itself: each delivery would be an event with deliveries of its own.
/// Only deliveries carry a contract's signature, whatever else their sender's webhook adds.
fn refuse_deliveries<P: Ports>(deps: &Deps<P>, headers: &HeaderMap) -> Result<(), Problem> {
    match headers.keys().find(|name| deps.contracts.sign_in(name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let detail = format!("A delivery is not an event: the header {name} signs deliveries.");
            Err(Problem::forbidden(&detail))
        }
    }
}

fn checks<P: Ports>(deps: &Deps<P>) -> Validator<'_, P::Registry> {
    Validator { catalog: &deps.catalog, registry: &deps.registry }
}

/// An event that is too large is a 413, not a wrong field.
fn read(body: &str, tenant: &DefaultTenant) -> Result<NewEvent, Problem> {
    if body.len() > MAX_EVENT_BYTES {
        let detail = format!("An event must not be larger than {MAX_EVENT_BYTES} bytes.");
        return Err(Problem::too_large(&detail));
    }
    Ok(from_body(body, tenant)?)
}

#[derive(Serialize, ToSchema)]
#[schema(as = BatchResult)]
pub(crate) struct BatchView {
    results: Vec<ResultView>,
}

/// The status code and the answer or problem that the event would have got in a request of its own: `id` and
/// `duplicate` if it was accepted, `error` if not.
#[derive(Serialize, ToSchema)]
#[schema(as = EventResult, example = json!({"status": 202, "id": "order-1002-created", "duplicate": false}))]
struct ResultView {
    /// 202 for a new event, 200 for a duplicate, or the status of `error`.
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    id: Option<String>,
    /// Whether the same event was accepted before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    duplicate: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error: Option<Problem>,
}

#[utoipa::path(
    post,
    path = "/events/batch",
    operation_id = "publishEvents",
    summary = "Publish up to 100 events, at most 4 MiB",
    description = "Each event may name its `tenant`, as for `POST /events`. A batch of the operator without `X-Tenant-Id` \
        may hold events of several tenants.",
    security(("bearer" = [PUBLISH])),
    params((
        "Idempotency-Key" = Option<String>, Header, nullable = false, min_length = 1, max_length = 255, pattern = "^[!-~]([ -~]*[!-~])?$",
        description = "Makes the request idempotent: events without an id get one derived from the key and their position, so the same batch with the same key is accepted once",
    )),
    request_body(content = NewEvents),
    responses(
        (status = 200, description = "One result per event, in the same order", body = BatchView),
        (status = 422, description = "The body is not a batch of 1 to 100 events"),
    ),
)]
pub(crate) async fn publish_batch<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Publisher(tenant): Publisher,
    Key(key): Key,
    headers: HeaderMap,
    body: Text,
) -> Result<Response, Problem> {
    refuse_deliveries(&deps, &headers)?;
    let events = split(body.object())?;
    let keyed = |(place, text): (usize, &str)| {
        let new = read(text, &tenant)?;
        let id = new.id.clone().or_else(|| key.as_ref().map(|key| key.event_id(Some(place))));
        Ok(NewEvent { id, ..new })
    };
    let read: Vec<Result<_, Problem>> =
        events.iter().map(|raw| raw.get()).enumerate().map(keyed).collect();
    let good = read.iter().filter_map(|r| r.as_ref().ok().cloned()).collect();
    let accepted = publish::publish_all(&deps.ledger, checks(&deps), &deps.system, good).await;
    measure(accepted.iter().flatten());
    let mut accepted = accepted.into_iter();
    let mut room = Room::of_answer();
    let results = read
        .into_iter()
        .enumerate()
        .map(|(place, read)| match read {
            Err(problem) => ResultView::failed(problem, &mut room),
            Ok(new) => match accepted.next() {
                Some(accepted) => ResultView::of(place, &new, accepted, &mut room),
                None => unreachable!("every event that was read was published"),
            },
        })
        .collect();
    Ok(Json(BatchView { results }).into_response())
}

impl ResultView {
    fn of(
        place: usize,
        new: &NewEvent,
        published: Result<Accepted, PublishError>,
        room: &mut Room,
    ) -> Self {
        let id = new.id.as_ref().map(display);
        let span = tracing::error_span!("event", event.place = place, event.id = id);
        match published {
            Ok(accepted) => {
                let (status, AcceptedView { id, duplicate }) = AcceptedView::new(accepted);
                let (id, duplicate) = (Some(id), Some(duplicate));
                Self { status: status.as_u16(), id, duplicate, error: None }
            }
            Err(error) => span.in_scope(|| Self::failed(error.into(), room)),
        }
    }

    fn failed(problem: Problem, room: &mut Room) -> Self {
        let problem = problem.within(room);
        Self { status: problem.status(), id: None, duplicate: None, error: Some(problem) }
    }
}
