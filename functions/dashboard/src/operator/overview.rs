//! How the service is doing, and which webhooks of all tenants are in trouble.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use futures::future::try_join;
use hooklane_api::Ports;
use hooklane_app::isolation::MAX_COUNTED;
use hooklane_app::operator::{self, Trouble, Troubles};
use hooklane_app::ports::{LetterCount, WorkQueue};
use hooklane_domain::Timestamp;
use hooklane_domain::canary::IN_TIME;
use hooklane_domain::ids::WebhookId;
use hooklane_domain::isolation::brake::STALE_AFTER;
use hooklane_domain::time::later;
use hooklane_domain::webhook::masking::masked;

use super::frame::{Frame, Room};
use super::guest::Operator;
use crate::link;
use crate::oops::Oops;
use crate::pages::page;
use crate::query::Query;
use crate::settings::Portal;
use crate::words::{self, Said};
use crate::written::{Html, Writer, breakable_host, theirs};

#[derive(Template)]
#[template(path = "operator/overview.html")]
struct Page {
    frame: Frame,
    lead: String,
    version: &'static str,
    queues: Vec<Queue>,
    signs: Vec<Sign>,
    rows: Vec<Row>,
    shown: String,
    more: Option<String>,
}

/// A canary that is older is of a time in which canaries were sent: they are at most an hour apart.
const OLD: Duration = Duration::from_secs(2 * 60 * 60);

/// A queue on the way of events.
struct Queue {
    name: &'static str,
    icon: &'static str,
    count: String,
    note: String,
    /// Where it can be looked into.
    address: Option<String>,
}

/// Something that shows whether the service works.
struct Sign {
    name: &'static str,
    said: Said,
}

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
    let deps = &portal.deps;
    let after = query.text("after").and_then(|text| text.parse::<WebhookId>().ok());
    let (state, troubles) = try_join(
        operator::state(&deps.registry, &deps.ledger, &deps.letters, &deps.errands),
        operator::troubles(&deps.registry, &deps.ledger, after),
    )
    .await?;
    let writer = &guest.writer;
    let rows: Vec<_> = troubles.rows.iter().map(|one| row(one, guest.now, writer)).collect();
    page(&Page {
        frame: Frame::new(&guest, Room::Overview, "Overview"),
        lead: lead(&troubles, after.is_some(), writer),
        version: env!("CARGO_PKG_VERSION"),
        queues: queues(&state, writer),
        signs: signs(&state, guest.now, writer),
        shown: format!(
            "{} of {}, those that fail longest first",
            writer.number(rows.len() as u64),
            writer.number(troubles.all as u64)
        ),
        rows,
        more: troubles
            .next
            .map(|next| link::of_operator_with("overview", &[("after", &next.to_string())])),
    })
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

fn queues(state: &operator::State, writer: &Writer) -> Vec<Queue> {
    let letters: u64 = state.letters.iter().map(|(_, count)| count.visible + count.hidden).sum();
    let mut shown: Vec<_> = state.queues.iter().map(|one| queue(one, writer)).collect();
    shown.push(Queue {
        name: "Dead letters",
        icon: if letters == 0 { "good" } else { "failing" },
        count: writer.number(letters),
        note: if letters == 0 { "none" } else { "look at them" }.to_owned(),
        address: Some(link::of_operator("letters")),
    });
    shown
}

fn queue((queue, count): &(WorkQueue, LetterCount), writer: &Writer) -> Queue {
    let (name, icon) = match queue {
        WorkQueue::Events => ("Events", "accepted"),
        WorkQueue::Delivery => ("First attempts", "accepted"),
        WorkQueue::Retry => ("Retries and long waits", "retrying"),
    };
    Queue {
        name,
        icon,
        count: writer.number(count.visible),
        note: match count.hidden {
            0 => "to be handled".to_owned(),
            hidden => format!("to be handled; {} wait or are being handled", writer.number(hidden)),
        },
        address: None,
    }
}

fn signs(state: &operator::State, now: Timestamp, writer: &Writer) -> Vec<Sign> {
    let upkeep = match state.brake {
        None => Said::new("Never ran", "failing", "bad", String::new()),
        Some(brake) if now < later(brake.measured_at, STALE_AFTER) => Said::new(
            "Runs",
            "good",
            "good",
            format!("last at {}", writer.second(brake.measured_at)),
        ),
        Some(brake) => {
            let why =
                format!("last at {}; it should each minute", writer.second(brake.measured_at));
            Said::new("Does not run", "failing", "bad", why)
        }
    };
    let fresh = state.brake.filter(|brake| now < later(brake.measured_at, STALE_AFTER));
    let brake = match fresh {
        Some(brake) => {
            let count = writer.count(brake.in_flight, "message", "messages");
            match brake.on {
                true => {
                    let why = format!("{count} in flight; what waits long is parked");
                    Said::new("On", "failing", "bad", why)
                }
                false => Said::new("Off", "good", "good", format!("{count} in flight")),
            }
        }
        None => Said::new("Unknown", "off", "off", "upkeep sets it with each run".to_owned()),
    };
    vec![
        Sign { name: "Upkeep", said: upkeep },
        Sign { name: "Brake", said: brake },
        Sign { name: "Canary", said: canary(state, now, writer) },
    ]
}

/// The event that Hooklane sends itself.
fn canary(state: &operator::State, now: Timestamp, writer: &Writer) -> Said {
    let Some(canary) = &state.canary else {
        return Said::new(
            "Not sent",
            "off",
            "off",
            "canaries are off, or upkeep has not run".to_owned(),
        );
    };
    let sent = writer.second(canary.sent_at);
    if now >= later(canary.sent_at, OLD) {
        return Said::new("Not sent", "off", "off", format!("the last one was sent at {sent}"));
    }
    let is_late = |at: Timestamp| at > later(canary.sent_at, IN_TIME);
    match canary.arrived_at {
        Some(at) => {
            let took = Writer::between(canary.sent_at, at);
            let took = writer.took(u32::try_from(took.as_millis()).unwrap_or(u32::MAX));
            let why = format!("sent at {sent}, took {took}");
            match is_late(at) {
                true => Said::new("Late", "slow", "wait", why),
                false => Said::new("Arrived", "good", "good", why),
            }
        }
        None if is_late(now) => {
            Said::new("Missing", "failing", "bad", format!("sent at {sent}, and has not arrived"))
        }
        None if canary.before == Some(false) => {
            let why = format!("the one before has not arrived in time; another was sent at {sent}");
            Said::new("Missing", "failing", "bad", why)
        }
        None => Said::new("Under way", "waiting", "wait", format!("sent at {sent}")),
    }
}

fn row(trouble: &Trouble, now: Timestamp, writer: &Writer) -> Row {
    let Trouble { webhook, tenant_paused, overview, oldest } = trouble;
    let url = masked(&webhook.url);
    let lasts = |since: Timestamp| -> Option<Duration> {
        Some(Writer::between(since, now)).filter(|time| !time.is_zero())
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
