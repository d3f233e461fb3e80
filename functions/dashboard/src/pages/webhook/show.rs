//! The page of one webhook: what is wrong and what to do, its figures, its settings, what can be done.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use hooklane_api::Ports;
use hooklane_app::deliveries;
use hooklane_app::ports::DeliveryFilter;
use hooklane_app::webhooks::{self, Overview};
use hooklane_contract::Contract;
use hooklane_contract::portal::PortalWords;
use hooklane_domain::delivery::period::Period;
use hooklane_domain::isolation::circuit::Circuit;
use hooklane_domain::webhook::Webhook;

use super::acts::{Action, acts};
use super::figures::{Bar, Figure, PERIODS, TypeRow, bars, tiles, types};
use super::guide::Guide;
use super::settings::{Rotation, rotation, settings};
use super::{answers, read};
use crate::chart::{self, Chart};
use crate::figures;
use crate::frame::{Frame, Place};
use crate::link;
use crate::oops::Oops;
use crate::pages::deliveries::{Found, Row, rows};
use crate::pages::page;
use crate::query::Query;
use crate::settings::Portal;
use crate::visitor::Visitor;
use crate::words::{self, Said};
use crate::written::{Html, breakable, plain, theirs};

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
    chart: Option<Chart<4>>,
    answer_chart: Option<Chart<3>>,
    errors: Vec<Bar>,
    failed_words: String,
    codes: Vec<Bar>,
    attempts_words: String,
    by_type: Vec<TypeRow>,
    guide: Option<Guide>,
    log: String,
    log_address: String,
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
    // The words are those of the guide that the tenant's people have read.
    let guide = deps.contract_of(&visitor.tenant).and_then(Contract::portal);
    let id = webhook.id.to_string();
    let list = |(name, value): &(&'static str, String)| {
        let query = [("webhook", id.as_str()), (*name, value), ("since", period.as_str())];
        link::with(visitor.id(), "deliveries", &query)
    };
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
        errors: bars(answers::by_kind(&figures.failures), list, writer),
        failed_words: match figures.failures.iter().map(|(_, count)| count).sum::<u64>() {
            1 => "one attempt did not succeed".to_owned(),
            count => format!("{} attempts did not succeed", writer.number(count)),
        },
        codes: bars(answers::by_code(figures.attempts, &figures.failures), list, writer),
        attempts_words: writer.count(figures.attempts, "attempt", "attempts"),
        by_type: types(&figures.by_type, list, writer),
        guide: guide.map(|words| Guide::new(words, &figures.counted, writer)),
        log: guide.and_then(PortalWords::log).unwrap_or("Log of attempts").to_owned(),
        log_address: link::to(visitor.id(), format!("webhooks/{}/log.json", webhook.id)),
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

fn done(word: &str) -> Option<&'static str> {
    Some(match word {
        "changed" => "It is saved. What is sent from now on follows it.",
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
