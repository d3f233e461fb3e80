//! How the service is doing, and which webhooks of all tenants are in trouble.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use futures::future::{join, try_join};
use hooklane_api::Ports;
use hooklane_app::isolation::MAX_COUNTED;
use hooklane_app::operator::{self, Order, Trouble, Troubles};
use hooklane_domain::Timestamp;
use hooklane_domain::ids::WebhookId;
use hooklane_domain::webhook::masking::masked;
use lambda_http::http::HeaderMap;

use super::frame::{Frame, Room};
use super::guest::Operator;
use crate::form::Fields;
use crate::link;
use crate::live::fragment;
use crate::oops::Oops;
use crate::pages::page;
use crate::query::Query;
use crate::settings::Portal;
use crate::words::{self, Said};
use crate::written::{Html, Writer, breakable_host, theirs};

mod service;

use service::{Queue, Ringing, Sign, queues, rings, signs};

#[derive(Template)]
#[template(path = "operator/overview.html")]
struct Page {
    frame: Frame,
    lead: String,
    version: &'static str,
    queues: Vec<Queue>,
    signs: Vec<Sign>,
    alarms: Vec<Ringing>,
    orders: [(String, &'static str, bool); 2],
    rows: Vec<Row>,
    shown: String,
    more: Option<String>,
    /// Where the script asks for the page as it is now.
    live: String,
}

/// The word of the address for those that wait longest first.
const WAITING: &str = "waiting";

struct Row {
    tenant: String,
    webhook: String,
    name: Html,
    host: Html,
    said: Said,
    answer: Option<String>,
    failing: Option<String>,
    waiting: String,
    oldest: Option<Html>,
}

pub(crate) async fn show<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    guest: Operator,
    Query(query): Query,
) -> Result<Response, Oops> {
    page(&look(&portal, &guest, &query).await?)
}

/// The page as it is now, for its script.
pub(crate) async fn now<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    guest: Operator,
    Query(query): Query,
    asked: HeaderMap,
) -> Result<Response, Oops> {
    Ok(fragment(&asked, look(&portal, &guest, &query).await?.render()?))
}

async fn look<P: Ports>(
    portal: &Portal<P>,
    guest: &Operator,
    query: &Fields,
) -> Result<Page, Oops> {
    let deps = &portal.deps;
    let after = query.text("after").and_then(|text| text.parse::<WebhookId>().ok());
    let order = match query.text("order") {
        Some(WAITING) => Order::WaitingLongest,
        _ => Order::FailingLongest,
    };
    let read = try_join(
        operator::state(&deps.registry, &deps.ledger, &deps.letters, &deps.errands),
        operator::troubles(&deps.registry, &deps.ledger, after, order),
    );
    let (read, observed) = join(read, portal.watch.observed(guest.now)).await;
    let (state, troubles) = read?;
    let (observed, writer) = (observed.as_ref(), &guest.writer);
    let rows: Vec<_> = troubles.rows.iter().map(|one| row(one, guest.now, writer)).collect();
    let address = |page: &str, order, after: Option<WebhookId>| {
        let mut query = Vec::new();
        if order == Order::WaitingLongest {
            query.push(("order", WAITING.to_owned()));
        }
        query.extend(after.map(|after| ("after", after.to_string())));
        let query: Vec<_> = query.iter().map(|(name, text)| (*name, text.as_str())).collect();
        link::of_operator_with(page, &query)
    };
    let choice = |one, name| (address("overview", one, after), name, one == order);
    Ok(Page {
        frame: Frame::new(guest, Room::Overview, "Overview"),
        lead: lead(&troubles, after.is_some(), writer),
        version: env!("CARGO_PKG_VERSION"),
        queues: queues(&state, observed, writer),
        signs: signs(&state, observed, guest.now, writer),
        alarms: rings(observed, writer),
        orders: [
            choice(Order::FailingLongest, "fails longest"),
            choice(Order::WaitingLongest, "waits longest"),
        ],
        shown: shown(&troubles, rows.len(), writer),
        rows,
        more: troubles.next.map(|next| address("overview", order, Some(next))),
        live: address("overview/now", order, after),
    })
}

/// How much of what is in trouble the page shows, and in which order.
fn shown(troubles: &Troubles, rows: usize, writer: &Writer) -> String {
    let number = |number: usize| writer.number(number as u64);
    match troubles.compared {
        None => {
            format!("{} of {}, those that fail longest first", number(rows), number(troubles.all))
        }
        Some(compared) if compared < troubles.all => format!(
            "{} of the {} that fail longest, those that wait longest first",
            number(rows),
            number(compared)
        ),
        Some(_) => {
            format!("{} of {}, those that wait longest first", number(rows), number(troubles.all))
        }
    }
}

/// What the page says, in a sentence.
fn lead(troubles: &Troubles, is_later: bool, writer: &Writer) -> String {
    let failing = match troubles.failing {
        0 => "No webhook fails".to_owned(),
        count => writer.count(count as u64, "webhook fails", "webhooks fail"),
    };
    let apart = match troubles.all - troubles.failing {
        0 => String::new(),
        count => {
            let others = writer.count(count as u64, "other is", "others are");
            format!(", and {others} slow or unsteady, or held back")
        }
    };
    let of = match troubles.next.is_some() || is_later {
        true => " in this part of the watch list",
        false => "",
    };
    format!(
        "{failing}{apart}{of}. What waits for these is kept apart, so nobody else waits for them."
    )
}

fn row(trouble: &Trouble, now: Timestamp, writer: &Writer) -> Row {
    let Trouble { webhook, tenant_paused, overview, oldest } = trouble;
    let url = masked(&webhook.url);
    // By the minute, since the page follows.
    let lasts = |since: Timestamp| {
        let seconds = Writer::between(since, now).as_secs();
        let whole = if seconds < 60 { seconds } else { seconds / 60 * 60 };
        (seconds > 0).then(|| Duration::from_secs(whole))
    };
    let last = overview.newest_delivery.as_ref().and_then(|delivery| delivery.last.as_ref());
    let last = oldest.as_ref().and_then(|delivery| delivery.last.as_ref()).or(last);
    Row {
        tenant: webhook.tenant.to_string(),
        webhook: webhook.id.to_string(),
        name: theirs(&webhook.name),
        host: breakable_host(&url),
        said: words::of_webhook(webhook, Some(overview), *tenant_paused, writer),
        answer: last.map(|last| words::answer(last, writer)),
        failing: trouble.failing_since().and_then(lasts).map(Writer::lasts),
        waiting: writer.counted(overview.waiting, MAX_COUNTED),
        oldest: oldest.as_ref().map(|delivery| writer.time(delivery.id.accepted_at())),
    }
}
