//! Files: the list of deliveries as its page shows it, and a webhook's log of attempts as the API answers it; each up
//! to a thousand.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use hooklane_api::{Ports, attempts_file, attempts_file_name};
use hooklane_domain::delivery::Delivery;
use hooklane_domain::ids::WebhookId;
use hooklane_domain::time::with_milliseconds;
use lambda_http::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde::Serialize;

use crate::oops::Oops;
use crate::pages::deliveries::{Asked, find};
use crate::pages::spread::names;
use crate::query::Query;
use crate::settings::Portal;
use crate::visitor::Visitor;
use crate::words::error_words;
use crate::written::plain;

const MOST: usize = 1_000;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Exported {
    delivery: String,
    event: String,
    event_type: String,
    webhook: String,
    webhook_name: String,
    status: &'static str,
    attempts: u32,
    accepted_at: String,
    completed_at: Option<String>,
    last_status_code: Option<u16>,
    last_error: Option<&'static str>,
    last_duration_ms: Option<u32>,
}

async fn exported<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    query: &Query,
) -> Result<Vec<Exported>, Oops> {
    let (found, _) = find(portal, visitor, &Asked::read(&query.0), MOST).await?;
    let deliveries = &found.page.deliveries;
    let names = names(portal, visitor, &found.webhooks, deliveries).await?;
    let one = |delivery: &Delivery| {
        let webhook = delivery.id.webhook();
        let last = delivery.last.as_ref();
        Exported {
            delivery: delivery.id.to_string(),
            event: delivery.id.event().to_string(),
            event_type: delivery.event_type.to_string(),
            webhook: webhook.to_string(),
            webhook_name: names.get(&webhook).map(|name| plain(name)).unwrap_or_default(),
            status: delivery.status().as_str(),
            attempts: delivery.attempts,
            accepted_at: with_milliseconds(delivery.id.accepted_at()),
            completed_at: delivery.done_at().map(with_milliseconds),
            last_status_code: last.and_then(|last| last.status),
            last_error: last
                .and_then(|last| last.error.as_ref())
                .map(|error| error_words(error.kind)),
            last_duration_ms: last.map(|last| last.duration_ms),
        }
    };
    Ok(deliveries.iter().map(one).collect())
}

pub(crate) async fn json<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    visitor: Visitor,
    query: Query,
) -> Result<Response, Oops> {
    let rows = exported(&portal, &visitor, &query).await?;
    let text = serde_json::to_string_pretty(&rows).map_err(|_| Oops::Broken)?;
    Ok(file("application/json", "deliveries.json", text))
}

pub(crate) async fn csv<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    visitor: Visitor,
    query: Query,
) -> Result<Response, Oops> {
    let rows = exported(&portal, &visitor, &query).await?;
    let mut text =
        "delivery,event,eventType,webhook,webhookName,status,attempts,acceptedAt,completedAt,\
                    lastStatusCode,lastError,lastDurationMs\r\n"
            .to_owned();
    for row in rows {
        let number = |number: Option<u64>| number.map(|n| n.to_string()).unwrap_or_default();
        let cells = [
            row.delivery,
            row.event,
            row.event_type,
            row.webhook,
            row.webhook_name,
            row.status.to_owned(),
            row.attempts.to_string(),
            row.accepted_at,
            row.completed_at.unwrap_or_default(),
            number(row.last_status_code.map(u64::from)),
            row.last_error.unwrap_or_default().to_owned(),
            number(row.last_duration_ms.map(u64::from)),
        ];
        text.push_str(&cells.map(|cell| quoted(&cell)).join(","));
        text.push_str("\r\n");
    }
    Ok(file("text/csv; charset=utf-8", "deliveries.csv", text))
}

/// The log of attempts of a webhook.
pub(crate) async fn log<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    visitor: Visitor,
    Path((_, webhook)): Path<(String, String)>,
) -> Result<Response, Oops> {
    let webhook: WebhookId = webhook.parse().map_err(|_| Oops::NoPage)?;
    let text = attempts_file(&portal.deps, &visitor.tenant, webhook).await?;
    let text = text.ok_or(Oops::NoPage)?;
    Ok(file("application/json", &attempts_file_name(webhook), text))
}

pub(super) fn file(kind: &'static str, name: &str, text: String) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, disposition)], text).into_response()
}

/// A cell (RFC 4180). A spreadsheet would compute what begins like a formula, so an apostrophe comes before it.
fn quoted(cell: &str) -> String {
    let computes = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let guard = if computes { "'" } else { "" };
    // A semicolon or a tab is where some of them split.
    if computes || cell.contains(['"', ',', ';', '\t', '\r', '\n']) {
        format!("\"{guard}{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_cell_is_never_a_formula() {
        assert_eq!(quoted("plain"), "plain");
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(quoted("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!(quoted("a;=1"), "\"a;=1\"", "one cell, wherever a program splits");
        for cell in ["+1", "-1", "@a", "\tx"] {
            assert!(quoted(cell).starts_with("\"'"), "{cell}");
        }
    }
}
