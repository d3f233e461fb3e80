//! `/webhooks/{webhook}/logs`: a webhook's attempts, newest first.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use hooklane_app::deliveries;
use hooklane_app::ports::{LogFilter, Unavailable};
use hooklane_contract::Contract;
use hooklane_domain::access::tenant::Tenant;
use hooklane_domain::delivery::period::TimeRange;
use hooklane_domain::ids::WebhookId;
use lambda_http::http::header::CONTENT_DISPOSITION;
use serde::Serialize;
use utoipa::ToSchema;

use crate::backend::{Deps, Ports};
use crate::gate::caller::{READ, Reader};
use crate::gate::webhook::Named;
use crate::http::cursor::List;
use crate::http::parameters::Time;
use crate::http::path;
use crate::http::problem::Problem;
use crate::http::query::Query;
use crate::resources::views::{LogView, non_zero};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LogPage)]
pub(crate) struct PageView {
    data: Vec<LogView>,
    /// The number of entries left out of this page because their stored data is corrupt. The next page
    /// may count them again. Absent if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    unreadable: Option<usize>,
    /// Pass it as `cursor` to get the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

#[utoipa::path(
    get,
    path = "/webhooks/{webhook}/logs",
    operation_id = "listAttempts",
    summary = "List a webhook's attempts, newest first",
    description = "Ordered by start time. An attempt appears once it has ended. Cursor pages are stable while new \
        attempts are made. One request reads a limited number of items: a page may be short or even empty and \
        still have a `nextCursor`. `download=true` returns the same content as a file.",
    security(("bearer" = [READ])),
    params(
        ("since" = inline(Option<Time>), Query, description = "Only attempts that began at this time or later"),
        ("until" = inline(Option<Time>), Query, description = "Only attempts that began before this time"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "Rows per page; 20 by default"),
        ("cursor" = Option<String>, Query, description = "The `nextCursor` of the previous page, with the same filters"),
        ("download" = Option<bool>, Query, description = "Whether browsers should save the answer as a file"),
    ),
    responses(
        (
            status = 200,
            description = "A page; it may be empty although there is a next one",
            body = PageView,
            headers(("Content-Disposition" = String, description = "The file's name, with `download=true`")),
        ),
    ),
)]
pub(crate) async fn list<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Reader(tenant): Reader,
    Named(webhook): Named,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let mut query = Query::of(raw.as_deref());
    let began = query.span();
    let list = List::of(&[&"logs", &webhook, &began]);
    let filter = LogFilter { began, from: query.place(&list), limit: query.limit() };
    let is_download = query.parse::<bool>("download").unwrap_or(false);
    query.finish()?;
    let page = deliveries::log(&deps.registry, &deps.ledger, (&tenant, webhook), &filter)
        .await?
        .ok_or_else(path::missing::<WebhookId>)?;
    let view = PageView {
        data: page.entries.iter().map(LogView::new).collect(),
        unreadable: non_zero(page.unreadable),
        next_cursor: page.next.map(|next| list.cursor(next)),
    };
    if is_download {
        let file = format!("attachment; filename=\"{}\"", file_name(webhook));
        return Ok(([(CONTENT_DISPOSITION, file)], Json(view)).into_response());
    }
    Ok(Json(view).into_response())
}

/// The name of a webhook's log as a file.
#[must_use]
pub fn file_name(webhook: WebhookId) -> String {
    format!("{webhook}-attempts.json")
}

/// The pages of a file.
const PAGES: usize = 10;
/// A page may have a few megabytes, and Lambda takes six in an answer (*AWS Lambda Developer Guide*, "Lambda quotas").
const FULL: usize = 2 * 1024 * 1024;

/// A webhook's newest attempts as a file: up to a thousand, in the shape in which the API answers this tenant. `None`
/// if the tenant has no such webhook.
pub async fn file<P: Ports>(
    deps: &Deps<P>,
    tenant: &Tenant,
    webhook: WebhookId,
) -> Result<Option<String>, Unavailable> {
    let mut filter = LogFilter { began: TimeRange::default(), from: None, limit: 100 };
    // That of the list without a time.
    let list = List::of(&[&"logs", &webhook, &filter.began]);
    let mut view = PageView { data: Vec::new(), unreadable: None, next_cursor: None };
    let (mut unreadable, mut written) = (0, 0);
    for _ in 0..PAGES {
        let of = (&tenant.id, webhook);
        let page = deliveries::log(&deps.registry, &deps.ledger, of, &filter).await?;
        let Some(page) = page else { return Ok(None) };
        unreadable += page.unreadable;
        for entry in &page.entries {
            let entry = LogView::new(entry);
            written += serde_json::to_vec(&entry).map_or(0, |json| json.len());
            view.data.push(entry);
        }
        filter.from = page.next.clone();
        view.next_cursor = page.next.map(|next| list.cursor(next));
        if view.next_cursor.is_none() || written > FULL {
            break;
        }
    }
    view.unreadable = non_zero(unreadable);
    let canonical =
        serde_json::to_string(&view).map_err(|e| Unavailable::new("a log as JSON", e))?;
    let shape = deps.contract_of(tenant).and_then(Contract::api);
    let shape = shape.and_then(|api| api.of("listAttempts"));
    Ok(Some(shape.and_then(|shape| shape.body(&tenant.id, 200, &canonical)).unwrap_or(canonical)))
}
