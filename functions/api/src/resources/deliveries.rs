//! `/webhooks/{webhook}/deliveries`, one of them, and `/deliveries`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use hooklane_app::deliveries::{self, Place, UNDELIVERED, UndeliveredPage};
use hooklane_app::outlook::Outlook;
use hooklane_app::ports::{Clock as _, DeliveryFilter, DeliveryPage};
use hooklane_domain::delivery::{Delivery, Status};
use hooklane_domain::ids::{DeliveryId, EventType, WebhookId};
use hooklane_domain::time::whole_millisecond;
use lambda_http::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::backend::{Deps, Ports};
use crate::gate::caller::{Caller, READ, Reader, WRITE, Writer};
use crate::gate::webhook::Named;
use crate::http::cursor::{self, List};
use crate::http::parameters::{Time, UndeliveredStatus};
use crate::http::path;
use crate::http::problem::Problem;
use crate::http::query::Query;
use crate::resources::views::{DeliveryDetailView, DeliveryView, non_zero};
use crate::resources::words::DeliveryStatus;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeliveryPage)]
pub(crate) struct PageView {
    data: Vec<DeliveryView>,
    /// The number of deliveries left out of this page because their stored data is corrupt. The next page
    /// may count them again. Absent if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    unreadable: Option<usize>,
    /// Present if the page was requested by its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<usize>,
    /// Pass it as `cursor` to get the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

impl PageView {
    fn new(
        page: &DeliveryPage,
        outlook: &Outlook,
        list: &List,
        numbered: Option<(usize, usize)>,
    ) -> Self {
        Self {
            data: page.deliveries.iter().map(|one| DeliveryView::new(one, outlook)).collect(),
            unreadable: non_zero(page.unreadable),
            page: numbered.map(|(page, _)| page),
            limit: numbered.map(|(_, limit)| limit),
            next_cursor: page.next.as_ref().map(|next| list.cursor(next)),
        }
    }
}

#[utoipa::path(
    get,
    path = "/webhooks/{webhook}/deliveries",
    operation_id = "listDeliveries",
    summary = "List a webhook's deliveries, newest first",
    description = "Ordered by when the event was accepted. Cursor pages are stable; page numbers shift as deliveries \
        arrive, and reach the newest 10,000 deliveries only. `cursor` and `page` cannot be combined. One request \
        reads a limited number of items: if few match the filters, a page may be short or even empty and still \
        have a `nextCursor`.",
    security(("bearer" = [READ])),
    params(
        ("status" = inline(Option<DeliveryStatus>), Query, description = "Only deliveries with this status"),
        ("parked" = Option<bool>, Query, description = "Only parked deliveries (`true`) or only those that are not parked (`false`)"),
        ("event" = Option<String>, Query, max_length = 255, pattern = "^[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*$", description = "Only deliveries of this event type"),
        ("since" = inline(Option<Time>), Query, description = "Only deliveries of events accepted at this time or later"),
        ("until" = inline(Option<Time>), Query, description = "Only deliveries of events accepted before this time"),
        ("page" = Option<u32>, Query, minimum = 1, maximum = 100, description = "Page number, starting at 1; a page past the end is empty"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "Rows per page; 20 by default"),
        ("cursor" = Option<String>, Query, description = "The `nextCursor` of the previous page, with the same filters"),
    ),
    responses((status = 200, description = "A page; it may be empty although there is a next one", body = PageView)),
)]
pub(crate) async fn list<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Reader(tenant): Reader,
    Named(webhook): Named,
    caller: Caller,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let mut query = Query::of(raw.as_deref());
    let status: Option<Status> = query.parse("status");
    let parked = query.flag(&["parked"]);
    let event_type: Option<EventType> = query.parse("event");
    let accepted = query.span();
    let list = List::of(&[&"deliveries", &webhook, &status, &parked, &event_type, &accepted]);
    let (number, after) = (query.bounded_page(), query.place(&list));
    if after.as_ref().is_some_and(|id: &DeliveryId| id.webhook() != webhook) {
        query.error("cursor", cursor::UNKNOWN);
    }
    if number.is_some() && after.is_some() {
        query.error("page", "cannot be combined with cursor");
    }
    let limit = query.limit();
    let filter = DeliveryFilter { status, parked, event_type, accepted, after, limit };
    query.finish()?;
    let (webhooks, ledger) = (&deps.registry, &deps.ledger);
    let page = match number {
        Some(number) => {
            deliveries::page(webhooks, ledger, (&tenant, webhook), &filter, number).await?
        }
        None => deliveries::list(webhooks, ledger, &tenant, webhook, &filter).await?,
    };
    let page = page.ok_or_else(path::missing::<WebhookId>)?;
    let outlook = outlook(&deps, &caller, &page.deliveries).await?;
    let numbered = number.map(|number| (number, limit));
    Ok(Json(PageView::new(&page, &outlook, &list, numbered)).into_response())
}

#[utoipa::path(
    get,
    path = "/deliveries",
    operation_id = "listUndelivered",
    summary = "List undelivered deliveries of all the tenant's webhooks, newest first",
    description = "Ordered by when the event was accepted. Deliveries of deleted webhooks are left out. The list is \
        eventually consistent: a recent change may take a moment to appear. One request reads at most 3,000 \
        lists, one for each webhook and status. A tenant with more has its newest webhooks listed first, then the \
        next ones: a page may be short or even empty and still have a `nextCursor`.",
    security(("bearer" = [READ])),
    params(
        ("status" = inline(Option<UndeliveredStatus>), Query, description = "Only deliveries with this status; all three by default"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "Rows per page; 20 by default"),
        ("cursor" = Option<String>, Query, description = "The `nextCursor` of the previous page, with the same filters"),
    ),
    responses((status = 200, description = "A page", body = PageView)),
)]
pub(crate) async fn undelivered<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Reader(tenant): Reader,
    caller: Caller,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let mut query = Query::of(raw.as_deref());
    let status: Option<Status> = query.parse("status");
    if status.is_some_and(|status| !UNDELIVERED.contains(&status)) {
        query.error("status", "must be one of pending, retrying, failed");
    }
    let list = List::of(&[&"undelivered", &tenant, &status]);
    let (place, limit) = (query.place::<Place>(&list).unwrap_or_default(), query.limit());
    query.finish()?;
    let statuses = status.as_ref().map_or(&UNDELIVERED[..], std::slice::from_ref);
    let asked = (place, limit);
    let UndeliveredPage { page, next } =
        deliveries::undelivered(&deps.registry, &deps.ledger, &tenant, statuses, asked).await?;
    let outlook = outlook(&deps, &caller, &page.deliveries).await?;
    let view = PageView::new(&page, &outlook, &list, None);
    let next_cursor = next.map(|next| list.cursor(next));
    Ok(Json(PageView { next_cursor, ..view }).into_response())
}

#[utoipa::path(
    post,
    path = "/webhooks/deliveries/{delivery}/retry",
    operation_id = "retryDelivery",
    summary = "Retry a delivery now; its retry policy starts anew",
    security(("bearer" = [WRITE])),
    responses(
        (status = 202, description = "The attempt is queued", body = DeliveryView),
        (status = 409, description = "The delivery has already succeeded"),
    ),
)]
pub(crate) async fn retry<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Writer(tenant): Writer,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = path::id(&id)?;
    let retried = deliveries::retry(&deps.ledger, &deps.queues, &deps.system, &tenant, &id).await?;
    let outlook = outlook(&deps, &caller, std::slice::from_ref(&retried)).await?;
    Ok((StatusCode::ACCEPTED, Json(DeliveryView::new(&retried, &outlook))).into_response())
}

#[utoipa::path(
    post,
    path = "/webhooks/deliveries/{delivery}/cancel",
    operation_id = "cancelDelivery",
    summary = "Cancel a delivery: no further attempt is made",
    security(("bearer" = [WRITE])),
    responses(
        (status = 200, description = "Cancelled", body = DeliveryView),
        (status = 409, description = "The delivery has already ended: delivered, failed or cancelled"),
    ),
)]
pub(crate) async fn cancel<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Writer(tenant): Writer,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = path::id(&id)?;
    let cancelled = deliveries::cancel(&deps.ledger, &deps.system, &tenant, &id).await?;
    let outlook = outlook(&deps, &caller, std::slice::from_ref(&cancelled)).await?;
    Ok(Json(DeliveryView::new(&cancelled, &outlook)).into_response())
}

#[utoipa::path(
    get,
    path = "/webhooks/{webhook}/deliveries/{delivery}",
    operation_id = "getDelivery",
    summary = "Get a delivery with all its attempts",
    description = "`payload` is the event as it was published, as long as the event is kept. The body that was sent is \
        not kept: each attempt builds it from the event, in the format of the webhook's contract at that time.",
    security(("bearer" = [READ])),
    responses((status = 200, description = "The delivery", body = DeliveryDetailView)),
)]
pub(crate) async fn get<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Reader(tenant): Reader,
    Named(webhook): Named,
    caller: Caller,
    Path((_, delivery)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let id = path::id(&delivery)?;
    let detail = deliveries::get(&deps.registry, &deps.ledger, &tenant, webhook, &id)
        .await?
        .ok_or_else(path::missing::<DeliveryId>)?;
    let outlook = outlook(&deps, &caller, std::slice::from_ref(&detail.delivery)).await?;
    Ok(Json(DeliveryDetailView::new(detail, &outlook)).into_response())
}

/// The outlook of some deliveries of the tenant that the caller acts for.
pub(super) async fn outlook<P: Ports>(
    deps: &Deps<P>,
    caller: &Caller,
    deliveries: &[Delivery],
) -> Result<Outlook, Problem> {
    let tenant = caller.acts_for()?;
    let of = (&tenant.id, tenant.settings.paused);
    Ok(Outlook::of(&deps.registry, of, deliveries, whole_millisecond(deps.system.now())).await?)
}
