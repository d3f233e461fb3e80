//! The list of webhooks. Without any, it is the form for the first one.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use hooklane_api::Ports;
use hooklane_app::isolation::MAX_COUNTED;
use hooklane_app::webhooks::{self, Filters, Overview};
use hooklane_domain::ids::{EventType, WebhookId};
use hooklane_domain::webhook::{StateName, Webhook};

use crate::chart;
use crate::figures::{self, Day};
use crate::frame::{Frame, Place};
use crate::link;
use crate::oops::Oops;
use crate::pages::{new, page};
use crate::query::Query;
use crate::settings::Portal;
use crate::visitor::Visitor;
use crate::words::{self, Said};
use crate::written::{Html, Writer, breakable_host, theirs};

/// The rows of a page. Each costs up to three queries, and the figures that are not fresh a few more.
const ROWS: usize = 50;

#[derive(Template)]
#[template(path = "webhooks.html")]
struct Page {
    frame: Frame,
    lead: String,
    event: String,
    status: String,
    statuses: [StateName; 4],
    rows: Vec<Row>,
    shown: String,
    older: Option<String>,
    is_filtered: bool,
}

struct Row {
    address: String,
    name: Html,
    host: Html,
    said: Said,
    spark: Option<Html>,
    delivered: String,
    newest: Option<Html>,
    waiting: String,
    events: String,
    format: String,
}

pub(crate) async fn list<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    visitor: Visitor,
    Query(query): Query,
) -> Result<Response, Oops> {
    let event = query.text("event").and_then(|text| text.parse::<EventType>().ok());
    let status = query.text("status").and_then(|text| text.parse::<StateName>().ok());
    let after = query.text("after").and_then(|text| text.parse::<WebhookId>().ok());
    let is_filtered = event.is_some() || status.is_some();
    let filters = Filters { event: event.clone(), status, ..Filters::default() };
    let deps = &portal.deps;
    let asked = (0, ROWS);
    let listed = webhooks::list(&deps.registry, &visitor.tenant, &filters, after, asked).await?;
    if listed.total == 0 && !is_filtered && visitor.may_manage() {
        return new::first(&portal, &visitor, query.text("done").and_then(done)).await;
    }
    let ids: Vec<_> = listed.webhooks.iter().map(|webhook| webhook.id).collect();
    let (overviews, days) = futures::future::join(
        webhooks::overviews(&deps.registry, &deps.ledger, visitor.id(), &listed.webhooks),
        figures::of_list(&portal, &visitor, &ids),
    )
    .await;
    let overviews = overviews?;
    let all = listed.webhooks.iter().zip(&overviews).zip(&days);
    let mut rows: Vec<_> = all
        .map(|((webhook, overview), day)| row(&visitor, webhook, overview.as_ref(), day.as_ref()))
        .collect();
    // Only a list that is whole can be in another order than the registry's.
    let is_whole = after.is_none() && listed.next.is_none();
    if is_whole {
        rows.sort_by_key(|row| words::urgency(&row.said));
    }
    let waits: u64 = overviews.iter().flatten().map(|overview| overview.waiting).sum();
    let writer = &visitor.writer;
    let event = event.map(|event| event.to_string()).unwrap_or_default();
    let status = status.map(StateName::as_str).unwrap_or_default();
    let older = listed.next.map(|next| {
        let query = [("event", event.as_str()), ("status", status), ("after", &next.to_string())];
        link::with(visitor.id(), "webhooks", &query)
    });
    let order = if is_whole { "those that need attention first" } else { "newest first" };
    let shown = format!(
        "{} of {}, {order}",
        writer.number(rows.len() as u64),
        writer.count(listed.total, "webhook", "webhooks")
    );
    page(&Page {
        frame: Frame::new(&visitor, Place::Webhooks, "Webhooks")
            .after(query.text("done").and_then(done)),
        lead: lead(&rows, waits, writer),
        event,
        status: status.to_owned(),
        statuses: StateName::ALL,
        rows,
        shown,
        older,
        is_filtered,
    })
}

fn done(word: &str) -> Option<&'static str> {
    (word == "deleted").then_some("The webhook is deleted, and what waited for it is cancelled.")
}

/// What the list says, in a sentence.
fn lead(rows: &[Row], waits: u64, writer: &Writer) -> String {
    let of = |word: &str| rows.iter().filter(|row| row.said.word == word).count() as u64;
    let (failing, slow, disabled) = (of("Failing"), of("Slow"), of("Disabled"));
    let mut parts = Vec::new();
    for (count, one, many) in [
        (failing, "fails", "fail"),
        (of("Unsteady"), "is unsteady", "are unsteady"),
        (slow, "is slow", "are slow"),
        (disabled, "was turned off", "were turned off"),
    ] {
        if count > 0 {
            parts.push(writer.count(count, one, many));
        }
    }
    let health = match parts.as_slice() {
        [] => "None of these fails".to_owned(),
        parts => parts.join(", "),
    };
    let waiting = match waits {
        0 => "Nothing waits.".to_owned(),
        1 => "One delivery waits; it is not lost.".to_owned(),
        waits => format!("{} deliveries wait; none is lost.", writer.number(waits)),
    };
    format!("{health}. {waiting}")
}

fn row(
    visitor: &Visitor,
    webhook: &Webhook,
    overview: Option<&Overview>,
    day: Option<&Day>,
) -> Row {
    let writer = &visitor.writer;
    let url = visitor.shown_url(webhook);
    let newest = overview
        .and_then(|overview| overview.newest_delivery.as_ref())
        .map(|delivery| writer.time(delivery.id.accepted_at()));
    let events: Vec<_> = webhook.events.iter().map(ToString::to_string).collect();
    Row {
        address: link::to(visitor.id(), format!("webhooks/{}", webhook.id)),
        name: theirs(&webhook.name),
        host: breakable_host(&url),
        said: words::of_webhook(webhook, overview, visitor.tenant.settings.paused, writer),
        spark: day.map(|day| chart::spark(&day.amounts, writer)),
        delivered: day.map_or_else(|| "unknown".to_owned(), |day| delivered(day, writer)),
        newest,
        waiting: match overview.map(|overview| overview.waiting) {
            None => "unknown".to_owned(),
            Some(count) => writer.counted(count, MAX_COUNTED),
        },
        events: match events.as_slice() {
            [one] => one.clone(),
            [one, rest @ ..] => format!("{one} and {} more", rest.len()),
            [] => String::new(),
        },
        format: webhook.contract.to_string(),
    }
}

/// How much of what was sent arrived.
fn delivered(day: &Day, writer: &Writer) -> String {
    let share = day.delivered_share.map(|share| writer.percent(share));
    let shown = share.unwrap_or_else(|| "none sent".to_owned());
    if day.is_cut { format!("{shown} so far") } else { shown }
}
