//! `/usage`: what tenants used, by month, as JSON or CSV.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use hooklane_app::ports::Clock as _;
use hooklane_app::usage::{Report, Row, RowPlace, all_tenants, one_tenant};
use hooklane_domain::Timestamp;
use hooklane_domain::access::scope::Scope;
use hooklane_domain::usage::calendar::Month;
use lambda_http::http::HeaderMap;
use lambda_http::http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE, VARY};
use serde::Serialize;
use utoipa::ToSchema;

use crate::backend::{Deps, Ports};
use crate::gate::caller::{Caller, READ};
use crate::http::cursor::List;
use crate::http::parameters::MonthText;
use crate::http::problem::Problem;
use crate::http::query::Query;
use crate::resources::views::{UsageOfMonthView, non_zero, time, usage_csv};

/// The most months of one request.
const MAX_MONTHS: usize = 13;
/// Rows of a page.
const DEFAULT_ROWS: usize = 100;
const MAX_ROWS: usize = 1_000;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UsagePage)]
pub(crate) struct PageView {
    data: Vec<UsageOfMonthView>,
    /// What happened before this time is not counted. Absent until the first count.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    since: Option<String>,
    /// What happened after this time is not counted yet. Absent until the first count.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    as_of: Option<String>,
    /// The number of rows left out of this page because their stored data is corrupt. Absent if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    unreadable: Option<usize>,
    /// Pass it as `cursor` to get the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_cursor: Option<String>,
}

#[utoipa::path(
    get,
    path = "/usage",
    operation_id = "listUsage",
    summary = "List what the tenant used by month: events, deliveries, attempts and bytes",
    description = "Months are those of UTC. Each thing counts when it happened: an event when it was accepted, an \
        attempt when it began, a delivery when the attempt began that succeeded. Tests and operational events are \
        not counted. A row with `final` never changes again; the others are counted up to `asOf`. The operator gets \
        the tenant that `X-Tenant-Id` names, with a row for each month; without that header all tenants that used \
        something, removed ones too, by month and id. With `Accept: text/csv` the answer is a table with a header row \
        (RFC 4180); the next page's cursor is in the header `Hooklane-Next-Cursor`. In the table, an id that begins \
        with a hyphen has an apostrophe before it, so that no spreadsheet takes it for a formula.",
    security(("bearer" = [READ])),
    params(
        ("from" = inline(Option<MonthText>), Query, description = "The first month; the same as `to` by default"),
        ("to" = inline(Option<MonthText>), Query, description = "The last month, at most 13 from the first; the current one by default"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 1000, description = "Rows per page; 100 by default"),
        ("cursor" = Option<String>, Query, description = "The `nextCursor` of the previous page, with the same months"),
    ),
    responses(
        (
            status = 200,
            description = "A page",
            content((PageView = "application/json"), (String = "text/csv")),
            headers(("Hooklane-Next-Cursor" = String, description = "The cursor of the next page of a table; absent on the last page")),
        ),
    ),
)]
pub(crate) async fn get<P: Ports>(
    State(deps): State<Arc<Deps<P>>>,
    caller: Caller,
    headers: HeaderMap,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    caller.allows(Scope::ReadWebhooks)?;
    let tenant = match caller.principal.is_operator() {
        true => caller.tenant.as_ref(),
        false => Some(caller.acts_for()?),
    };
    let tenant = tenant.map(|tenant| &tenant.id);
    let mut query = Query::of(raw.as_deref());
    let months = months(&mut query, deps.system.now());
    let list = List::of(&[&"usage", &tenant, &months.first(), &months.last()]);
    let (limit, from) = (query.limit_to(MAX_ROWS, DEFAULT_ROWS), query.place::<RowPlace>(&list));
    query.finish()?;
    let report = match tenant {
        None => all_tenants(&deps.ledger, &months, from, limit).await?,
        Some(tenant) => {
            let is_left = |month: &&Month| from.as_ref().is_none_or(|from| **month >= from.month);
            let mut left = months.iter().filter(is_left).copied();
            let here: Vec<_> = left.by_ref().take(limit).collect();
            let next = left.next().map(|month| RowPlace { month, after: None });
            Report { next, ..one_tenant(&deps.ledger, tenant, &here).await? }
        }
    };
    let next_cursor = report.next.as_ref().map(|next| list.cursor(next));
    let mut answer = match wants_csv(&headers) {
        true => table(&report, next_cursor),
        false => Json(page(&report, next_cursor)).into_response(),
    };
    answer.headers_mut().append(VARY, ACCEPT.into());
    Ok(answer)
}

/// The months that are asked for; none if the parameters are wrong.
fn months(query: &mut Query, now: Timestamp) -> Vec<Month> {
    let (first, last) = (query.parse::<Month>("from"), query.parse::<Month>("to"));
    let last = last.unwrap_or_else(|| first.unwrap_or(Month::of(now)).max(Month::of(now)));
    let first = first.unwrap_or(last);
    if first > last {
        query.error("from", "must not be after `to`");
        return Vec::new();
    }
    let months = first.through(last, MAX_MONTHS + 1);
    if months.len() > MAX_MONTHS {
        query.error("from", "must be at most 12 months before `to`");
    }
    months
}

fn page(report: &Report, next_cursor: Option<String>) -> PageView {
    PageView {
        data: report.rows.iter().map(UsageOfMonthView::new).collect(),
        since: report.since.map(time),
        as_of: report.as_of.map(time),
        unreadable: non_zero(report.unreadable),
        next_cursor,
    }
}

fn table(report: &Report, next_cursor: Option<String>) -> Response {
    let rows: Vec<&Row> = report.rows.iter().collect();
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
        (CONTENT_DISPOSITION, "attachment; filename=\"usage.csv\""),
    ];
    let mut answer = (headers, usage_csv(&rows, report.as_of)).into_response();
    if let Some(cursor) = next_cursor.and_then(|cursor| cursor.parse().ok()) {
        answer.headers_mut().insert("hooklane-next-cursor", cursor);
    }
    answer
}

/// Whether the client accepts CSV by name. Everything is answered with JSON else.
fn wants_csv(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|range| {
        range.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/csv"))
    })
}
