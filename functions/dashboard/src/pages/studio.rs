//! The studio: what a filter and a transform make of the newest events, or of samples where there are none. Nothing is
//! saved here; what was found goes back to the form.

use std::collections::HashSet;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use hooklane_api::Ports;
use hooklane_app::catalog::Freshness;
use hooklane_app::webhooks::{self, Experiment, ExperimentError, ExperimentOrder, Tried};
use hooklane_domain::expression::{Failure, Verdict};
use hooklane_domain::webhook::subscription::Subscription;
use serde_json::value::RawValue;
use serde_json::{Map, json};

use crate::form::Fields;
use crate::frame::{Frame, Place};
use crate::oops::Oops;
use crate::pages::editor::{About, Mistakes, Values};
use crate::pages::page;
use crate::query::Query;
use crate::settings::Portal;
use crate::visitor::Visitor;
use crate::words::Said;
use crate::written::{Html, plain, seen, theirs};
use crate::{json as folding, link};

mod diff;

/// The events of a page.
const MOST_EVENTS: usize = 20;
/// The bytes of the shown events' HTML, about. Of what comes after that the verdict is shown.
const MOST_SHOWN: usize = 256 * 1024;
const ALL_TYPES: &str = "*";

#[derive(Template)]
#[template(path = "studio.html")]
struct Page {
    frame: Frame,
    saved: Option<Html>,
    back: String,
    address: String,
    filter: String,
    transform: String,
    /// What the form has in its other fields.
    carried: Vec<(&'static str, String)>,
    choices: Vec<(String, bool)>,
    mistakes: Mistakes,
    summary: String,
    notes: Vec<String>,
    results: Vec<Shown>,
}

/// An event, and what became of it.
struct Shown {
    event_type: String,
    /// When it was accepted, and its address; nothing for a sample.
    accepted: Option<(Html, String)>,
    said: Said,
    failures: Vec<String>,
    what: &'static str,
    content: Html,
}

/// The studio with what is saved of a webhook.
pub(crate) async fn of_webhook<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    visitor: Visitor,
    Path((_, webhook)): Path<(String, String)>,
    Query(query): Query,
) -> Result<Response, Oops> {
    let about = About::saved(&portal, &visitor, &webhook).await?;
    let values = about.current().map(Values::of_webhook).unwrap_or_default();
    shown(&portal, &visitor, &about, values, query.text("on")).await
}

/// The studio with what is in a form, which it carries along.
pub(super) async fn tried<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    about: &About,
    fields: &Fields,
) -> Result<Response, Oops> {
    shown(portal, visitor, about, Values::of(fields), fields.text("on")).await
}

async fn shown<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    about: &About,
    values: Values,
    on: Option<&str>,
) -> Result<Response, Oops> {
    let mut patterns = values.subscriptions(about.current());
    patterns.push(ALL_TYPES.to_owned());
    let mut known = HashSet::new();
    patterns.retain(|pattern| known.insert(pattern.clone()));
    let on = on.and_then(|on| patterns.iter().find(|pattern| *pattern == on));
    let on = on.or(patterns.first()).cloned().unwrap_or_default();
    let (mut mistakes, mut results, mut notes) = (Mistakes::default(), Vec::new(), Vec::new());
    let mut summary = String::new();
    match experiment(portal, visitor, &values, &on).await {
        Ok((found, are_samples)) => {
            summary = in_a_sentence(&found, are_samples, visitor);
            if found.left_out > 0 {
                let count = visitor.writer.count(count(found.left_out), "event is", "events are");
                notes
                    .push(format!("{count} left out, because all of them together are too large."));
            }
            let mut bytes = 0;
            for one in found.tried {
                let row = result(visitor, one, are_samples, bytes > MOST_SHOWN);
                bytes += row.content.0.len();
                results.push(row);
            }
        }
        Err(ExperimentError::Invalid(errors)) => {
            mistakes = Mistakes::of_body(&errors, ("", &values), about.current());
        }
        Err(ExperimentError::Unavailable(error)) => return Err(error.into()),
    }
    let mut carried = values.carried();
    carried.retain(|(name, _)| !matches!(*name, "filter" | "transform"));
    page(&Page {
        frame: Frame::new(visitor, Place::Webhooks, "Filter and transform studio"),
        saved: about.current().map(|webhook| theirs(&webhook.name)),
        back: about.back(visitor.id()),
        address: about.address(visitor.id()),
        filter: values.filter,
        transform: values.transform,
        carried,
        choices: patterns.into_iter().map(|one| (one.clone(), one == on)).collect(),
        mistakes,
        summary,
        notes,
        results,
    })
}

/// On the newest events of the types; on samples if there are none, which the second says.
async fn experiment<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    values: &Values,
    on: &str,
) -> Result<(Experiment, bool), ExperimentError> {
    let deps = &portal.deps;
    let mut order = Map::new();
    for (name, text) in [("filter", &values.filter), ("transform", &values.transform)] {
        if !text.trim().is_empty() {
            order.insert(name.to_owned(), json!(text.trim()));
        }
    }
    let try_on = async |name: &str, what: Box<RawValue>| {
        let mut fields: Vec<String> =
            order.iter().map(|(name, text)| format!("\"{name}\":{text}")).collect();
        // As text, so that numbers in samples keep their digits.
        fields.push(format!("\"{name}\":{}", what.get()));
        let body = format!("{{{}}}", fields.join(","));
        let order = ExperimentOrder::read(&body).map_err(ExperimentError::Invalid)?;
        webhooks::experiment(&deps.ledger, &deps.system, visitor.id(), order).await
    };
    let newest = try_on("eventType", raw(&json!(on).to_string())).await?;
    if !newest.tried.is_empty() || newest.left_out > 0 {
        return Ok((newest, false));
    }
    let Ok(pattern) = on.parse::<Subscription>() else { return Ok((newest, false)) };
    let known =
        deps.catalog.types_of(&deps.registry, visitor.id(), visitor.now, Freshness::Cached).await?;
    let samples = known.types().filter(|(name, ..)| pattern.matches(name)).take(MOST_EVENTS);
    let sample = |name: &str, data: &str| format!("{{\"type\":{},\"data\":{data}}}", json!(name));
    let samples: Vec<String> = samples
        .map(|(name, _, definition)| sample(name.as_str(), definition.sample.as_str()))
        .collect();
    let on_samples = try_on("events", raw(&format!("[{}]", samples.join(",")))).await?;
    Ok((on_samples, true))
}

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap_or_default()
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// Whether the event would be sent; `None` if that is not known.
fn matches(tried: &Tried) -> Option<bool> {
    match &tried.result.as_ref()?.filter {
        None => Some(true),
        Some(Ok(verdict)) => Some(*verdict == Verdict::Passed),
        Some(Err(_)) => None,
    }
}

fn in_a_sentence(found: &Experiment, are_samples: bool, visitor: &Visitor) -> String {
    let all = found.tried.len();
    let writer = &visitor.writer;
    if all == 0 {
        return "There was no such event lately, and the catalog has no sample of it.".to_owned();
    }
    let matching = found.tried.iter().filter(|one| matches(one) == Some(true)).count();
    let fails = |one: &&Tried| {
        one.result.as_ref().is_some_and(|made| {
            matches!(made.filter, Some(Err(_))) || matches!(made.transform, Some(Err(_)))
        })
    };
    let failing = found.tried.iter().filter(fails).count();
    let what = match (are_samples, all) {
        (true, 1) => "the one sample; there was no such event yet",
        (true, _) => "the samples; there was no such event yet",
        (false, 1) => "the one event",
        (false, _) => "the newest events",
    };
    let failing = match failing {
        0 => String::new(),
        count_of => format!("; {} with an error", writer.number(count(count_of))),
    };
    let (matching, all) = (writer.number(count(matching)), writer.number(count(all)));
    format!("{matching} of {all} match{failing}. These are {what}.")
        .replace("These are the one", "This is the one")
}

fn result(visitor: &Visitor, tried: Tried, is_sample: bool, is_brief: bool) -> Shown {
    let said = said(&tried);
    let (filter, transform) = match tried.result {
        Some(made) => (made.filter, made.transform),
        None => (None, None),
    };
    let event = tried.event;
    let before = event.content.data.as_str();
    let failure = |name: &str, failure: &Failure| {
        format!("The {name} fails: {}", plain(&failure.to_string()))
    };
    let mut failures = Vec::new();
    if let Some(Err(error)) = &filter {
        failures.push(failure("filter", error));
    }
    let (what, content) = match &transform {
        _ if is_brief => (
            "",
            Html("<p class=\"hint\">It is not shown: there is much above already.</p>".to_owned()),
        ),
        Some(Ok(after)) => diff::diff(before, after.as_str()),
        Some(Err(error)) => {
            failures.push(failure("transform", error));
            ("The event’s data", folding::body(before, "The event’s data"))
        }
        None => (
            "What would be sent: the event’s data as it is",
            folding::body(before, "The event’s data"),
        ),
    };
    let address = || link::with(visitor.id(), "deliveries", &[("id", &event.id.to_string())]);
    Shown {
        event_type: seen(event.content.event_type.as_str()).0,
        accepted: (!is_sample).then(|| (visitor.writer.second(event.accepted_at), address())),
        said,
        failures,
        what,
        content,
    }
}

fn said(tried: &Tried) -> Said {
    let (tone, icon, word, why) = match (&tried.result, matches(tried)) {
        (None, _) => {
            ("off", "waiting", "Not tried", "The events before it took all that one try may take.")
        }
        (Some(made), Some(true)) if matches!(made.transform, Some(Err(_))) => {
            ("bad", "failed", "Matches, and then fails", "Its delivery would fail.")
        }
        (Some(_), Some(true)) => ("good", "good", "Matches", ""),
        (Some(_), Some(false)) => ("off", "waiting", "Does not match", "It would not be sent."),
        (Some(_), None) => ("bad", "failed", "The filter fails", "Its delivery would fail."),
    };
    Said { tone, icon, word, why: Html(why.to_owned()) }
}
