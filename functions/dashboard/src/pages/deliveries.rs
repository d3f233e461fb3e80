//! The list of deliveries: filters in the address, selection, retrying and cancelling what is selected.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use futures::StreamExt as _;
use hooklane_api::Ports;
use hooklane_app::deliveries::{self, RequestError};
use hooklane_app::ports::{DeliveryFilter, DeliveryPage};
use hooklane_domain::delivery::period::{Period, TimeRange};
use hooklane_domain::delivery::{Delivery, Status};
use hooklane_domain::ids::{DeliveryId, EventId, EventType, WebhookId};

use crate::form::{Act, Fields};
use crate::frame::{Frame, Place};
use crate::link;
use crate::oops::Oops;
use crate::pages::spread::{OFFERED, names, offered};
use crate::pages::{page, see};
use crate::query::Query;
use crate::settings::Portal;
use crate::visitor::Visitor;
use crate::words::{self, Said};
use crate::written::{Html, plain, short, theirs};

/// The rows of a page.
const ROWS: usize = 50;
/// The requests of one form that are worked on at the same time.
const AT_ONCE: usize = 8;

/// What the address of the list says.
#[derive(Default)]
pub(super) struct Asked {
    pub(super) id: String,
    pub(super) webhook: Option<WebhookId>,
    pub(super) event: Option<EventType>,
    pub(super) status: Option<Status>,
    pub(super) waits: bool,
    pub(super) period: Period,
    pub(super) after: Option<DeliveryId>,
}

impl Asked {
    pub(super) fn read(query: &Fields) -> Self {
        let status = query.text("status");
        Self {
            id: query.text("id").unwrap_or_default().to_owned(),
            webhook: query.text("webhook").and_then(|text| text.parse().ok()),
            event: query.text("event").and_then(|text| text.parse().ok()),
            status: status.and_then(|text| text.parse().ok()),
            waits: status == Some("parked"),
            period: query.text("since").and_then(|text| text.parse().ok()).unwrap_or(Period::Week),
            after: query.text("after").and_then(|text| text.parse().ok()),
        }
    }

    fn status(&self) -> &'static str {
        if self.waits { "parked" } else { self.status.map(Status::as_str).unwrap_or_default() }
    }

    /// The address of the list with these filters, and with what follows.
    pub(super) fn address(&self, visitor: &Visitor, path: &str, more: &[(&str, &str)]) -> String {
        let webhook = self.webhook.map(|id| id.to_string()).unwrap_or_default();
        let event = self.event.as_ref().map(ToString::to_string).unwrap_or_default();
        let mut query = vec![
            ("id", self.id.as_str()),
            ("webhook", &webhook),
            ("event", &event),
            ("status", self.status()),
            ("since", self.period.as_str()),
        ];
        query.extend_from_slice(more);
        link::with(visitor.id(), path, &query)
    }
}

/// What was found, and what it is a part of.
pub(super) struct Found {
    pub(super) page: DeliveryPage,
    pub(super) webhooks: Vec<hooklane_domain::webhook::Webhook>,
    /// A sentence about what is left out.
    pub(super) note: Option<String>,
}

/// The deliveries that the address asks for.
pub(super) async fn find<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    asked: &Asked,
    limit: usize,
) -> Result<Found, Oops> {
    let (registry, ledger) = (&portal.deps.registry, &portal.deps.ledger);
    let (webhooks, total) = offered(portal, visitor).await?;
    let found = |page, note| Ok(Found { page, webhooks: webhooks.clone(), note });
    if !asked.id.is_empty() {
        let Ok(event) = asked.id.parse::<EventId>() else {
            return found(
                DeliveryPage::default(),
                Some("This is no id of an event or a delivery.".to_owned()),
            );
        };
        let detail = deliveries::of_event(registry, ledger, (visitor.id(), None), &event).await?;
        let note = match &detail {
            None => Some("There is no event with this id, or it has expired.".to_owned()),
            Some(detail) if detail.deliveries.is_empty() => {
                Some("The event was accepted, and went to no webhook.".to_owned())
            }
            Some(_) => None,
        };
        let deliveries = detail.map(|detail| detail.deliveries).unwrap_or_default();
        return found(DeliveryPage { deliveries, ..DeliveryPage::default() }, note);
    }
    let accepted = TimeRange::new(Some(asked.period.start(visitor.now)), None);
    let Some(webhook) = asked.webhook else {
        let ids: Vec<_> = webhooks.iter().map(|webhook| webhook.id).collect();
        let of = (visitor.id(), ids.as_slice());
        let place = (asked.after.as_ref(), limit);
        let page = deliveries::recent(ledger, of, (asked.status, accepted), place).await?;
        let note = match (asked.event.is_some() || asked.waits, total > OFFERED as u64) {
            (true, _) => {
                Some("Choose a webhook too, to narrow by event type or by what is held.".to_owned())
            }
            (false, true) => Some(format!(
                "These are of your newest {OFFERED} webhooks. Choose one to see its own."
            )),
            (false, false) => None,
        };
        return found(page, note);
    };
    let filter = DeliveryFilter {
        status: asked.status,
        parked: asked.waits.then_some(true),
        event_type: asked.event.clone(),
        accepted,
        after: asked.after.clone().filter(|after| after.webhook() == webhook),
        limit,
    };
    let page = deliveries::list(registry, ledger, visitor.id(), webhook, &filter).await?;
    found(page.ok_or(Oops::NoPage)?, None)
}

#[derive(Template)]
#[template(path = "deliveries.html")]
struct Page {
    frame: Frame,
    asked: Asked,
    webhooks: Vec<Choice>,
    statuses: Vec<(&'static str, &'static str, bool)>,
    periods: Vec<(&'static str, &'static str, bool)>,
    event: String,
    rows: Vec<Row>,
    note: Option<String>,
    unreadable: Option<String>,
    older: Option<String>,
    csv: String,
    json: String,
    here: String,
}

struct Choice {
    id: String,
    name: String,
    chosen: bool,
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
    let found = find(&portal, &visitor, &asked, ROWS).await?;
    let rows = rows(&portal, &visitor, &found).await?;
    let next = found.page.next.map(|next| next.to_string());
    let older = next.map(|next| asked.address(&visitor, "deliveries", &[("after", &next)]));
    let choice = |webhook: &hooklane_domain::webhook::Webhook| Choice {
        id: webhook.id.to_string(),
        name: plain(&webhook.name),
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
    let said = done(&query, &visitor);
    let with = |all: &[(&'static str, &'static str)], now: &str| {
        all.iter().map(|(value, word)| (*value, *word, *value == now)).collect()
    };
    page(&Page {
        frame: Frame::new(&visitor, Place::Deliveries, "Deliveries").after(said.as_deref()),
        webhooks: found.webhooks.iter().map(choice).collect(),
        statuses: with(&STATUSES, asked.status()),
        periods: with(&PERIODS, asked.period.as_str()),
        event: asked.event.as_ref().map(ToString::to_string).unwrap_or_default(),
        rows,
        note: found.note,
        unreadable,
        older,
        csv: asked.address(&visitor, "deliveries.csv", &[]),
        json: asked.address(&visitor, "deliveries.json", &[]),
        here: asked.address(&visitor, "deliveries", &[]),
        asked,
    })
}

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

fn done(query: &Fields, visitor: &Visitor) -> Option<String> {
    let count = |name: &str| query.text(name).and_then(|text| text.parse::<u64>().ok());
    let act = match query.text("done")? {
        "retry" => ("sent again now", "already delivered"),
        "cancel" => ("cancelled", "already ended"),
        _ => return None,
    };
    let (done, left) = (count("n")?, count("left").unwrap_or_default());
    let deliveries = visitor.writer.count(done, "delivery is", "deliveries are");
    let others = match left {
        0 => String::new(),
        left => {
            format!(" {} left as they are: {}.", visitor.writer.count(left, "was", "were"), act.1)
        }
    };
    Some(format!("{deliveries} {}.{others}", act.0))
}

#[derive(Template)]
#[template(path = "confirm_many.html")]
struct Confirm {
    frame: Frame,
    count: String,
    ids: Vec<String>,
    action: String,
    back: String,
}

/// Retries or cancels what is selected. Cancelling asks once more, with the number.
pub(crate) async fn act<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    Query(query): Query,
    Act { visitor, fields }: Act,
) -> Result<Response, Oops> {
    let asked = Asked::read(&query);
    let mut ids: Vec<DeliveryId> =
        fields.all("d").filter_map(|text| text.parse().ok()).take(ROWS).collect();
    ids.dedup();
    let cancels = fields.text("do") == Some("cancel");
    let here = asked.address(&visitor, "deliveries", &[]);
    if ids.is_empty() {
        return Ok(see(&here));
    }
    if cancels && !fields.has("sure") {
        return page(&Confirm {
            frame: Frame::new(&visitor, Place::Deliveries, "Cancel deliveries"),
            count: visitor.writer.count(ids.len() as u64, "delivery", "deliveries"),
            ids: ids.iter().map(ToString::to_string).collect(),
            action: here.clone(),
            back: here,
        });
    }
    let (done, left) = each(&portal, &visitor, &ids, cancels).await?;
    let word = if cancels { "cancel" } else { "retry" };
    let (done, left) = (done.to_string(), left.to_string());
    let more = [("done", word), ("n", done.as_str()), ("left", left.as_str())];
    Ok(see(&asked.address(&visitor, "deliveries", &more)))
}

/// How many were retried or cancelled, and how many had ended before.
async fn each<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    ids: &[DeliveryId],
    cancels: bool,
) -> Result<(usize, usize), Oops> {
    let deps = &portal.deps;
    let one = |id: DeliveryId| async move {
        let tenant = visitor.id();
        if cancels {
            deliveries::cancel(&deps.ledger, &deps.system, tenant, &id).await
        } else {
            deliveries::retry(&deps.ledger, &deps.queues, &deps.system, tenant, &id).await
        }
    };
    let results: Vec<_> =
        futures::stream::iter(ids.to_vec()).map(one).buffered(AT_ONCE).collect().await;
    let mut counts = (0, 0);
    for result in results {
        match result {
            Ok(_) => counts.0 += 1,
            Err(RequestError::Ended(_) | RequestError::Missing) => counts.1 += 1,
            Err(RequestError::Unavailable(error)) => return Err(error.into()),
        }
    }
    Ok(counts)
}
