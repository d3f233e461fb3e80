//! `/webhooks/{webhook}/logs`: a webhook's attempts in order of time.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use hooklane_app::deliveries;
use hooklane_app::ports::LogFilter;
use hooklane_domain::ids::WebhookId;
use lambda_http::http::header::CONTENT_DISPOSITION;
use serde::Serialize;
use utoipa::ToSchema;

use crate::backend::{Deps, Ports};
use crate::gate::auth::{READ, Reader};
use crate::http::cursor::List;
use crate::http::parameters::Time;
use crate::http::path;
use crate::http::problem::Problem;
use crate::http::query::Query;
use crate::resources::views::{LogView, some};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LogPage)]
pub(crate) struct PageView {
    data: Vec<LogView>,
    /// So much was met for this page that cannot be read back, and is left out; the next page may meet it again.
    /// Absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    unreadable: Option<usize>,
    /// To be sent back as `cursor`; absent after the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

#[utoipa::path(
    get,
    path = "/webhooks/{webhook}/logs",
    tag = "deliveries",
    operation_id = "listAttempts",
    summary = "A webhook's attempts, the one begun last first",
    description = "An attempt is in the log once it has ended, under the time at which it began. Read on \
        by `cursor`: each attempt that was there is met exactly once, while new ones are made. One \
        request reads a bounded amount: a page may be short or empty and still have a `nextCursor`. \
        `download=true` answers the same as a file.",
    security(("bearer" = [READ])),
    params(
        ("since" = inline(Option<Time>), Query, description = "Only what began then or later"),
        ("until" = inline(Option<Time>), Query, description = "Only what began before"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "20 unless given"),
        ("cursor" = Option<String>, Query, description = "The `nextCursor` of the page before, of the same list with the same filters"),
        ("download" = Option<bool>, Query, description = "Whether browsers are to save the answer"),
    ),
    responses(
        (
            status = 200,
            description = "A page; it may be empty and still have a next one",
            body = PageView,
            headers(("Content-Disposition" = String, description = "With `download=true`: a file's name")),
        ),
    ),
)]
pub(crate) async fn list<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    Reader(tenant): Reader,
    Path(webhook): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let webhook = path::id(&webhook)?;
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
        unreadable: some(page.unreadable),
        next_cursor: page.next.map(|next| list.cursor(next)),
    };
    if is_download {
        let file = format!("attachment; filename=\"{webhook}-attempts.json\"");
        return Ok(([(CONTENT_DISPOSITION, file)], Json(view)).into_response());
    }
    Ok(Json(view).into_response())
}
