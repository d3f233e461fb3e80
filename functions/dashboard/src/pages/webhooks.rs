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
use lambda_http::http::HeaderMap;

use crate::chart;
use crate::figures::{self, Day};
use crate::form::Fields;
use crate::frame::{Frame, Place};
use crate::link;
use crate::live::fragment;
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
    has_figures: bool,
    /// Where the rows come from as they are now.
    live: Option<String>,
}

/// The rows alone, without figures: these are counted by the minute.
#[derive(Template)]
#[template(path = "webhooks_now.html")]
struct Now {
    lead: String,
    rows: Vec<Row>,
    has_figures: bool,
}

struct Row {
    id: String,
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

/// What a page is asked for.
struct Asked {
    event: Option<EventType>,
    status: Option<StateName>,
    after: Option<WebhookId>,
}

impl Asked {
    fn read(query: &Fields) -> Self {
        Self {
            event: query.text("event").and_then(|text| text.parse().ok()),
            status: query.text("status").and_then(|text| text.parse().ok()),
            after: query.text("after").and_then(|text| text.parse().ok()),
        }
    }

    fn is_filtered(&self) -> bool {
        self.event.is_some() || self.status.is_some()
    }

    async fn find<P: Ports>(
        &self,
        portal: &Portal<P>,
        visitor: &Visitor,
    ) -> Result<webhooks::Listed, Oops> {
        let (event, status) = (self.event.clone(), self.status);
        let filters = Filters { event, status, ..Filters::default() };
        let (registry, asked) = (&portal.deps.registry, (0, ROWS));
        Ok(webhooks::list(registry, &visitor.tenant, &filters, self.after, asked).await?)
    }

    /// The address of such a page, or of a part of one.
    fn address(&self, visitor: &Visitor, page: &str, after: Option<WebhookId>) -> String {
        let event = self.event.as_ref().map(ToString::to_string).unwrap_or_default();
        let status = self.status.map(StateName::as_str).unwrap_or_default();
        let after = after.map(|after| after.to_string()).unwrap_or_default();
        link::with(visitor.id(), page, &[("event", &event), ("status", status), ("after", &after)])
    }
}

pub(crate) async fn list<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    visitor: Visitor,
    Query(query): Query,
) -> Result<Response, Oops> {
    let asked = Asked::read(&query);
    let listed = asked.find(&portal, &visitor).await?;
    let is_filtered = asked.is_filtered();
    if listed.total == 0 && !is_filtered && visitor.may_manage() {
        return new::first(&portal, &visitor, query.text("done").and_then(done)).await;
    }
    let deps = &portal.deps;
    let ids: Vec<_> = listed.webhooks.iter().map(|webhook| webhook.id).collect();
    let (overviews, days) = futures::future::join(
        webhooks::overviews(&deps.registry, &deps.ledger, visitor.id(), &listed.webhooks),
        figures::of_list(&portal, &visitor, &ids),
    )
    .await;
    let overviews = overviews?;
    let mut rows = rows(&visitor, &listed.webhooks, &overviews, &days);
    // Only a list that is whole can be in another order than the registry's.
    let is_whole = asked.after.is_none() && listed.next.is_none();
    if is_whole {
        rows.sort_by_key(|row| words::urgency(&row.said));
    }
    let writer = &visitor.writer;
    let order = if is_whole { "those that need attention first" } else { "newest first" };
    let shown = format!(
        "{} of {}, {order}",
        writer.number(rows.len() as u64),
        writer.count(listed.total, "webhook", "webhooks")
    );
    page(&Page {
        frame: Frame::new(&visitor, Place::Webhooks, "Webhooks")
            .after(query.text("done").and_then(done)),
        lead: lead(&rows, &overviews, writer),
        shown,
        older: listed.next.map(|next| asked.address(&visitor, "webhooks", Some(next))),
        live: (!rows.is_empty()).then(|| asked.address(&visitor, "webhooks/rows", asked.after)),
        rows,
        event: asked.event.map(|event| event.to_string()).unwrap_or_default(),
        status: asked.status.map(StateName::as_str).unwrap_or_default().to_owned(),
        statuses: StateName::ALL,
        is_filtered,
        has_figures: true,
    })
}

/// The rows as they are now. The script of the list asks for them.
pub(crate) async fn rows_now<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    visitor: Visitor,
    Query(query): Query,
    headers: HeaderMap,
) -> Result<Response, Oops> {
    let listed = Asked::read(&query).find(&portal, &visitor).await?;
    let (registry, ledger) = (&portal.deps.registry, &portal.deps.ledger);
    let overviews = webhooks::overviews(registry, ledger, visitor.id(), &listed.webhooks).await?;
    let days: Vec<_> = listed.webhooks.iter().map(|_| None).collect();
    let rows = rows(&visitor, &listed.webhooks, &overviews, &days);
    let lead = lead(&rows, &overviews, &visitor.writer);
    Ok(fragment(&headers, Now { lead, rows, has_figures: false }.render()?))
}

fn rows(
    visitor: &Visitor,
    webhooks: &[Webhook],
    overviews: &[Option<Overview>],
    days: &[Option<Day>],
) -> Vec<Row> {
    let all = webhooks.iter().zip(overviews).zip(days);
    all.map(|((webhook, overview), day)| row(visitor, webhook, overview.as_ref(), day.as_ref()))
        .collect()
}

fn done(word: &str) -> Option<&'static str> {
    (word == "deleted").then_some("The webhook is deleted, and what waited for it is cancelled.")
}

/// What the list says, in a sentence.
fn lead(rows: &[Row], overviews: &[Option<Overview>], writer: &Writer) -> String {
    let waits: u64 = overviews.iter().flatten().map(|overview| overview.waiting).sum();
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
        id: webhook.id.to_string(),
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
