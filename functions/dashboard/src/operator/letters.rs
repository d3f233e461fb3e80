//! Dead letters: what Hooklane itself could not handle, looked at, sent again, deleted.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use hooklane_api::Ports;
use hooklane_app::dead_letters::{self, Act, Done, LetterPlace, Listed, Which};
use hooklane_app::operator;
use hooklane_domain::dead_letter::Source;
use url::form_urlencoded::Serializer;

use super::frame::{Frame, Room};
use super::guest::{Operator, Order};
use crate::form::Fields;
use crate::json;
use crate::link;
use crate::oops::Oops;
use crate::pages::page;
use crate::query::Query;
use crate::settings::Portal;
use crate::written::{Html, Writer, seen};

/// The letters of a page.
const ROWS: usize = 25;

#[derive(Template)]
#[template(path = "operator/letters.html")]
struct Page {
    frame: Frame,
    sources: Vec<SourceRow>,
    source: &'static str,
    /// What this source's letters are about, and what sending them again means.
    about: &'static str,
    can_redrive: bool,
    reason: String,
    rows: Vec<Row>,
    note: Option<String>,
    next: Option<String>,
}

struct SourceRow {
    name: &'static str,
    count: String,
    address: String,
    is_chosen: bool,
}

struct Row {
    id: String,
    reason: Html,
    plain_reason: String,
    sent: Html,
    expires: Html,
    about: Vec<(&'static str, Html)>,
    find: Option<String>,
    receives: String,
    body: Html,
    size: Option<String>,
}

pub(crate) async fn list<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    guest: Operator,
    Query(query): Query,
) -> Result<Response, Oops> {
    let (deps, writer) = (&portal.deps, &guest.writer);
    let chosen = query.text("source").and_then(|text| text.parse::<Source>().ok());
    let reason = query.text("reason");
    let after = query.text("after").and_then(|text| text.parse::<LetterPlace>().ok());
    let state = operator::state(&deps.registry, &deps.ledger, &deps.letters, &deps.errands).await?;
    // Without a choice, the first source that has any.
    let fullest = state.letters.iter().find(|(_, count)| count.visible > 0).map(|(one, _)| *one);
    let source = chosen.or(fullest).unwrap_or(Source::Events);
    let listing = dead_letters::list(&deps.letters, source, reason, after.as_ref(), ROWS).await?;
    let sources = state.letters.iter().map(|(one, count)| SourceRow {
        name: one.as_str(),
        count: writer.number(count.visible + count.hidden),
        address: address(*one, None, &[]),
        is_chosen: *one == source,
    });
    let note = (!listing.complete).then(|| {
        "Not all were seen: there are more than one look takes, or somebody else is looking. Load the page again for \
         another look."
            .to_owned()
    });
    page(&Page {
        frame: Frame {
            done: done(&query, writer),
            ..Frame::new(&guest, Room::Letters, "Dead letters")
        },
        sources: sources.collect(),
        source: source.as_str(),
        about: about(source),
        can_redrive: can_redrive(source),
        reason: reason.unwrap_or_default().to_owned(),
        rows: listing.letters.iter().map(|letter| row(letter, writer)).collect(),
        note,
        next: listing.next.map(|next| address(source, reason, &[("after", &next.to_string())])),
    })
}

fn about(source: Source) -> &'static str {
    match source {
        Source::Events => {
            "Messages of the event queue that are no events, or name an id that another event has. Sent again, they are \
             read again."
        }
        Source::Fanout => {
            "Records of the ledger’s stream for which no deliveries could be made. `make redrive` sends them again."
        }
        Source::Stats => {
            "Records of the ledger’s stream that are in no list and no figure. `make redrive` sends them again."
        }
        Source::Deliveries => {
            "Deliveries that a function could not handle, whatever the receiver said. Sent again, each is attempted, \
             unless it has ended meanwhile."
        }
        Source::Upkeep => {
            "Messages of parked deliveries that their queue refused. Sent again, each is attempted, unless it has ended \
             meanwhile."
        }
    }
}

/// Records of the stream are read from the stream itself, which only `make redrive` does.
fn can_redrive(source: Source) -> bool {
    !matches!(source, Source::Fanout | Source::Stats)
}

fn address(source: Source, reason: Option<&str>, more: &[(&str, &str)]) -> String {
    let mut query = Serializer::new(String::new());
    query.append_pair("source", source.as_str());
    if let Some(reason) = reason {
        query.append_pair("reason", reason);
    }
    query.extend_pairs(more);
    format!("{}?{}", link::of_operator("letters"), query.finish())
}

fn row(letter: &Listed, writer: &Writer) -> Row {
    let subject = &letter.about;
    let mut about = Vec::new();
    let mut add = |name, value: Option<String>| {
        about.extend(value.map(|value| (name, seen(&value))));
    };
    add("Tenant", subject.tenant.as_ref().map(ToString::to_string));
    add("Event", subject.event.as_ref().map(ToString::to_string));
    add("Event type", subject.event_type.as_ref().map(ToString::to_string));
    add("Webhook", subject.webhook.as_ref().map(ToString::to_string));
    let id = subject.delivery.as_ref().map(ToString::to_string);
    let id = id.or_else(|| subject.event.as_ref().map(ToString::to_string));
    Row {
        id: letter.id.as_str().to_owned(),
        reason: seen(&letter.reason),
        plain_reason: letter.reason.clone(),
        sent: writer.time(letter.sent_at),
        expires: writer.date(letter.expires_at),
        about,
        find: id.map(|id| format!("{}?id={id}", link::of_operator("find"))),
        receives: writer.count(letter.receives.into(), "time", "times"),
        body: json::body(&letter.body.text, "Body of the letter"),
        size: letter.body.is_cut().then(|| writer.number(letter.body.size as u64)),
    }
}

#[derive(Template)]
#[template(path = "operator/confirm.html")]
struct Confirm {
    frame: Frame,
    title: String,
    text: &'static str,
    /// What the reasons contain, where the order is by reason.
    reason: Option<Html>,
    action: String,
    fields: Vec<(&'static str, String)>,
    button: String,
    is_danger: bool,
    back: String,
}

/// Sends letters again or deletes them. What cannot be taken back, and what is about more than one, asks once more, with
/// the number.
pub(crate) async fn act<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    Path(act): Path<String>,
    Order { operator: guest, fields }: Order,
) -> Result<Response, Oops> {
    let act = match act.as_str() {
        "redrive" => Act::Redrive,
        "delete" => Act::Delete,
        _ => return Err(Oops::NoPage),
    };
    let order = read(&fields).ok_or(Oops::NoPage)?;
    let deps = &portal.deps;
    let queues = (&deps.letters, &deps.errands);
    let is_sure = fields.has("sure");
    if !is_sure && (act == Act::Delete || matches!(order.which, Which::Reason(_))) {
        let tried = dead_letters::Order { dry_run: true, ..order.clone() };
        let tried = dead_letters::carry_out(queues, &deps.system, act, &tried).await?;
        return confirm(&guest, act, &order, &tried);
    }
    let done = dead_letters::carry_out(queues, &deps.system, act, &order).await?;
    tracing::info!(
        source = order.source.as_str(),
        letters = done.count,
        act = word(act),
        "operator.dead_letters"
    );
    if !done.kept.is_empty() {
        return kept(&guest, act, order.source, &done);
    }
    let count = done.count.to_string();
    let mut said = vec![("done", word(act)), ("n", count.as_str())];
    if done.more && matches!(order.which, Which::Reason(_)) {
        said.push(("more", "1"));
    }
    Ok(Redirect::to(&address(order.source, None, &said)).into_response())
}

fn word(act: Act) -> &'static str {
    match act {
        Act::Redrive => "redrive",
        Act::Delete => "delete",
    }
}

fn read(fields: &Fields) -> Option<dead_letters::Order> {
    let source = fields.text("source")?.parse().ok()?;
    let which = match (fields.text("id"), fields.raw("reason")) {
        (Some(id), _) => Which::One(id.parse().ok()?),
        (None, Some(reason)) if !reason.is_empty() => Which::Reason(reason.to_owned()),
        _ => return None,
    };
    Some(dead_letters::Order { source, which, dry_run: false })
}

fn confirm(
    guest: &Operator,
    act: Act,
    order: &dead_letters::Order,
    tried: &Done,
) -> Result<Response, Oops> {
    let letters = guest.writer.count(tried.count as u64, "letter", "letters");
    let letters = if tried.more { format!("{letters} or more") } else { letters };
    let (title, text, button) = match act {
        Act::Redrive => (
            format!("Send {letters} again?"),
            "Each is sent, and only then deleted here. One that fails again comes back as a new letter. Up to a hundred \
             go with each request.",
            "Send again",
        ),
        Act::Delete => (
            format!("Delete {letters}?"),
            "What is deleted is lost, and cannot be sent again. Up to a hundred go with each request.",
            "Delete",
        ),
    };
    let mut fields = vec![("source", order.source.as_str().to_owned())];
    match &order.which {
        Which::One(id) => fields.push(("id", id.as_str().to_owned())),
        Which::Reason(reason) => fields.push(("reason", reason.clone())),
    }
    let reason = match &order.which {
        Which::One(_) => None,
        Which::Reason(reason) => Some(seen(reason)),
    };
    page(&Confirm {
        frame: Frame::new(guest, Room::Letters, &title),
        title,
        text,
        reason,
        action: link::of_operator(&format!("letters/{}", word(act))),
        fields,
        button: button.to_owned(),
        is_danger: act == Act::Delete,
        back: address(order.source, None, &[]),
    })
}

#[derive(Template)]
#[template(path = "operator/kept.html")]
struct Kept {
    frame: Frame,
    said: String,
    rows: Vec<(String, Html)>,
    back: String,
}

/// What became of letters of which some stay.
fn kept(guest: &Operator, act: Act, source: Source, done: &Done) -> Result<Response, Oops> {
    let letters = |count: usize| guest.writer.count(count as u64, "letter", "letters");
    let what = if act == Act::Redrive { "sent again" } else { "deleted" };
    let stay = if done.kept.len() == 1 { "stays" } else { "stay" };
    page(&Kept {
        frame: Frame::new(guest, Room::Letters, "Letters that stay"),
        said: format!("{} {what}; {} {stay}.", letters(done.count), letters(done.kept.len())),
        rows: done.kept.iter().map(|one| (one.id.as_str().to_owned(), seen(&one.why))).collect(),
        back: address(source, None, &[]),
    })
}

/// What was done before this page.
fn done(query: &Fields, writer: &Writer) -> Option<String> {
    let count = |name: &str| query.text(name).and_then(|text| text.parse::<u64>().ok());
    let letters = writer.count(count("n")?, "letter", "letters");
    let mut said = match query.text("done")? {
        "redrive" => format!("{letters} sent again."),
        "delete" => format!("{letters} deleted."),
        _ => return None,
    };
    if query.has("more") {
        said.push_str(" There may be more: send the same again.");
    }
    Some(said)
}
