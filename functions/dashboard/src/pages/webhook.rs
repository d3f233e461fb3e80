//! One webhook: what is wrong and what to do, its figures, its settings, and everything that can be done to it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use hooklane_api::Ports;
use hooklane_app::catalog::Freshness;
use hooklane_app::pausing::{self, Resumption};
use hooklane_app::ports::{DeliveryFilter, WebhookStore as _};
use hooklane_app::precondition::Precondition;
use hooklane_app::probe;
use hooklane_app::webhooks::{self, Overview, TestDeps};
use hooklane_app::{deliveries, webhooks as use_cases};
use hooklane_contract::Contract;
use hooklane_domain::access::quotas::QuotaName;
use hooklane_domain::delivery::outcome::Outcome;
use hooklane_domain::delivery::period::Period;
use hooklane_domain::ids::WebhookId;
use hooklane_domain::isolation::circuit::Circuit;
use hooklane_domain::webhook::secret::SecretForm;
use hooklane_domain::webhook::{Webhook, WebhookState};
use secrecy::ExposeSecret as _;

use crate::chart::answers::AnswerChart;
use crate::chart::{self, Chart};
use crate::figures::{self, Figures};
use crate::form::Act;
use crate::frame::{Frame, Place};
use crate::oops::Oops;
use crate::pages::deliveries::{Found, Row, rows};
use crate::pages::{page, see};
use crate::query::Query;
use crate::settings::Portal;
use crate::visitor::Visitor;
use crate::words::{self, Said};
use crate::written::{Html, Writer, breakable, plain, seen, seen_lines, share, theirs};
use crate::{json, link};

mod answers;

/// The newest deliveries that the page shows.
const NEWEST: usize = 6;

#[derive(Template)]
#[template(path = "webhook.html")]
struct Page {
    frame: Frame,
    name: Html,
    plain_name: String,
    url: Html,
    said: Said,
    trouble: Option<Trouble>,
    figures: Vec<Figure>,
    periods: Vec<(&'static str, &'static str, bool)>,
    period_words: &'static str,
    as_of: Html,
    cut_to: Option<(Html, Html)>,
    chart: Option<Chart>,
    answer_chart: Option<AnswerChart>,
    errors: Vec<Bar>,
    failed_words: String,
    codes: Vec<Bar>,
    attempts_words: String,
    by_type: Vec<Bar>,
    rows: Vec<Row>,
    settings: Vec<(&'static str, Html)>,
    rotation: Option<Rotation>,
    acts: Vec<Action>,
    here: String,
    all: String,
}

/// A failing receiver: what is wrong, where things are, what to do.
struct Trouble {
    title: Html,
    text: Html,
    waiting: String,
    /// One of those that wait can be tried now.
    can_try: bool,
    next: Option<Html>,
    host: Html,
    answer: String,
    at: Html,
    advice: &'static str,
    newest: Option<String>,
}

struct Figure {
    name: &'static str,
    value: String,
    note: String,
}

/// A row of a table with a bar.
struct Bar {
    name: Html,
    count: String,
    share: String,
    /// Out of 100.
    width: u32,
    is_bad: bool,
}

struct Rotation {
    since_words: Html,
    left: String,
    /// How much of the overlap is over, of 100.
    over: u32,
}

struct Action {
    name: &'static str,
    what: String,
    button: String,
    act: &'static str,
    is_danger: bool,
    /// Asked on a page of its own first.
    asks: bool,
}

const PERIODS: [(&str, &str, &str); 4] = [
    ("1h", "1 hour", "The last hour"),
    ("24h", "24 hours", "The last 24 hours"),
    ("7d", "7 days", "The last 7 days"),
    ("30d", "30 days", "The last 30 days"),
];

pub(crate) async fn show<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    visitor: Visitor,
    Path((_, webhook)): Path<(String, String)>,
    Query(query): Query,
) -> Result<Response, Oops> {
    let webhook = read(&portal, &visitor, &webhook).await?;
    let deps = &portal.deps;
    let period: Period =
        query.text("period").and_then(|text| text.parse().ok()).unwrap_or_default();
    let one = std::slice::from_ref(&webhook);
    let filter = DeliveryFilter { limit: NEWEST, ..DeliveryFilter::default() };
    let (overviews, newest, figures) = futures::future::try_join3(
        webhooks::overviews(&deps.registry, &deps.ledger, visitor.id(), one),
        deliveries::list(&deps.registry, &deps.ledger, visitor.id(), webhook.id, &filter),
        figures::of_webhook(&portal, &visitor, webhook.id, period),
    )
    .await?;
    let overview = overviews.into_iter().next().flatten();
    let (newest, figures) = (newest.ok_or(Oops::NoPage)?, figures.ok_or(Oops::NoPage)?);
    let found = Found { page: newest, webhooks: vec![webhook.clone()], note: None };
    let writer = &visitor.writer;
    let said =
        words::of_webhook(&webhook, overview.as_ref(), visitor.tenant.settings.paused, writer);
    let waiting = overview.as_ref().map_or(0, |overview| overview.waiting);
    let period_words = PERIODS.iter().find(|(word, ..)| *word == period.as_str());
    page(&Page {
        frame: Frame::new(&visitor, Place::Webhooks, &webhook.name)
            .after(query.text("done").and_then(done)),
        name: theirs(&webhook.name),
        plain_name: plain(&webhook.name),
        url: breakable(&visitor.shown_url(&webhook)),
        trouble: overview.as_ref().and_then(|overview| trouble(&visitor, &webhook, overview)),
        periods: PERIODS.map(|(word, name, _)| (word, name, word == period.as_str())).to_vec(),
        period_words: period_words.map_or("", |(_, _, words)| words),
        as_of: writer.second(figures.as_of),
        cut_to: figures.cut_to.map(|(since, until)| (writer.time(since), writer.time(until))),
        chart: chart::chart(&figures.amounts, writer),
        answer_chart: chart::answers::chart(&figures.answers, writer),
        errors: bars(answers::by_kind(&figures.failures).into_iter(), writer),
        failed_words: match figures.failures.iter().map(|(_, count)| count).sum::<u64>() {
            1 => "one attempt did not succeed".to_owned(),
            count => format!("{} attempts did not succeed", writer.number(count)),
        },
        codes: bars(answers::by_code(figures.attempts, &figures.failures).into_iter(), writer),
        attempts_words: writer.count(figures.attempts, "attempt", "attempts"),
        by_type: bars(
            figures.by_type.iter().map(|(name, total, _)| {
                let name = name.clone().unwrap_or_else(|| "Other types".to_owned());
                (name, *total, false)
            }),
            writer,
        ),
        figures: tiles(&figures, writer),
        rows: rows(&portal, &visitor, &found).await?,
        settings: settings(&webhook, &portal.deps.contracts, writer),
        rotation: rotation(&webhook, &visitor),
        acts: if visitor.may_manage() { acts(&webhook, waiting, &visitor) } else { Vec::new() },
        here: link::to(visitor.id(), format!("webhooks/{}", webhook.id)),
        all: link::with(visitor.id(), "deliveries", &[("webhook", &webhook.id.to_string())]),
        said,
    })
}

pub(super) async fn read<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    text: &str,
) -> Result<Webhook, Oops> {
    let id: WebhookId = text.parse().map_err(|_| Oops::NoPage)?;
    portal.deps.registry.get(visitor.id(), id).await?.ok_or(Oops::NoPage)
}

fn done(word: &str) -> Option<&'static str> {
    Some(match word {
        "pause" => "It is paused. Nothing is tried until you resume it.",
        "resume" => "It is resumed. What waited is sent within about a minute.",
        "discard" => "It is resumed. What waited is cancelled, and new events are sent.",
        "probe" => "One of those that wait is tried now. Load this page again in some seconds.",
        _ => return None,
    })
}

fn trouble(visitor: &Visitor, webhook: &Webhook, overview: &Overview) -> Option<Trouble> {
    let circuit = overview.health.circuit;
    let since = circuit.open_since()?;
    if !webhook.state.is_active() {
        return None;
    }
    let writer = &visitor.writer;
    let newest = overview.newest_delivery.as_ref();
    let last =
        newest.and_then(|delivery| delivery.last.as_ref()).filter(|last| !words::is_good(last));
    let says = match last {
        Some(last) => match last.status {
            Some(status) => format!("the receiver answers {status}"),
            None => last.error.as_ref().map_or_else(
                || "the receiver gives no answer".to_owned(),
                |error| words::error_words(error.kind).to_lowercase(),
            ),
        },
        None => "the receiver gives no good answer".to_owned(),
    };
    let waits = match overview.waiting {
        0 => "Nothing waits".to_owned(),
        1 => "One delivery waits".to_owned(),
        count => format!("{} deliveries wait; none is lost", writer.number(count)),
    };
    let next = words::probe_at(circuit).map(|at| writer.time(at));
    let tries =
        next.as_ref().map(|at| format!(" One of them is tried at {at}.")).unwrap_or_default();
    Some(Trouble {
        title: Html(format!("Failing: {says}, since {}", writer.time(since))),
        text: Html(format!("{waits}.{tries} As soon as one is accepted, all of them are sent.")),
        waiting: writer.number(overview.waiting),
        can_try: overview.waiting > 0 && matches!(circuit, Circuit::Open { .. }),
        next,
        host: breakable(webhook.url.host()),
        answer: last.map_or_else(|| "no answer yet".to_owned(), |last| words::answer(last, writer)),
        at: last.map(|last| writer.second(last.at)).unwrap_or_default(),
        advice: words::advice(last),
        newest: newest.map(|one| link::to(visitor.id(), format!("deliveries/{}", one.id))),
    })
}

fn tiles(figures: &Figures, writer: &Writer) -> Vec<Figure> {
    let counted = figures.accepted.saturating_sub(figures.cancelled);
    let none = || "none".to_owned();
    let delivered = figures.delivered_share.map_or_else(none, |share| writer.percent(share));
    let cancelled = match figures.cancelled {
        0 => String::new(),
        count => format!("; {} cancelled", writer.number(count)),
    };
    let (half, most) = figures.answer.map_or_else(
        || (none(), "no attempt yet".to_owned()),
        |(half, most)| {
            let words = format!("half of the answers; 95 of 100 within {}", writer.took(most));
            (writer.took(half), words)
        },
    );
    vec![
        Figure {
            name: "Delivered",
            value: delivered,
            note: format!(
                "{} of {}{cancelled}",
                writer.number(figures.delivered),
                writer.number(counted)
            ),
        },
        Figure { name: "Time to answer", value: half, note: most },
        Figure {
            name: "Failed",
            value: writer.number(figures.failed),
            note: format!(
                "{} beyond the first",
                writer.count(figures.retries, "attempt", "attempts")
            ),
        },
        Figure {
            name: "Waiting",
            value: writer.number(figures.waiting),
            note: "of what was accepted in this time".to_owned(),
        },
    ]
}

fn bars(of: impl Iterator<Item = (String, u64, bool)>, writer: &Writer) -> Vec<Bar> {
    const SHOWN: usize = 8;
    let mut all: Vec<_> = of.filter(|(_, count, _)| *count > 0).collect();
    all.sort_by_key(|(_, count, _)| std::cmp::Reverse(*count));
    let sum: u64 = all.iter().map(|(_, count, _)| count).sum();
    let bar = |(name, count, is_bad): (String, u64, bool)| {
        let width = (count * 100).checked_div(sum).unwrap_or_default();
        Bar {
            name: seen(&name),
            count: writer.number(count),
            share: share(count, sum).map(|share| writer.percent(share)).unwrap_or_default(),
            width: u32::try_from(width).unwrap_or(100).max(1),
            is_bad,
        }
    };
    all.into_iter().take(SHOWN).map(bar).collect()
}

fn settings(
    webhook: &Webhook,
    contracts: &hooklane_contract::Contracts,
    writer: &Writer,
) -> Vec<(&'static str, Html)> {
    let code = |text: &str| Html(format!("<code>{}</code>", seen(text)));
    let contract = contracts.get(&webhook.contract);
    let events: Vec<_> = webhook.events.iter().map(|event| code(&event.to_string()).0).collect();
    let mut rows = vec![("Event types", Html(events.join(", ")))];
    let format = contract.map_or_else(
        || webhook.contract.to_string(),
        |contract| format!("{}: {}", webhook.contract, contract.description()),
    );
    rows.push(("Format", seen(&format)));
    if let Some(filter) = &webhook.filter {
        rows.push(("Filter", code(filter.as_str())));
    }
    if let Some(transform) = &webhook.transform {
        rows.push(("Transform", code(transform.as_str())));
    }
    if let Some(contract) = contract {
        let limit = contract.timeout_of(webhook).as_secs();
        rows.push(("Time limit", Html(format!("{limit} seconds for an attempt"))));
        let retries = u64::from(contract.retry_of(webhook).max_retries());
        rows.push((
            "Tried again",
            Html(format!("up to {}", writer.count(retries, "time", "times"))),
        ));
        if let Some(limit) = contract.rate_limit_of(webhook) {
            let text = format!("{} in {} seconds", limit.requests(), limit.per_seconds());
            rows.push(("At most", Html(text)));
        }
    }
    let headers: Vec<_> =
        webhook.headers.names().map(|name| code(&format!("{name}: ***")).0).collect();
    if !headers.is_empty() {
        rows.push(("Own headers", Html(headers.join(", "))));
    }
    if let Some(description) = &webhook.description {
        rows.push(("Description", theirs(description)));
    }
    rows.push(("Created", writer.date(webhook.created_at)));
    rows.push(("Id", code(&webhook.id.to_string())));
    rows
}

fn rotation(webhook: &Webhook, visitor: &Visitor) -> Option<Rotation> {
    let until = webhook.retiring_secret.as_ref()?.until;
    if until <= visitor.now {
        return None;
    }
    // The rotation was the latest change, or one came after it: so much of the overlap is over at least.
    let whole = Writer::between(webhook.updated_at, until).as_secs().max(1);
    let left = Writer::between(visitor.now, until);
    let over = 100 - (left.as_secs().min(whole) * 100 / whole);
    Some(Rotation {
        since_words: visitor.writer.time(until),
        left: Writer::lasts(left),
        over: u32::try_from(over).unwrap_or(100),
    })
}

fn acts(webhook: &Webhook, waiting: u64, visitor: &Visitor) -> Vec<Action> {
    let writer = &visitor.writer;
    let waits = match waiting {
        0 => "Nothing waits at the moment.".to_owned(),
        1_000.. => "More than a thousand deliveries wait.".to_owned(),
        1 => "One delivery waits.".to_owned(),
        count => format!("{} deliveries wait.", writer.number(count)),
    };
    let plain = |name, what: &str, button: &str, act, asks| Action {
        name,
        what: what.to_owned(),
        button: button.to_owned(),
        act,
        is_danger: false,
        asks,
    };
    let mut acts = vec![plain(
        "Send a test",
        "One request now, formatted and signed like a delivery. You see what it answers.",
        "Send a test",
        "test",
        false,
    )];
    acts.push(plain(
        "Recover",
        "Sends again what failed or was skipped in a time that you name. You see how many before anything is sent.",
        "Choose a time\u{2026}",
        "recover",
        true,
    ));
    if webhook.state.is_active() {
        let what =
            format!("Nothing is tried, and what is published from now on waits too. {waits}");
        acts.push(plain("Pause", &what, "Pause", "pause", false));
    } else {
        let what = format!("Attempts are made again. {waits}");
        let asks = matches!(webhook.state, WebhookState::Paused { .. });
        acts.push(plain(
            "Resume",
            &what,
            if asks { "Resume\u{2026}" } else { "Switch on" },
            "resume",
            asks,
        ));
    }
    acts.push(plain(
        "Show the secret",
        "With the way to check a signature.",
        "Show the secret",
        "secret",
        false,
    ));
    if webhook.retiring_at(visitor.now).is_some() {
        let what = "One rotation at a time: the next comes when the old secret has ended. If both have leaked, replace them.";
        acts.push(Action {
            is_danger: true,
            ..plain("Rotate the secret", what, "Replace both\u{2026}", "replace", true)
        });
    } else {
        let what =
            "A new one signs beside the old one for a day, so that your receiver can change over.";
        acts.push(plain("Rotate the secret", what, "Rotate\u{2026}", "rotate", true));
    }
    let (what, button) = match waiting {
        0 => (
            "The webhook goes for good. Nothing waits for it.".to_owned(),
            "Delete\u{2026}".to_owned(),
        ),
        count => {
            let count =
                if count >= 1_000 { "1,000 or more".to_owned() } else { writer.number(count) };
            let what =
                format!("The webhook goes for good, and the {count} that wait are cancelled.");
            (what, format!("Delete and cancel {count}\u{2026}"))
        }
    };
    acts.push(Action { name: "Delete", what, button, act: "delete", is_danger: true, asks: true });
    acts
}

#[derive(Template)]
#[template(path = "confirm.html")]
struct Confirm {
    frame: Frame,
    here: String,
    name: Html,
    title: String,
    text: String,
    choices: Vec<(&'static str, &'static str, String, bool)>,
    act: &'static str,
    button: String,
    is_danger: bool,
}

/// Asks once more, and says what will happen and to how many.
pub(crate) async fn ask<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    visitor: Visitor,
    Path((_, webhook, act)): Path<(String, String, String)>,
) -> Result<Response, Oops> {
    let webhook = read(&portal, &visitor, &webhook).await?;
    if !visitor.may_manage() {
        return Err(Oops::ReadOnly);
    }
    let deps = &portal.deps;
    let one = std::slice::from_ref(&webhook);
    let overviews = webhooks::overviews(&deps.registry, &deps.ledger, visitor.id(), one).await?;
    let waiting = overviews.into_iter().next().flatten().map_or(0, |overview| overview.waiting);
    let writer = &visitor.writer;
    let count = match waiting {
        1_000.. => "the thousand or more deliveries that wait".to_owned(),
        1 => "the one delivery that waits".to_owned(),
        count => format!("the {} deliveries that wait", writer.number(count)),
    };
    let (title, text, choices, act, button, is_danger) = match act.as_str() {
        "delete" => {
            let (text, button) = match waiting {
                0 => ("It gets nothing any more. Nothing waits for it. What arrived stays in the list until it expires.".to_owned(), "Delete".to_owned()),
                waiting => (
                    format!("It gets nothing any more, and {count} are cancelled. What arrived stays until it expires."),
                    format!("Delete and cancel {}", if waiting >= 1_000 { "1,000 or more".to_owned() } else { writer.number(waiting) }),
                ),
            };
            ("Delete this webhook?", text, Vec::new(), "delete", button, true)
        }
        "resume" => {
            let send = format!("Send {count}, and then what comes");
            let discard = format!("Cancel {count}, and send only what comes from now on");
            let choices = vec![("waits", "send", send, true), ("waits", "discard", discard, false)];
            let text =
                "New events are sent at once. Choose what becomes of those that waited.".to_owned();
            ("Resume this webhook?", text, choices, "resume", "Resume".to_owned(), false)
        }
        "rotate" => {
            let for_ = |words: &str| format!("Sign with both for {words}");
            let choices = vec![
                ("overlap", "86400", for_("a day"), true),
                ("overlap", "604800", for_("seven days"), false),
                ("overlap", "3600", for_("an hour"), false),
                (
                    "overlap",
                    "0",
                    "Sign with the new one alone, from now on: the old one has leaked".to_owned(),
                    false,
                ),
            ];
            let text = "You see the new secret on the next page. During the overlap each request has two signatures, and a receiver accepts it with either secret.".to_owned();
            ("Rotate the signing secret?", text, choices, "rotate", "Rotate".to_owned(), false)
        }
        "replace" => {
            let text = "A third secret signs alone from now on. A receiver that uses one of the two before refuses everything until it has the new one.".to_owned();
            (
                "Replace both secrets now?",
                text,
                Vec::new(),
                "replace",
                "Replace both".to_owned(),
                true,
            )
        }
        _ => return Err(Oops::NoPage),
    };
    page(&Confirm {
        frame: Frame::new(&visitor, Place::Webhooks, title),
        here: link::to(visitor.id(), format!("webhooks/{}", webhook.id)),
        name: theirs(&webhook.name),
        title: title.to_owned(),
        text,
        choices,
        act,
        button,
        is_danger,
    })
}

pub(crate) async fn act<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    Path((_, webhook, act)): Path<(String, String, String)>,
    Act { visitor, fields }: Act,
) -> Result<Response, Oops> {
    let webhook = read(&portal, &visitor, &webhook).await?;
    let (deps, key) = (&portal.deps, (visitor.id(), webhook.id));
    let here = format!("webhooks/{}", webhook.id);
    let back = |word: &str| Ok(see(&link::with(visitor.id(), &here, &[("done", word)])));
    match act.as_str() {
        "pause" => {
            pausing::pause(&deps.registry, &deps.system, key).await?;
            back("pause")
        }
        "resume" => {
            let discard = fields.text("waits") == Some("discard");
            let wanted = Resumption { discard, ..Resumption::default() };
            pausing::resume(&deps.registry, &deps.system, key, wanted).await?;
            back(if discard { "discard" } else { "resume" })
        }
        "probe" => {
            let (stores, paused) = ((&deps.registry, &deps.ledger), visitor.tenant.settings.paused);
            let key = (visitor.id(), webhook.id, paused);
            probe::probe(stores, &deps.queues, &deps.system, key, None).await?;
            back("probe")
        }
        "delete" => {
            let stores = (&deps.registry, &deps.ledger);
            use_cases::delete(stores, &deps.system, key, &Precondition::Any).await?;
            Ok(see(&link::with(visitor.id(), "webhooks", &[("done", "deleted")])))
        }
        "rotate" | "replace" => {
            let overlap =
                if act == "replace" { "0" } else { fields.text("overlap").unwrap_or("86400") };
            let overlap: u32 = overlap.parse().map_err(|_| Oops::NoPage)?;
            let body = format!("{{\"overlapSeconds\": {overlap}}}");
            let (registry, system) = (&deps.registry, &deps.system);
            let any = &Precondition::Any;
            let rotated =
                use_cases::rotate(registry, system, deps.rules(), key, any, &body).await?;
            secret(&portal, &visitor, &rotated, "The new signing secret")
        }
        "secret" => secret(&portal, &visitor, &webhook, "The signing secret"),
        "test" => test(&portal, &visitor, &webhook).await,
        _ => Err(Oops::NoPage),
    }
}

#[derive(Template)]
#[template(path = "secret.html")]
struct SecretPage {
    frame: Frame,
    here: String,
    name: Html,
    title: &'static str,
    secret: String,
    public_key: Option<String>,
    until: Option<Html>,
    how: String,
    receivers: Vec<(&'static str, &'static str)>,
}

/// The page with a webhook's secret. Nothing else shows it.
pub(super) fn secret<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    webhook: &Webhook,
    title: &'static str,
) -> Result<Response, Oops> {
    let contract = portal.deps.contracts.get(&webhook.contract);
    let form = contract.map_or(SecretForm::Text, Contract::secret_form);
    let shown = webhook.secret.shown(form);
    let retiring = webhook.retiring_secret.as_ref().filter(|old| visitor.now < old.until);
    page(&SecretPage {
        frame: Frame::new(visitor, Place::Webhooks, title),
        here: link::to(visitor.id(), format!("webhooks/{}", webhook.id)),
        name: theirs(&webhook.name),
        title,
        secret: shown.expose_secret().to_owned(),
        public_key: webhook.secret.public_key(),
        until: retiring.map(|old| visitor.writer.time(old.until)),
        how: contract.map(|contract| contract.explain_signature("the secret")).unwrap_or_default(),
        receivers: receivers(webhook.contract.as_str()),
    })
}

/// Receivers to copy, which this repository's tests run.
fn receivers(contract: &str) -> Vec<(&'static str, &'static str)> {
    if contract != "standard" {
        return Vec::new();
    }
    vec![
        ("Node", include_str!("../../../../docs/receivers/standard/receiver.mjs")),
        ("Python", include_str!("../../../../docs/receivers/standard/receiver.py")),
        ("PHP", include_str!("../../../../docs/receivers/standard/receiver.php")),
    ]
}

#[derive(Template)]
#[template(path = "tested.html")]
struct Tested {
    frame: Frame,
    here: String,
    name: Html,
    success: bool,
    summary: String,
    advice: &'static str,
    sent: Html,
    answered: Option<(Html, Html)>,
    error: Option<Html>,
    event_type: String,
}

async fn test<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    webhook: &Webhook,
) -> Result<Response, Oops> {
    let deps = &portal.deps;
    let at_once = deps.quotas_of(&visitor.tenant).of(QuotaName::ConcurrentTests);
    let test_deps = TestDeps {
        registry: &deps.registry,
        ledger: &deps.ledger,
        sender: &deps.sender,
        system: &deps.system,
        contracts: &deps.contracts,
        catalog: &deps.catalog,
        at_once: u32::try_from(at_once).unwrap_or(u32::MAX),
    };
    // The sample of a type that it gets, if there is one: filter and transform are written for such data.
    let types = deps.catalog.types_of(&deps.registry, visitor.id(), visitor.now, Freshness::Cached);
    let types = types.await?;
    let wanted = types.types().map(|(name, _, _)| name).find(|name| webhook.wants(name));
    let body = match wanted {
        Some(event) => serde_json::json!({ "event": event.as_str() }).to_string(),
        None => String::new(),
    };
    let tested = use_cases::test(test_deps, (visitor.id(), webhook.id), &body).await?;
    let attempt = &tested.test.attempt;
    let last = attempt.summary();
    let lines = |headers: &[(String, String)]| -> String {
        let line = |(name, value): &(String, String)| {
            format!("<span class=\"head\">{}:</span> {}\n", seen(name), seen_lines(value))
        };
        headers.iter().map(line).collect()
    };
    page(&Tested {
        frame: Frame::new(visitor, Place::Webhooks, "Test"),
        here: link::to(visitor.id(), format!("webhooks/{}", webhook.id)),
        name: theirs(&webhook.name),
        success: tested.success,
        summary: words::answer(&last, &visitor.writer),
        advice: if tested.success { "" } else { words::advice(Some(&last)) },
        sent: Html(lines(&attempt.request_headers)),
        answered: match &attempt.outcome {
            Outcome::Answered(response) => {
                let phrase = seen(&response.status_text);
                let head = format!("{} {phrase}\n{}", response.status, lines(&response.headers));
                Some((Html(head), json::body(&response.body, "Body of the answer")))
            }
            Outcome::Error(_) => None,
        },
        error: attempt.outcome.error().map(words::error_detail),
        event_type: tested.test.event_type.to_string(),
    })
}
