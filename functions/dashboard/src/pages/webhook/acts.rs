//! What can be done to a webhook, and doing it. What destroys something asks on a page of its own first.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use hooklane_api::Ports;
use hooklane_app::pausing::{self, Resumption};
use hooklane_app::precondition::Precondition;
use hooklane_app::probe;
use hooklane_app::webhooks;
use hooklane_domain::webhook::{Webhook, WebhookState};

use super::read;
use super::secret::secret;
use super::test::test;
use crate::form::Act;
use crate::frame::{Frame, Place};
use crate::link;
use crate::oops::Oops;
use crate::pages::{page, see};
use crate::settings::Portal;
use crate::visitor::Visitor;
use crate::written::{Html, theirs};

pub(super) struct Action {
    pub(super) name: &'static str,
    pub(super) what: String,
    pub(super) button: String,
    pub(super) act: &'static str,
    pub(super) is_danger: bool,
    /// Asked on a page of its own first.
    pub(super) asks: bool,
}

pub(super) fn acts(webhook: &Webhook, waiting: u64, visitor: &Visitor) -> Vec<Action> {
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
        "Try filter and transform",
        "On the newest events, with what each would become. Nothing is saved or sent.",
        "Open the studio",
        "studio",
        true,
    ));
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
        let what = "One rotation at a time: the next comes when the old secret has ended. If both have leaked, \
                    replace them.";
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
                0 => (
                    "It gets nothing any more. Nothing waits for it. What arrived stays in the list until it \
                     expires."
                        .to_owned(),
                    "Delete".to_owned(),
                ),
                waiting => {
                    let many = || "1,000 or more".to_owned();
                    let number = if waiting >= 1_000 { many() } else { writer.number(waiting) };
                    let text = format!(
                        "It gets nothing any more, and {count} are cancelled. What arrived stays until it \
                         expires."
                    );
                    (text, format!("Delete and cancel {number}"))
                }
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
            let text =
                "You see the new secret on the next page. During the overlap each request has two \
                        signatures, and a receiver accepts it with either secret."
                    .to_owned();
            ("Rotate the signing secret?", text, choices, "rotate", "Rotate".to_owned(), false)
        }
        "replace" => {
            let text = "A third secret signs alone from now on. A receiver that uses one of the two before refuses \
                        everything until it has the new one."
                .to_owned();
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
            webhooks::delete(stores, &deps.system, key, &Precondition::Any).await?;
            Ok(see(&link::with(visitor.id(), "webhooks", &[("done", "deleted")])))
        }
        "rotate" | "replace" => {
            let overlap =
                if act == "replace" { "0" } else { fields.text("overlap").unwrap_or("86400") };
            let overlap: u32 = overlap.parse().map_err(|_| Oops::NoPage)?;
            let body = format!("{{\"overlapSeconds\": {overlap}}}");
            let (registry, system) = (&deps.registry, &deps.system);
            let any = &Precondition::Any;
            let rotated = webhooks::rotate(registry, system, deps.rules(), key, any, &body).await?;
            secret(&portal, &visitor, &rotated, "The new signing secret")
        }
        "secret" => secret(&portal, &visitor, &webhook, "The signing secret"),
        "test" => test(&portal, &visitor, &webhook).await,
        _ => Err(Oops::NoPage),
    }
}
