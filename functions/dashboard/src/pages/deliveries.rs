//! The list of deliveries: filters in the address, selection, and what was added since.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use hooklane_api::Ports;
use hooklane_domain::delivery::Delivery;
use hooklane_domain::delivery::outcome::ErrorKind;
use hooklane_domain::ids::DeliveryId;
use hooklane_domain::webhook::Webhook;
use lambda_http::http::HeaderMap;

use crate::frame::{Frame, Place};
use crate::link;
use crate::live::fragment;
use crate::oops::Oops;
use crate::pages::spread::names;
use crate::pages::{page, see};
use crate::query::Query;
use crate::settings::Portal;
use crate::visitor::Visitor;
use crate::words::{self, Said};
use crate::written::{Html, plain, short, theirs};

mod asked;
mod found;
mod grouped;
mod many;

pub(super) use asked::{Asked, word as error_word};
pub(super) use found::{Found, find};
pub(crate) use many::act;

use grouped::Group;
use many::done;

/// The rows of a page.
const ROWS: usize = 50;

#[derive(Template)]
#[template(path = "deliveries.html")]
struct Page {
    frame: Frame,
    asked: Asked,
    webhooks: Vec<Choice>,
    statuses: Vec<Choice>,
    errors: Vec<Choice>,
    periods: Vec<Choice>,
    code: String,
    event: String,
    listed: Html,
    is_empty: bool,
    is_filtered: bool,
    note: Option<String>,
    unreadable: Option<String>,
    csv: String,
    json: String,
    here: String,
    one_by_one: String,
    by_event: String,
    /// Where newer rows of this page come from; not on a page of older ones.
    live: Option<String>,
}

/// What a menu offers.
struct Choice {
    value: String,
    word: String,
    chosen: bool,
}

impl Choice {
    fn of(all: &[(&'static str, &'static str)], now: &str) -> Vec<Self> {
        let choice = |(value, word): &(&str, &str)| Self {
            value: (*value).to_owned(),
            word: (*word).to_owned(),
            chosen: *value == now,
        };
        all.iter().map(choice).collect()
    }
}

/// The rows alone, as they are in the page.
#[derive(Template)]
#[template(path = "listed.html")]
struct Listed {
    rows: Vec<Row>,
    groups: Vec<Group>,
    picks: bool,
    older: Option<String>,
}

pub(super) struct Row {
    pub(super) id: String,
    pub(super) address: String,
    pub(super) event_type: String,
    pub(super) event: String,
    pub(super) webhook: Html,
    pub(super) label: String,
    pub(super) said: Said,
    pub(super) answer: Option<String>,
    pub(super) attempts: u32,
    pub(super) accepted: Html,
}

const STATUSES: [(&str, &str); 7] = [
    ("", "all"),
    ("delivered", "delivered"),
    ("retrying", "retrying"),
    ("pending", "not tried yet"),
    ("parked", "held back"),
    ("failed", "failed"),
    ("cancelled", "cancelled"),
];
const PERIODS: [(&str, &str); 4] =
    [("1h", "last hour"), ("24h", "last 24 hours"), ("7d", "last 7 days"), ("30d", "last 30 days")];

pub(crate) async fn list<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    visitor: Visitor,
    Query(query): Query,
) -> Result<Response, Oops> {
    let asked = Asked::read(&query);
    if let Ok(delivery) = asked.id.parse::<DeliveryId>() {
        return Ok(see(&link::to(visitor.id(), format!("deliveries/{delivery}"))));
    }
    let (found, next) = find(&portal, &visitor, &asked, ROWS).await?;
    let listed = listed(&portal, &visitor, &asked, (&found, next)).await?;
    let choice = |webhook: &Webhook| Choice {
        value: webhook.id.to_string(),
        word: plain(&webhook.name),
        chosen: asked.webhook == Some(webhook.id),
    };
    let writer = &visitor.writer;
    let unreadable = (found.page.unreadable > 0).then(|| {
        let count = found.page.unreadable as u64;
        format!(
            "{} cannot be read back, and left out.",
            writer.count(count, "delivery", "deliveries")
        )
    });
    let kinds = ErrorKind::ALL.map(|kind| (asked::word(kind), words::error_words(kind)));
    let errors: Vec<_> = std::iter::once(("", "all")).chain(kinds).collect();
    let said = done(&query, &visitor);
    page(&Page {
        frame: Frame::new(&visitor, Place::Deliveries, "Deliveries").after(said.as_deref()),
        webhooks: found.webhooks.iter().map(choice).collect(),
        statuses: Choice::of(&STATUSES, asked.status()),
        errors: Choice::of(&errors, asked.error()),
        periods: Choice::of(&PERIODS, asked.period.as_str()),
        code: asked.code(),
        event: asked.event.as_ref().map(ToString::to_string).unwrap_or_default(),
        listed: Html(listed.render()?),
        is_empty: found.page.deliveries.is_empty(),
        is_filtered: asked.is_filtered(),
        note: found.note,
        unreadable,
        csv: asked.address(&visitor, "deliveries.csv", &[]),
        json: asked.address(&visitor, "deliveries.json", &[]),
        here: asked.address(&visitor, "deliveries", &[]),
        one_by_one: asked.shown_as(&visitor, false),
        by_event: asked.shown_as(&visitor, true),
        live: asked.after.is_empty().then(|| asked.address(&visitor, "deliveries/rows", &[])),
        asked,
    })
}

/// The rows of the list's first page as they are now. The script of the list asks for them.
pub(crate) async fn rows_now<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    visitor: Visitor,
    Query(query): Query,
    headers: HeaderMap,
) -> Result<Response, Oops> {
    let asked = Asked { after: String::new(), ..Asked::read(&query) };
    let (found, next) = find(&portal, &visitor, &asked, ROWS).await?;
    let listed = listed(&portal, &visitor, &asked, (&found, next)).await?;
    Ok(fragment(&headers, listed.render()?))
}

async fn listed<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    asked: &Asked,
    (found, next): (&Found, Option<String>),
) -> Result<Listed, Oops> {
    let older = next.map(|next| asked.address(visitor, "deliveries", &[("after", &next)]));
    let rows = rows(portal, visitor, found).await?;
    let (rows, groups) = match asked.grouped {
        true => (Vec::new(), grouped::by_event(visitor, &found.page.deliveries, rows)),
        false => (rows, Vec::new()),
    };
    Ok(Listed { rows, groups, picks: visitor.may_manage(), older })
}

/// A row for each delivery.
pub(super) async fn rows<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    found: &Found,
) -> Result<Vec<Row>, Oops> {
    let deliveries = &found.page.deliveries;
    let outlook = visitor.outlook(portal, deliveries).await?;
    let names = names(portal, visitor, &found.webhooks, deliveries).await?;
    let writer = &visitor.writer;
    let row = |delivery: &Delivery| {
        let name = names.get(&delivery.id.webhook()).map_or("a deleted webhook", String::as_str);
        Row {
            id: delivery.id.to_string(),
            address: link::to(visitor.id(), format!("deliveries/{}", delivery.id)),
            event_type: delivery.event_type.to_string(),
            event: short(delivery.id.event().as_str()),
            webhook: theirs(name),
            label: format!("Select {} to {}", delivery.event_type, plain(name)),
            said: words::of_delivery(delivery, &outlook, writer),
            answer: delivery.last.as_ref().map(|last| words::answer(last, writer)),
            attempts: delivery.attempts,
            accepted: writer.second(delivery.id.accepted_at()),
        }
    };
    Ok(deliveries.iter().map(row).collect())
}
