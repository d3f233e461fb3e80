//! Dead letters: what Hooklane itself could not handle. `orders` sends them again and deletes them.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use hooklane_api::Ports;
use hooklane_app::dead_letters::{self, LetterPlace, Listed};
use hooklane_app::operator;
use hooklane_domain::dead_letter::Source;

use super::frame::{Frame, Room};
use super::guest::Operator;
use crate::form::Fields;
use crate::json;
use crate::link;
use crate::oops::Oops;
use crate::pages::page;
use crate::query::Query;
use crate::settings::Portal;
use crate::written::{Html, Writer, seen};

mod orders;

pub(super) use orders::act;

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
    let counts = operator::letter_counts(&deps.letters).await?;
    // Without a choice, the first source that has any.
    let fullest = counts.iter().find(|(_, count)| count.visible > 0).map(|(one, _)| *one);
    let source = chosen.or(fullest).unwrap_or(Source::Events);
    let listing = dead_letters::list(&deps.letters, source, reason, after.as_ref(), ROWS).await?;
    let sources = counts.iter().map(|(one, count)| SourceRow {
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
    let about = [("source", source.as_str()), ("reason", reason.unwrap_or_default())];
    link::of_operator_with("letters", &[&about, more].concat())
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
        find: id.map(|id| link::of_operator_with("find", &[("id", &id)])),
        receives: writer.count(letter.receives.into(), "time", "times"),
        body: json::body(&letter.body.text, "Body of the letter"),
        size: letter.body.is_cut().then(|| writer.number(letter.body.size as u64)),
    }
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
