//! One delivery: its life as a line of time, its attempts, and what can be done about it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use hooklane_api::{Keys as _, Ports};
use hooklane_app::deliveries::{self, DeliveryDetail};
use hooklane_app::ports::WebhookStore as _;
use hooklane_domain::access::portal::Purpose;
use hooklane_domain::delivery::State as DeliveryState;
use hooklane_domain::delivery::attempt::Attempt;
use hooklane_domain::delivery::outcome::Outcome;
use hooklane_domain::ids::DeliveryId;
use hooklane_domain::webhook::Webhook;
use jiff::SignedDuration;

use crate::form::Ask;
use crate::frame::{Frame, Place};
use crate::oops::Oops;
use crate::pages::{page, see};
use crate::query::Query;
use crate::settings::Portal;
use crate::visitor::Visitor;
use crate::words::{self, Said, reason_phrase};
use crate::written::{Html, Writer, plain, seen, seen_lines, theirs};
use crate::{json, link};

mod inspect;
mod now;

pub(crate) use now::now;

use inspect::{CheckForm, Command, checked, command};

#[derive(Template)]
#[template(path = "delivery.html")]
struct Page {
    frame: Frame,
    event_type: String,
    name: Html,
    said: Said,
    tried: String,
    steps: Vec<Step>,
    facts: Vec<(&'static str, Html)>,
    attempts: Vec<Shown>,
    payload: Option<Html>,
    address: String,
    /// Where the script asks whether something has changed, while something may.
    live: Option<String>,
    list: String,
    can_retry: bool,
    can_cancel: bool,
    shared: Option<Shared>,
    until: Option<Html>,
    /// Whether the visitor may see what a receiver would believe, and compare.
    can_inspect: bool,
    command: Option<Command>,
    check: CheckForm,
}

/// What was made for the visitor just before the page.
pub(super) enum Made {
    Nothing,
    Link(String, jiff::Timestamp),
    Command(Command),
    Check(CheckForm),
}

/// A link that was just made.
struct Shared {
    url: String,
    until: Html,
}

/// A moment in a delivery's life.
struct Step {
    when: Html,
    icon: &'static str,
    tone: &'static str,
    title: &'static str,
    number: Option<u32>,
    what: Html,
    why: Html,
    /// The attempt that it leads to.
    anchor: Option<u32>,
}

/// An attempt with what was sent and answered.
struct Shown {
    number: u32,
    at: Html,
    is_good: bool,
    summary: Html,
    took: String,
    sent: Html,
    answered: Option<(Html, Html)>,
    error: Option<Html>,
    remarks: Vec<&'static str>,
    is_open: bool,
}

pub(crate) async fn show<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    visitor: Visitor,
    Path((_, delivery)): Path<(String, String)>,
    Query(query): Query,
) -> Result<Response, Oops> {
    let id: DeliveryId = delivery.parse().map_err(|_| Oops::NoPage)?;
    let done = match query.text("done") {
        Some("retry") => Some("It is sent again now. Its retry schedule starts anew."),
        Some("cancel") => Some("It is cancelled. No further attempt is made."),
        _ => None,
    };
    shown(&portal, &visitor, &id, (Place::Deliveries, done, Made::Nothing)).await
}

/// The page of a delivery, for a session or for a shared link.
pub(super) async fn shown<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    id: &DeliveryId,
    (place, done, made): (Place, Option<&str>, Made),
) -> Result<Response, Oops> {
    let (registry, ledger) = (&portal.deps.registry, &portal.deps.ledger);
    let made_by = (registry, &portal.deps.contracts);
    let detail = deliveries::get(made_by, ledger, visitor.id(), id.webhook(), id).await?;
    let detail = detail.ok_or(Oops::NoPage)?;
    let webhook = registry.get(visitor.id(), id.webhook()).await?.ok_or(Oops::NoPage)?;
    let outlook = visitor.outlook(portal, std::slice::from_ref(&detail.delivery)).await?;
    let writer = &visitor.writer;
    let delivery = &detail.delivery;
    let said = words::of_delivery(delivery, &outlook, writer);
    let next = outlook.next_attempt(delivery).map(|next| {
        let why = words::next_attempt(next, delivery, writer);
        (next.at().map(|at| writer.exact(at)), why)
    });
    let title = format!("{} to {}", delivery.event_type, plain(&webhook.name));
    let is_shared = place == Place::Shared;
    let tried = match delivery.attempts {
        0 => "Not tried yet.".to_owned(),
        1 => "Tried once.".to_owned(),
        attempts => format!("Tried {attempts} times."),
    };
    let (mut shared, mut command, mut check) = (None, None, CheckForm::default());
    match made {
        Made::Nothing => {}
        Made::Link(url, until) => shared = Some(Shared { url, until: writer.time(until) }),
        Made::Command(made) => command = Some(made),
        Made::Check(made) => check = made,
    }
    page(&Page {
        frame: Frame::new(visitor, place, &title).after(done),
        event_type: delivery.event_type.to_string(),
        name: theirs(&webhook.name),
        tried,
        steps: steps(&detail, next, writer),
        facts: facts(visitor, &detail, &webhook, is_shared),
        attempts: attempts(&detail, is_shared, writer),
        payload: detail
            .event
            .as_ref()
            .map(|event| json::body(event.content.data.as_str(), "The event's data")),
        address: link::to(visitor.id(), format!("deliveries/{id}")),
        live: (!is_shared && !delivery.is_done())
            .then(|| link::to(visitor.id(), format!("deliveries/{id}/now"))),
        list: link::to(visitor.id(), "deliveries"),
        can_retry: visitor.may_manage()
            && !is_shared
            && !matches!(delivery.state, DeliveryState::Delivered { .. }),
        can_cancel: visitor.may_manage() && !is_shared && !delivery.is_done(),
        shared,
        can_inspect: visitor.may_manage() && !is_shared && detail.event.is_some(),
        command,
        check,
        until: is_shared.then(|| writer.time(visitor.pass.expires_at)),
        said,
    })
}

fn steps(
    detail: &DeliveryDetail,
    next: Option<(Option<Html>, String)>,
    writer: &Writer,
) -> Vec<Step> {
    let delivery = &detail.delivery;
    let accepted = delivery.id.accepted_at();
    let mut steps = vec![Step {
        when: writer.exact(accepted),
        icon: "accepted",
        tone: "",
        title: "Accepted",
        number: None,
        what: Html::default(),
        why: Html(format!("The webhook gets <code>{}</code>.", seen(delivery.event_type.as_str()))),
        anchor: None,
    }];
    let mut before = accepted;
    for attempt in &detail.attempts {
        let waited = Writer::between(before, attempt.at);
        if attempt.number > 1 || waited.as_secs() >= 10 {
            steps.push(waiting(Writer::lasts(waited), "Waited", attempt.number));
        }
        let is_good = attempt.outcome.is_success();
        steps.push(Step {
            when: writer.exact(attempt.at),
            icon: if is_good { "good" } else { "failed" },
            tone: if is_good { "good" } else { "bad" },
            title: "Attempt",
            number: Some(attempt.number),
            what: summary(attempt, writer),
            why: Html::default(),
            anchor: Some(attempt.number),
        });
        before = attempt.at;
    }
    let end = |at, icon, tone, title, why: String| Step {
        when: writer.exact(at),
        icon,
        tone,
        title,
        number: None,
        what: Html::default(),
        why: Html(why),
        anchor: None,
    };
    match delivery.state {
        DeliveryState::Delivered { at } => {
            let why =
                format!("{} after it was accepted.", Writer::lasts(Writer::between(accepted, at)));
            steps.push(end(at, "good", "good", "Delivered", why));
        }
        DeliveryState::Failed { at, .. } => {
            let why = "No further attempt is made, unless you retry it.".to_owned();
            steps.push(end(at, "failed", "bad", "Failed", why));
        }
        DeliveryState::Cancelled { at, .. } => {
            steps.push(end(at, "off", "", "Cancelled", "No further attempt is made.".to_owned()));
        }
        DeliveryState::Waiting { .. } | DeliveryState::Parked { .. } => {
            if let Some((at, why)) = next {
                steps.push(Step {
                    when: at.unwrap_or_else(|| Html("not yet known".to_owned())),
                    icon: "next",
                    tone: "next",
                    title: "Next attempt, at the earliest",
                    number: None,
                    what: Html::default(),
                    why: Html(format!("{why}.")),
                    anchor: None,
                });
            }
        }
    }
    steps
}

fn waiting(lasted: String, title: &'static str, number: u32) -> Step {
    let why = match number {
        1 => "Until its first attempt.".to_owned(),
        number => format!(
            "After attempt {}: by the retry schedule, because it was held back, or until somebody sent it again.",
            number - 1
        ),
    };
    Step {
        when: Html(lasted),
        icon: "waiting",
        tone: "held",
        title,
        number: None,
        what: Html::default(),
        why: Html(why),
        anchor: None,
    }
}

fn summary(attempt: &Attempt, writer: &Writer) -> Html {
    let took = writer.took(attempt.duration_ms);
    match &attempt.outcome {
        Outcome::Answered(response) => {
            let phrase = reason_phrase(response.status);
            Html(format!("{} {phrase} in {took}", response.status))
        }
        Outcome::Error(error) => Html(format!("{} after {took}", words::error_words(error.kind))),
    }
}

fn attempts(detail: &DeliveryDetail, is_shared: bool, writer: &Writer) -> Vec<Shown> {
    let newest = detail.attempts.last().map(|attempt| attempt.number);
    let shown = |attempt: &Attempt| Shown {
        number: attempt.number,
        at: writer.exact(attempt.at),
        is_good: attempt.outcome.is_success(),
        summary: summary(attempt, writer),
        took: writer.took(attempt.duration_ms),
        sent: headers(&attempt.request_headers, |name| !is_shared || !is_secret(name)),
        answered: match &attempt.outcome {
            Outcome::Answered(response) => {
                let shows = |name: &str| !is_shared || is_harmless(name);
                let Html(lines) = headers(&response.headers, shows);
                let phrase = seen(&response.status_text);
                let head = format!("{} {phrase}\n{lines}", response.status);
                Some((Html(head), json::body(&response.body, "Body of the answer")))
            }
            Outcome::Error(_) => None,
        },
        error: attempt.outcome.error().map(words::error_detail),
        remarks: attempt.remarks.iter().map(|remark| remark.words()).collect(),
        is_open: newest == Some(attempt.number),
    };
    detail.attempts.iter().rev().map(shown).collect()
}

/// Whether a header of a request may carry credentials. Those that a webhook adds are masked before they are stored.
fn is_secret(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ["signature", "auth", "token", "key", "cookie", "secret"]
        .iter()
        .any(|word| lower.contains(word))
}

/// Whether a header of an answer is one that carries no credentials. What else a receiver sends is its own.
fn is_harmless(name: &str) -> bool {
    const HARMLESS: [&str; 12] = [
        "allow",
        "cache-control",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "retry-after",
        "server",
        "transfer-encoding",
        "vary",
        "via",
    ];
    HARMLESS.iter().any(|harmless| name.eq_ignore_ascii_case(harmless))
}

/// Headers, one on each line, with the values that may be shown.
fn headers(headers: &[(String, String)], shows: impl Fn(&str) -> bool) -> Html {
    let line = |(name, value): &(String, String)| {
        let value = if shows(name) { seen_lines(value) } else { Html("***".to_owned()) };
        format!("<span class=\"head\">{}:</span> {value}\n", seen(name))
    };
    Html(headers.iter().map(line).collect())
}

fn facts(
    visitor: &Visitor,
    detail: &DeliveryDetail,
    webhook: &Webhook,
    is_shared: bool,
) -> Vec<(&'static str, Html)> {
    let (delivery, writer) = (&detail.delivery, &visitor.writer);
    let code = |text: &str| Html(format!("<code>{}</code>", seen(text)));
    let to = link::to(visitor.id(), format!("webhooks/{}", webhook.id));
    let name = theirs(&webhook.name);
    let mut facts = vec![
        ("Delivery id", code(&delivery.id.to_string())),
        ("Event id", code(delivery.id.event().as_str())),
        ("Webhook", if is_shared { name } else { Html(format!("<a href=\"{to}\">{name}</a>")) }),
        ("Format", Html(seen(webhook.contract.as_str()).0)),
    ];
    if let Some(at) = detail.event.as_ref().and_then(|event| event.content.timestamp) {
        facts.push(("Happened", writer.exact(at)));
    }
    if let Some(at) = delivery.expires_at {
        facts.push(("Kept until", writer.date(at)));
    }
    facts
}

/// How long a shared link may work.
const SHARES: [(&str, SignedDuration); 3] = [
    ("1h", SignedDuration::from_hours(1)),
    ("24h", SignedDuration::from_hours(24)),
    ("7d", SignedDuration::from_hours(7 * 24)),
];

pub(crate) async fn act<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    Path((_, delivery, act)): Path<(String, String, String)>,
    Ask { visitor, fields }: Ask,
) -> Result<Response, Oops> {
    let id: DeliveryId = delivery.parse().map_err(|_| Oops::NoPage)?;
    let (deps, tenant) = (&portal.deps, visitor.id());
    if act == "share" {
        let lasts = SHARES.iter().find(|(word, _)| fields.text("for") == Some(word));
        let (_, lasts) = lasts.ok_or(Oops::NoPage)?;
        // Who may only look cannot hand on more than they have.
        let left = visitor.pass.expires_at.duration_since(visitor.now);
        let lasts = if visitor.may_manage() { *lasts } else { left.min(*lasts) };
        let pass = visitor.pass.share(id.clone(), visitor.now, lasts);
        let keys = deps.token_keys.known(visitor.now).await?;
        let text = pass.sign(Purpose::Share, keys.current());
        let url = link::with(tenant, "shared", &[("pass", &text)]);
        let made = Made::Link(format!("{}{url}", deps.portal_origin), pass.expires_at);
        return shown(&portal, &visitor, &id, (Place::Deliveries, None, made)).await;
    }
    if !visitor.may_manage() {
        return Err(Oops::ReadOnly);
    }
    match act.as_str() {
        "retry" => {
            deliveries::retry(&deps.ledger, &deps.queues, &deps.system, tenant, &id).await?;
        }
        "cancel" => {
            deliveries::cancel(&deps.ledger, &deps.system, tenant, &id).await?;
        }
        "request" => {
            let made = Made::Command(command(&portal, &visitor, &id).await?);
            return shown(&portal, &visitor, &id, (Place::Deliveries, None, made)).await;
        }
        "check" => {
            let made = Made::Check(checked(&portal, &visitor, &id, &fields).await?);
            return shown(&portal, &visitor, &id, (Place::Deliveries, None, made)).await;
        }
        _ => return Err(Oops::NoPage),
    }
    Ok(see(&link::with(tenant, &format!("deliveries/{id}"), &[("done", &act)])))
}
