//! `/inbox`: the tenant's test inbox, and the requests that it keeps. How requests get there is in `arrivals`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use hooklane_app::inbox;
use hooklane_app::ports::{Clock as _, InboxLog as _, InboxStore as _};
use hooklane_domain::inbox::RequestNumber;
use lambda_http::http::StatusCode;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::backend::{Deps, Ports};
use crate::gate::caller::{Caller, READ, Reader, WRITE, Writer};
use crate::http::body::Text;
use crate::http::cursor::List;
use crate::http::path;
use crate::http::problem::Problem;
use crate::http::query::Query;
use crate::http::rows::Rows;
use crate::resources::schemas::inbox::InboxChange;
use crate::resources::views::{InboxRequestView, InboxView};

#[utoipa::path(
    get,
    path = "/inbox",
    operation_id = "getInbox",
    summary = "Get the tenant's test inbox",
    description = "A test inbox is a URL that keeps the newest 100 requests for seven days, so that a webhook can be \
        tried without a receiver: create a webhook with the inbox's `url`. It publishes nothing and answers with no \
        more than a status. A tenant has one once it turns it on with `PATCH /inbox`. Without the scope \
        `webhooks:write` the URL is masked.",
    security(("bearer" = [READ])),
    responses((status = 200, description = "The inbox", body = InboxView)),
)]
pub(crate) async fn get<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Reader(tenant): Reader,
    caller: Caller,
) -> Result<Response, Problem> {
    let inbox = deps.registry.inbox(&tenant).await?;
    let of = (caller.acts_for()?, &caller);
    Ok(Json(InboxView::new(inbox.as_ref(), &deps.network, of)).into_response())
}

#[utoipa::path(
    patch,
    path = "/inbox",
    operation_id = "patchInbox",
    summary = "Turn the tenant's test inbox on or off, or change its answer",
    description = "What is omitted stays. The answer is a status from 200 to 299 or from 400 to 499, so that retries \
        and 410 can be seen, at once or after at most two seconds; it is never a redirect. A webhook whose inbox is \
        off gets 404.",
    security(("bearer" = [WRITE])),
    request_body(content = Option<InboxChange>, description = "Optional"),
    responses((status = 200, description = "The inbox after the change", body = InboxView)),
)]
pub(crate) async fn patch<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    _: Writer,
    caller: Caller,
    body: Text,
) -> Result<Response, Problem> {
    let (registry, system, network) = (&deps.registry, &deps.system, &deps.network);
    let tenant = caller.acts_for()?;
    let inbox = inbox::change(registry, system, network, tenant, body.object()).await?;
    Ok(Json(InboxView::new(Some(&inbox), network, (tenant, &caller))).into_response())
}

#[utoipa::path(
    post,
    path = "/inbox/rotate",
    operation_id = "rotateInbox",
    summary = "Give the tenant's test inbox another URL",
    description = "The old URL is answered with 404 from then on. Webhooks that have it must be changed. The requests \
        that were kept stay.",
    security(("bearer" = [WRITE])),
    responses(
        (status = 200, description = "The inbox with its new URL", body = InboxView),
        (status = 404, description = "The tenant has no inbox"),
    ),
)]
pub(crate) async fn rotate<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    _: Writer,
    caller: Caller,
) -> Result<Response, Problem> {
    let (registry, system, network) = (&deps.registry, &deps.system, &deps.network);
    let tenant = caller.acts_for()?;
    let inbox = inbox::change_url(registry, system, network, tenant).await?;
    Ok(Json(InboxView::new(Some(&inbox), network, (tenant, &caller))).into_response())
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = InboxRequestPage)]
pub(crate) struct PageView {
    #[schema(value_type = Vec<InboxRequestView>)]
    data: Vec<Box<RawValue>>,
    /// Pass it as `cursor` to get the next page; absent on the last page. A page may be shorter than `limit` and
    /// have one, because the answer would be too large.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_cursor: Option<String>,
}

#[utoipa::path(
    get,
    path = "/inbox/requests",
    operation_id = "listInboxRequests",
    summary = "List the requests that the tenant's test inbox keeps, newest first",
    description = "Each says what its signature says of the tenant's webhooks with the inbox's URL. Without the scope \
        `webhooks:write` the values of signatures and of headers that no contract sets are masked.",
    security(("bearer" = [READ])),
    params(
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "Rows per page; 20 by default"),
        ("cursor" = Option<String>, Query, description = "The `nextCursor` of the previous page"),
    ),
    responses((status = 200, description = "A page", body = PageView)),
)]
pub(crate) async fn list<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Reader(tenant): Reader,
    caller: Caller,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let list = List::of(&[&"inbox", &tenant]);
    let mut query = Query::of(raw.as_deref());
    let (limit, before) = (query.limit(), query.place::<RequestNumber>(&list));
    query.finish()?;
    let page = deps.ledger.kept_requests(&tenant, before, limit, deps.system.now()).await?;
    let views =
        page.requests.iter().map(|one| InboxRequestView::new(one, &deps.contracts, &caller));
    let rows = Rows::fitting(views)?;
    let next = if rows.is_cut {
        page.requests.get(rows.rows.len().saturating_sub(1)).map(|last| last.number)
    } else {
        page.next
    };
    let view = PageView { data: rows.rows, next_cursor: next.map(|number| list.cursor(number)) };
    Ok(Json(view).into_response())
}

#[utoipa::path(
    get,
    path = "/inbox/requests/{request}",
    operation_id = "getInboxRequest",
    summary = "Get a request that the tenant's test inbox keeps",
    security(("bearer" = [READ])),
    responses((status = 200, description = "The request", body = InboxRequestView)),
)]
pub(crate) async fn get_request<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Reader(tenant): Reader,
    caller: Caller,
    Path(number): Path<String>,
) -> Result<Response, Problem> {
    let number = path::id(&number)?;
    let request = deps.ledger.kept_request(&tenant, number, deps.system.now()).await?;
    let request = request.ok_or_else(path::missing::<RequestNumber>)?;
    Ok(Json(InboxRequestView::new(&request, &deps.contracts, &caller)).into_response())
}

#[utoipa::path(
    delete,
    path = "/inbox/requests",
    operation_id = "deleteInboxRequests",
    summary = "Delete all requests that the tenant's test inbox keeps",
    security(("bearer" = [WRITE])),
    responses((status = 204, description = "Deleted")),
)]
pub(crate) async fn clear<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Writer(tenant): Writer,
) -> Result<Response, Problem> {
    deps.ledger.clear_requests(&tenant).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
