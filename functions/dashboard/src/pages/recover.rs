//! Recovering: which time, then how many, and only then it begins.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use hooklane_api::Ports;
use hooklane_app::deliveries::many::Count;
use hooklane_app::recover::{self, Estimate, Progress, RecoverError};
use hooklane_domain::isolation::recovery::{Order, Recovery, Stage, Wanted, WantedStatus};
use hooklane_domain::json::fields::FieldErrors;
use hooklane_domain::webhook::Webhook;
use jiff::SignedDuration;

use crate::form::{Act, Fields};
use crate::frame::{Frame, Place};
use crate::link;
use crate::oops::Oops;
use crate::pages::{page, see, webhook};
use crate::query::Query;
use crate::settings::Portal;
use crate::visitor::Visitor;
use crate::written::{Html, Writer, plain, theirs};

/// What may be included, and what it is called.
const INCLUDED: [(&str, &str); 3] = [
    ("failed", "What failed: all of its attempts were made"),
    (
        "skipped",
        "What was skipped: it was never sent, because the webhook was off or too much waited",
    ),
    ("all", "Both"),
];

#[derive(Template)]
#[template(path = "recover.html")]
struct Page {
    frame: Frame,
    webhook: String,
    here: String,
    name: Html,
    newest: Option<Newest>,
    since: String,
    until: String,
    included: Vec<(&'static str, &'static str, bool)>,
    errors: Vec<String>,
    counted: Option<Counted>,
    /// Not while one is running.
    may_begin: bool,
}

/// The newest recovery.
struct Newest {
    title: &'static str,
    is_running: bool,
    sentences: Vec<Html>,
}

/// What a recovery would send, and what to send to begin it.
struct Counted {
    title: String,
    span: Html,
    parts: Vec<String>,
    warning: Option<Html>,
    /// `None` if there is nothing to send.
    button: Option<String>,
    since: String,
    until: String,
    include: &'static str,
}

pub(crate) async fn show<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    visitor: Visitor,
    Path((_, webhook)): Path<(String, String)>,
    Query(query): Query,
) -> Result<Response, Oops> {
    let webhook = webhook::read(&portal, &visitor, &webhook).await?;
    let key = (visitor.id(), webhook.id);
    let deps = &portal.deps;
    let progress = match recover::progress(&deps.registry, key).await {
        Ok(progress) => Some(progress),
        Err(RecoverError::None) => None,
        Err(other) => return Err(other.into()),
    };
    let is_running = progress.as_ref().is_some_and(|progress| progress.recovery.is_running());
    let (mut errors, mut counted) = (Vec::new(), None);
    // A count reads as much as a recovery begins with, so who may only look does not ask for it.
    if query.has("since") && visitor.may_manage() && !is_running {
        match asked(&visitor, &query) {
            Ok(order) => {
                let (registry, ledger) = (&deps.registry, &deps.ledger);
                match recover::estimate(registry, ledger, key, order.wanted).await {
                    Ok(estimate) => counted = Some(in_words(&estimate, &visitor.writer)),
                    Err(RecoverError::Backwards) => errors.push(BACKWARDS.to_owned()),
                    Err(other) => return Err(other.into()),
                }
            }
            Err(found) => errors = listed(&found),
        }
    }
    let done = match query.text("done") {
        Some("started") => Some("It has begun. It goes on without this page, a part each minute."),
        Some("stopped") => Some("It was stopped. What was sent stays sent."),
        _ => None,
    };
    let fields = Shown { query: &query, errors, counted, done };
    shown(&visitor, &webhook, progress.as_ref(), fields)
}

const BACKWARDS: &str = "The time ends before it begins.";

struct Shown<'a> {
    query: &'a Fields,
    errors: Vec<String>,
    counted: Option<Counted>,
    done: Option<&'a str>,
}

fn shown(
    visitor: &Visitor,
    webhook: &Webhook,
    progress: Option<&Progress>,
    Shown { query, errors, counted, done }: Shown<'_>,
) -> Result<Response, Oops> {
    let writer = &visitor.writer;
    let chosen = query.text("include").unwrap_or("failed");
    let since = visitor.now - SignedDuration::from_hours(24);
    page(&Page {
        frame: Frame::new(visitor, Place::Webhooks, "Recover").after(done),
        webhook: link::to(visitor.id(), format!("webhooks/{}", webhook.id)),
        here: link::to(visitor.id(), format!("webhooks/{}/recover", webhook.id)),
        name: theirs(&webhook.name),
        newest: progress.map(|progress| newest(progress, writer)),
        since: query.text("since").map_or_else(|| writer.field(since), plain),
        until: query.text("until").map_or_else(String::new, plain),
        included: INCLUDED.map(|(word, name)| (word, name, word == chosen)).to_vec(),
        errors,
        counted,
        may_begin: progress.is_none_or(|progress| !progress.recovery.is_running()),
    })
}

/// The order that the fields of the page make, read as the API reads it.
fn asked(visitor: &Visitor, fields: &Fields) -> Result<Order, FieldErrors> {
    let at = |name: &str| {
        fields.text(name).map(|text| {
            let read = visitor.writer.read_field(text);
            read.map_or_else(|| text.to_owned(), |at| at.to_string())
        })
    };
    order(visitor, fields, (at("since"), at("until")))
}

fn order(
    visitor: &Visitor,
    fields: &Fields,
    (since, until): (Option<String>, Option<String>),
) -> Result<Order, FieldErrors> {
    let mut body = serde_json::Map::new();
    let named = [
        ("since", since),
        ("until", until),
        ("include", fields.text("include").map(ToOwned::to_owned)),
    ];
    for (name, value) in named {
        if let Some(value) = value {
            body.insert(name.to_owned(), value.into());
        }
    }
    Order::read(&serde_json::Value::Object(body).to_string(), visitor.now)
}

fn listed(errors: &FieldErrors) -> Vec<String> {
    let words = |path: &str| match path {
        "since" => "Say from when on.".to_owned(),
        "until" => "The end is not a time. Leave it empty for now.".to_owned(),
        "include" => "Choose what is sent again.".to_owned(),
        other => plain(other),
    };
    errors.as_slice().iter().map(|error| words(&error.path)).collect()
}

/// Begins exactly what was counted.
pub(crate) async fn start<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    Path((_, webhook)): Path<(String, String)>,
    Act { visitor, fields }: Act,
) -> Result<Response, Oops> {
    let webhook = webhook::read(&portal, &visitor, &webhook).await?;
    let deps = &portal.deps;
    let exact = |name: &str| fields.text(name).map(ToOwned::to_owned);
    let order = order(&visitor, &fields, (exact("since"), exact("until")))
        .map_err(|found| Oops::Refused(listed(&found).join(" ")))?;
    let quotas = deps.quotas_of(&visitor.tenant);
    let (stores, key) = ((&deps.registry, &deps.ledger), (visitor.id(), webhook.id));
    recover::start(stores, &deps.system, &quotas, key, order).await?;
    let here = format!("webhooks/{}/recover", webhook.id);
    Ok(see(&link::with(visitor.id(), &here, &[("done", "started")])))
}

/// Ends the running recovery.
pub(crate) async fn stop<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    Path((_, webhook)): Path<(String, String)>,
    Act { visitor, .. }: Act,
) -> Result<Response, Oops> {
    let webhook = webhook::read(&portal, &visitor, &webhook).await?;
    let deps = &portal.deps;
    recover::stop(&deps.registry, &deps.system, (visitor.id(), webhook.id)).await?;
    let here = format!("webhooks/{}/recover", webhook.id);
    Ok(see(&link::with(visitor.id(), &here, &[("done", "stopped")])))
}

fn span(wanted: Wanted, writer: &Writer) -> Html {
    Html(format!(
        "accepted from {} to {}",
        writer.second(wanted.since),
        writer.second(wanted.until)
    ))
}

fn in_words(estimate: &Estimate, writer: &Writer) -> Counted {
    let wanted = estimate.wanted;
    let (failed, skipped) = (estimate.failed, estimate.skipped);
    let sum =
        Count { count: failed.count + skipped.count, capped: failed.capped || skipped.capped };
    let number = |count: Count| match count.capped {
        true => format!("{} or more", writer.number(count.count)),
        false => writer.number(count.count),
    };
    let noun =
        |count: Count| if count.count == 1 && !count.capped { "delivery" } else { "deliveries" };
    let has_any = sum.count > 0 || sum.capped;
    let mut parts = Vec::new();
    if matches!(wanted.status, WantedStatus::Failed | WantedStatus::Any) {
        parts.push(format!("{} failed", number(failed)));
    }
    if matches!(wanted.status, WantedStatus::Skipped | WantedStatus::Any) {
        parts.push(format!("{} skipped", number(skipped)));
    }
    if sum.capped {
        parts.push("there may be more than was counted; all of them are sent".to_owned());
    }
    let early = wanted.since < estimate.registered_at;
    let warning = early.then(|| {
        let at = writer.time(estimate.registered_at);
        Html(format!("This webhook exists since {at}. Events that are older are not sent to it."))
    });
    Counted {
        title: if has_any {
            format!("Send {} {} again?", number(sum), noun(sum))
        } else {
            "There is nothing to send again".to_owned()
        },
        span: span(wanted, writer),
        parts,
        warning,
        button: has_any.then(|| format!("Send {} again", number(sum))),
        since: wanted.since.to_string(),
        until: wanted.until.to_string(),
        include: match wanted.status {
            WantedStatus::Failed => "failed",
            WantedStatus::Skipped => "skipped",
            WantedStatus::Any => "all",
        },
    }
}

fn newest(progress: &Progress, writer: &Writer) -> Newest {
    let recovery = &progress.recovery;
    let sent = writer.count(recovery.sent, "delivery", "deliveries");
    let mut sentences = vec![Html(format!(
        "Asked for at {}, of what was {}.",
        writer.second(recovery.requested_at),
        span(recovery.wanted, writer)
    ))];
    sentences.push(Html(match recovery.stage {
        Stage::Done { at } if recovery.stopped => {
            format!("{sent} sent again; it was stopped {}.", writer.second(at))
        }
        Stage::Done { at } => format!("{sent} sent again; it ended {}.", writer.second(at)),
        Stage::Failed { .. } | Stage::Skipped { .. } => format!("{sent} sent again so far."),
    }));
    sentences.extend(stage_words(recovery).map(|words| Html(words.to_owned())));
    if recovery.older > 0 {
        let older = writer.count(recovery.older, "event is", "events are");
        sentences.push(Html(format!("{older} left out: older than the webhook.")));
    }
    if let Some(at) = recovery.rechecks_end_at() {
        let at = writer.time(at);
        sentences.push(Html(format!("Events that come late are still looked for, until {at}.")));
    }
    let is_running = recovery.is_running();
    let title = if is_running { "A recovery is running" } else { "The last recovery" };
    Newest { title, is_running, sentences }
}

fn stage_words(recovery: &Recovery) -> Option<&'static str> {
    match recovery.stage {
        _ if recovery.waiting => {
            Some("It waits for its turn: others of your webhooks recover at the moment.")
        }
        Stage::Failed { .. } => Some("It looks through what failed, the newest first."),
        Stage::Skipped { .. } => Some("It looks for what was skipped."),
        Stage::Done { .. } => None,
    }
}
