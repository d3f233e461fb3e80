//! `/webhooks/{webhook}/deliveries`, one of them, and `/deliveries`.

use std::str::FromStr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use hooklane_app::deliveries::{self, Answered, Found, Search, UNDELIVERED};
use hooklane_app::outlook::Outlook;
use hooklane_app::ports::{Clock as _, DeliveryFilter, DeliveryPage, WebhookStore as _};
use hooklane_domain::access::scope::Scope;
use hooklane_domain::access::tenant::Tenant;
use hooklane_domain::delivery::outcome::ErrorKind;
use hooklane_domain::delivery::{Delivery, Status};
use hooklane_domain::ids::{DeliveryId, EventType, ExternalId, TenantId, WebhookId};
use hooklane_domain::time::whole_millisecond;
use lambda_http::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::backend::{Deps, Ports};
use crate::gate::caller::{Caller, READ, Reader, WRITE, Writer};
use crate::gate::webhook::Named;
use crate::http::cursor::{self, List};
use crate::http::parameters::{ALL, SearchedStatus, Time};
use crate::http::path::{self, WebhookName};
use crate::http::problem::Problem;
use crate::http::query::Query;
use crate::resources::views::{DeliveryDetailView, DeliveryView, non_zero};
use crate::resources::words::{AttemptErrorKind, DeliveryStatus};

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
    /// `true` if the request read as much as one may before the page was full. `nextCursor` goes on with the search.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    cut: bool,
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
            cut: false,
        }
    }

    fn of_search(found: &Found, outlook: &Outlook, list: &List) -> Self {
        Self {
            data: found.deliveries.iter().map(|one| DeliveryView::new(one, outlook)).collect(),
            unreadable: non_zero(found.unreadable),
            page: None,
            limit: None,
            next_cursor: found.next.as_ref().map(|next| list.cursor(next)),
            cut: found.is_cut,
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
        have a `nextCursor`. By `statusCode` or `error` it finds deliveries of which any attempt failed like that, in \
        the order of these attempts; with `status` of an undelivered one, by the last attempt.",
    security(("bearer" = [READ])),
    params(
        ("status" = inline(Option<DeliveryStatus>), Query, description = "Only deliveries with this status"),
        ("parked" = Option<bool>, Query, description = "Only parked deliveries (`true`) or only those that are not parked (`false`)"),
        ("event" = Option<String>, Query, max_length = 255, pattern = "^[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*$", description = "Only deliveries of this event type"),
        ("since" = inline(Option<Time>), Query, description = "Only deliveries of events accepted at this time or later"),
        ("until" = inline(Option<Time>), Query, description = "Only deliveries of events accepted before this time"),
        ("eventId" = Option<String>, Query, pattern = "^[A-Za-z0-9_-]{1,64}$", description = "Only the delivery of this event"),
        ("deliveryId" = Option<String>, Query, description = "Only this delivery"),
        ("statusCode" = Option<u16>, Query, minimum = 100, maximum = 599, description = "Only deliveries of which an attempt was answered with this status code"),
        ("error" = inline(Option<AttemptErrorKind>), Query, description = "Only deliveries of which an attempt failed without an answer, for this reason"),
        ("metadata" = Option<String>, Query, max_length = 256, description = "Only deliveries of events with this value under the metadata's key that the tenant chose (`searchKey`)"),
        ("page" = Option<u32>, Query, minimum = 1, maximum = 100, description = "Page number, starting at 1; a page past the end is empty. Not with `eventId`, `deliveryId`, `statusCode`, `error` or `metadata`"),
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
    let narrow = Search {
        webhook: Some(webhook),
        statuses: status.map(|status| vec![status]),
        parked,
        event_type: event_type.clone(),
        accepted,
        ..narrowed(&mut query, caller.acts_for()?)
    };
    if is_narrow(&narrow) {
        return found(&deps, &caller, (&tenant, &narrow), query).await;
    }
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
    summary = "Search the deliveries of all the tenant's webhooks, newest first",
    description = "Without `status`, the undelivered ones (`pending`, `retrying`, `failed`); with `eventId`, `deliveryId` or \
        `metadata`, all. Ordered by when the event was accepted. Deliveries of deleted webhooks are left out. Lists of \
        undelivered ones are eventually consistent: a recent change may take a moment to appear. By `statusCode` or \
        `error` it finds deliveries whose last attempt ended like that. One request reads at most 3,000 lists, one for \
        each webhook and status, and a limited number of items: a page may be short or even empty and still have a \
        `nextCursor`; `cut` says so. A tenant with more webhooks has its newest listed first, then the next ones.",
    security(("bearer" = [READ])),
    params(
        ("status" = inline(Option<SearchedStatus>), Query, description = "Only deliveries with this status, or `all`"),
        ("webhook" = Option<String>, Query, description = "Only deliveries to this webhook: its id, or `ext:` and its external id"),
        ("externalId" = Option<String>, Query, pattern = "^[A-Za-z0-9._~:-]{1,128}$", description = "Only deliveries to the webhook with this `externalId`", example = "crm-4711"),
        ("parked" = Option<bool>, Query, description = "Only parked deliveries (`true`) or only those that are not parked (`false`)"),
        ("event" = Option<String>, Query, max_length = 255, pattern = "^[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*$", description = "Only deliveries of this event type"),
        ("since" = inline(Option<Time>), Query, description = "Only deliveries of events accepted at this time or later"),
        ("until" = inline(Option<Time>), Query, description = "Only deliveries of events accepted before this time"),
        ("eventId" = Option<String>, Query, pattern = "^[A-Za-z0-9_-]{1,64}$", description = "Only the deliveries of this event"),
        ("deliveryId" = Option<String>, Query, description = "Only this delivery"),
        ("statusCode" = Option<u16>, Query, minimum = 100, maximum = 599, description = "Only deliveries whose last attempt was answered with this status code"),
        ("error" = inline(Option<AttemptErrorKind>), Query, description = "Only deliveries whose last attempt failed without an answer, for this reason"),
        ("metadata" = Option<String>, Query, max_length = 256, description = "Only deliveries of events with this value under the metadata's key that the tenant chose (`searchKey`)"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "Rows per page; 20 by default"),
        ("cursor" = Option<String>, Query, description = "The `nextCursor` of the previous page, with the same filters"),
    ),
    responses(
        (status = 200, description = "A page", body = PageView),
        (status = 404, description = "No webhook has this `externalId`"),
    ),
)]
pub(crate) async fn undelivered<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Reader(tenant): Reader,
    caller: Caller,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let mut query = Query::of(raw.as_deref());
    let status: Option<Statuses> = query.parse("status");
    let webhook: Option<String> = query.parse("webhook");
    let external_id: Option<ExternalId> = query.parse("externalId");
    if webhook.is_some() && external_id.is_some() {
        query.error("externalId", "cannot be combined with webhook");
    }
    let search = Search {
        parked: query.flag(&["parked"]),
        event_type: query.parse("event"),
        accepted: query.span(),
        ..narrowed(&mut query, caller.acts_for()?)
    };
    let names_one =
        search.event.is_some() || search.delivery.is_some() || search.metadata.is_some();
    let statuses = match status {
        Some(Statuses::All) => None,
        Some(Statuses::One(status)) => Some(vec![status]),
        None if names_one => None,
        None => Some(UNDELIVERED.to_vec()),
    };
    let named = match (external_id, webhook) {
        // Both are a mistake, which is answered with the others.
        (Some(_), Some(_)) => None,
        (Some(external), None) => Some(WebhookName::External(external)),
        (None, Some(text)) => Some(WebhookName::read(&text)?),
        (None, None) => None,
    };
    let webhook = match named {
        None => None,
        Some(WebhookName::Id(id)) => Some(id),
        Some(WebhookName::External(external)) => {
            let holder = deps.registry.holder(&tenant, &external).await?;
            Some(holder.ok_or_else(path::missing::<WebhookId>)?)
        }
    };
    let search = Search { statuses, webhook, ..search };
    found(&deps, &caller, (&tenant, &search), query).await
}

/// The statuses of a search.
#[derive(Debug, Clone, Copy)]
enum Statuses {
    All,
    One(Status),
}

impl FromStr for Statuses {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            ALL => Ok(Self::All),
            other => match other.parse() {
                Ok(status) => Ok(Self::One(status)),
                Err(wrong) => Err(format!("{wrong}, {ALL}")),
            },
        }
    }
}

/// The reason of an attempt's error, in the words of clients.
struct Reason(ErrorKind);

impl FromStr for Reason {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let found = ErrorKind::ALL.into_iter().find(|kind| AttemptErrorKind::from(*kind).is(text));
        found.map(Self).ok_or_else(|| {
            let words = ErrorKind::ALL.map(|kind| AttemptErrorKind::from(kind).word());
            format!("must be one of {}", words.join(", "))
        })
    }
}

/// The parts of a search that a list of deliveries alone does not answer.
fn narrowed(query: &mut Query, tenant: &Tenant) -> Search {
    let code: Option<u16> = query.status_code("statusCode");
    let error: Option<Reason> = query.parse("error");
    if code.is_some() && error.is_some() {
        query.error("error", "cannot be combined with statusCode");
    }
    let value: Option<String> = query.parse("metadata");
    let metadata = value.and_then(|value| {
        let Some(key) = &tenant.settings.search_key else {
            query.error("metadata", "the tenant has chosen no searchKey");
            return None;
        };
        let digest = key.digest(&value);
        if digest.is_none() {
            query.error("metadata", "must have 1 to 256 bytes");
        }
        digest
    });
    Search {
        answered: code.map(Answered::Code).or(error.map(|Reason(kind)| Answered::Error(kind))),
        event: query.parse("eventId"),
        delivery: query.parse("deliveryId"),
        metadata,
        ..Search::default()
    }
}

fn is_narrow(search: &Search) -> bool {
    search.answered.is_some()
        || search.event.is_some()
        || search.delivery.is_some()
        || search.metadata.is_some()
}

/// The answer of a search, whose other parameters were read.
async fn found<P: Ports>(
    deps: &Deps<P>,
    caller: &Caller,
    (tenant, search): (&TenantId, &Search),
    mut query: Query,
) -> Result<Response, Problem> {
    let list = List::of(&[&"search", tenant, search]);
    let (place, limit) = (query.place::<String>(&list), query.limit());
    query.finish()?;
    let asked = (place.as_deref(), limit);
    let found = deliveries::search(&deps.registry, &deps.ledger, tenant, search, asked).await?;
    let outlook = outlook(deps, caller, &found.deliveries).await?;
    Ok(Json(PageView::of_search(&found, &outlook, &list)).into_response())
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
        not kept: each attempt builds it from the event, in the format of the webhook's contract at that time. An \
        attempt shows it, and the URL, as long as the event is kept and the webhook was not changed since.",
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
    let detail =
        deliveries::get((&deps.registry, &deps.contracts), &deps.ledger, &tenant, webhook, &id)
            .await?
            .ok_or_else(path::missing::<DeliveryId>)?;
    let outlook = outlook(&deps, &caller, std::slice::from_ref(&detail.delivery)).await?;
    let sees_urls = caller.allows(Scope::WriteWebhooks).is_ok();
    Ok(Json(DeliveryDetailView::new(detail, &outlook, sees_urls)).into_response())
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
