//! `GET /events`: a tenant's events, newest first.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use hooklane_app::deliveries::{self, EventsFilter, EventsPage, ListedEvent};
use hooklane_domain::delivery::Delivery;
use hooklane_domain::event_index::merge::Wanted;
use hooklane_domain::webhook::subscription::Subscription;
use serde::Serialize;
use utoipa::ToSchema;

use crate::backend::{Deps, Ports};
use crate::gate::caller::{READ, Reader};
use crate::http::cursor::List;
use crate::http::parameters::Time;
use crate::http::problem::Problem;
use crate::http::query::Query;
use crate::resources::views::{non_zero, time};
use crate::resources::words::DeliveryStatus;

/// A delivery of a listed event.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EventDelivery)]
struct TakerView {
    webhook_id: String,
    delivery_id: String,
    status: DeliveryStatus,
    attempt_count: u32,
}

impl TakerView {
    fn new(delivery: &Delivery) -> Self {
        Self {
            webhook_id: delivery.id.webhook().to_string(),
            delivery_id: delivery.id.to_string(),
            status: delivery.status().into(),
            attempt_count: delivery.attempts,
        }
    }
}

/// An event of a list, without its data.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ListedEvent)]
struct ListedView {
    id: String,
    #[serde(rename = "type")]
    event_type: String,
    accepted_at: String,
    /// Whether it is a test event; absent if it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    test: Option<bool>,
    /// The webhooks that took the event, with the state of each delivery; absent with `deliveries=false`. A
    /// delivery is listed once its first attempt has ended or it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    deliveries: Option<Vec<TakerView>>,
    /// The number of deliveries left out because their stored data is corrupt; absent if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    unreadable: Option<usize>,
}

impl ListedView {
    fn new(listed: &ListedEvent) -> Self {
        let ListedEvent { entry, deliveries, unreadable } = listed;
        let takers = |found: &Vec<Delivery>| found.iter().map(TakerView::new).collect();
        Self {
            id: entry.id.to_string(),
            event_type: entry.event_type.to_string(),
            accepted_at: time(entry.accepted_at),
            test: entry.test.then_some(true),
            deliveries: deliveries.as_ref().map(takers),
            unreadable: non_zero(*unreadable),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EventPage)]
pub(crate) struct PageView {
    data: Vec<ListedView>,
    /// The number of parts of the index, each with up to 400 events, left out because their stored data is
    /// corrupt. The next page may count them again. Absent if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    unreadable: Option<usize>,
    /// Present if the tenant has over 1,000 webhooks: `deliveries` are then those to its 1,000 newest ones.
    /// `GET /events/{event}` has all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    truncated: Option<bool>,
    /// Pass it as `cursor` to get the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_cursor: Option<String>,
}

#[utoipa::path(
    get,
    path = "/events",
    operation_id = "listEvents",
    summary = "List a tenant's events, newest first, with the webhooks that took each",
    description = "Ordered by acceptance. An event is listed a few seconds after it was accepted; one that is \
        listed later than newer ones appears at its place, which a reader with a cursor may have passed. Cursor \
        pages are stable while new events arrive. One request reads a limited number of items: a page may be \
        short or even empty and still have a `nextCursor`.",
    security(("bearer" = [READ])),
    params(
        ("type" = Option<String>, Query, min_length = 1, max_length = 257, pattern = "^(\\*|[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*(\\.\\*)?)$", description = "Only events of this type, or that match this pattern, as in a webhook's `events`: `order.created`, `order.*`, `*`"),
        ("test" = Option<bool>, Query, description = "Only test events, or only others"),
        ("since" = inline(Option<Time>), Query, description = "Only events that were accepted at this time or later"),
        ("until" = inline(Option<Time>), Query, description = "Only events that were accepted before this time"),
        ("deliveries" = Option<bool>, Query, description = "Whether to read the deliveries of each event; `true` by default. Without them an answer is quicker"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "Rows per page; 20 by default. A page has fewer if the tenant has so many webhooks that it would have over 2,000 deliveries"),
        ("cursor" = Option<String>, Query, description = "The `nextCursor` of the previous page, with the same filters"),
    ),
    responses((status = 200, description = "A page; it may be empty although there is a next one", body = PageView)),
)]
pub(crate) async fn list<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Reader(tenant): Reader,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let mut query = Query::of(raw.as_deref());
    let wanted = Wanted {
        event_type: query.parse::<Subscription>("type"),
        test: query.flag(&["test"]),
        accepted: query.span(),
        value: None,
    };
    let list = List::of(&[&"events", &tenant, &wanted]);
    let filter = EventsFilter {
        wanted,
        after: query.place(&list),
        limit: query.limit(),
        with_deliveries: query.flag(&["deliveries"]).unwrap_or(true),
    };
    query.finish()?;
    let EventsPage { events, unreadable, truncated, next } =
        deliveries::events(&deps.registry, &deps.ledger, &tenant, filter).await?;
    let view = PageView {
        data: events.iter().map(ListedView::new).collect(),
        unreadable: non_zero(unreadable),
        truncated: truncated.then_some(true),
        next_cursor: next.map(|next| list.cursor(next)),
    };
    Ok(Json(view).into_response())
}
