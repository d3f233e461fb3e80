//! Sending dead letters again, and deleting them.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use hooklane_api::Ports;
use hooklane_app::dead_letters::{self, Act, Done, Which};
use hooklane_domain::dead_letter::Source;

use super::address;
use crate::form::Fields;
use crate::link;
use crate::oops::Oops;
use crate::operator::frame::{Frame, Room};
use crate::operator::guest::{Operator, Order};
use crate::pages::page;
use crate::settings::Portal;
use crate::written::{Html, seen};

#[derive(Template)]
#[template(path = "operator/confirm.html")]
struct Confirm {
    frame: Frame,
    title: String,
    text: &'static str,
    /// What the reasons contain, where the order is by reason.
    reason: Option<Html>,
    action: String,
    fields: [(&'static str, String); 2],
    button: &'static str,
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
    let (which, reason) = match &order.which {
        Which::One(id) => (("id", id.as_str()), None),
        Which::Reason(reason) => (("reason", reason.as_str()), Some(seen(reason))),
    };
    let fields = [("source", order.source.as_str()), which];
    page(&Confirm {
        frame: Frame::new(guest, Room::Letters, &title),
        title,
        text,
        reason,
        action: link::of_operator(&format!("letters/{}", word(act))),
        fields: fields.map(|(name, value)| (name, value.to_owned())),
        button,
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
