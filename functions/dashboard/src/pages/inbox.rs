//! The tenant's test inbox: its address, its answer, and the requests that it keeps.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use hooklane_api::Ports;
use hooklane_app::inbox::{self, InboxError};
use hooklane_app::ports::{InboxLog as _, InboxStore as _, WebhookStore as _};
use hooklane_domain::inbox::{Inbox, KEPT, KeptRequest, RequestNumber, SecretAge, Verdict};
use hooklane_domain::webhook::headers::MASK;
use serde_json::json;

use crate::form::Act;
use crate::frame::{Frame, Place};
use crate::oops::Oops;
use crate::pages::{page, see};
use crate::query::Query;
use crate::settings::Portal;
use crate::visitor::Visitor;
use crate::written::{Html, plain, seen, seen_lines, theirs};
use crate::{json, link};

#[derive(Template)]
#[template(path = "inbox.html")]
struct Page {
    frame: Frame,
    /// Whether it takes requests.
    is_on: bool,
    /// Whether it was ever turned on.
    exists: bool,
    /// Its address, for those who may have it.
    url: Option<String>,
    new: String,
    status: u16,
    delay: u8,
    here: String,
    rows: Vec<Row>,
    count: String,
    chosen: Option<Chosen>,
}

/// A request in the list.
struct Row {
    address: String,
    method: String,
    at: Html,
    size: String,
    said: Said,
    is_chosen: bool,
}

/// What its signature says.
#[derive(Clone)]
struct Said {
    word: &'static str,
    icon: &'static str,
    tone: &'static str,
}

/// The request that is shown whole.
struct Chosen {
    number: String,
    method: String,
    at: Html,
    said: Said,
    why: Html,
    headers: Html,
    headers_cut: bool,
    body: Html,
    cut: Option<String>,
}

pub(crate) async fn show<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    visitor: Visitor,
    Query(query): Query,
) -> Result<Response, Oops> {
    let (deps, tenant) = (&portal.deps, visitor.id());
    if !visitor.has_inbox {
        return Err(Oops::NoPage);
    }
    let inbox = deps.registry.inbox(tenant).await?;
    let most = usize::try_from(KEPT).unwrap_or(usize::MAX);
    let kept = match inbox.is_some() {
        true => deps.ledger.kept_requests(tenant, None, most, visitor.now).await?.requests,
        false => Vec::new(),
    };
    let asked: Option<RequestNumber> = query.text("show").and_then(|text| text.parse().ok());
    let one = match asked {
        Some(number) => kept.iter().find(|request| request.number == number),
        None => kept.first(),
    };
    let chosen = match one {
        Some(request) => Some(chosen(&portal, &visitor, request).await?),
        None => None,
    };
    let writer = &visitor.writer;
    let number = one.map(|request| request.number);
    let row = |request: &KeptRequest| {
        let shown = request.number.to_string();
        Row {
            address: link::with(tenant, "inbox", &[("show", &shown)]) + "#chosen",
            method: plain(&request.method),
            at: writer.second(request.at),
            size: writer.count(request.size, "byte", "bytes"),
            said: said(request.verdict),
            is_chosen: number == Some(request.number),
        }
    };
    let done = match query.text("done") {
        Some("on") => Some("It takes requests now."),
        Some("off") => Some("It takes no requests now. Webhooks that send to it get 404."),
        Some("answer") => Some("It answers like that from now on."),
        Some("move") => Some("It has a new address. Change the webhooks that have the old one."),
        Some("clear") => Some("All of its requests are deleted."),
        _ => None,
    };
    let answer = inbox.as_ref().map(|inbox| inbox.answer).unwrap_or_default();
    let url = inbox.as_ref().and_then(|inbox| inbox::url_of(&deps.network, &inbox.token));
    let url = url.filter(|_| visitor.may_manage());
    page(&Page {
        frame: Frame::new(&visitor, Place::Inbox, "Test inbox").after(done),
        is_on: inbox.as_ref().is_some_and(|inbox| inbox.on),
        exists: inbox.is_some(),
        new: link::with(tenant, "new", &[("url", url.as_deref().unwrap_or_default())]),
        url,
        status: answer.status(),
        delay: answer.delay_seconds(),
        here: link::to(tenant, "inbox"),
        count: writer.count(kept.len() as u64, "request", "requests"),
        rows: kept.iter().map(row).collect(),
        chosen,
    })
}

async fn chosen<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    request: &KeptRequest,
) -> Result<Chosen, Oops> {
    let (deps, writer) = (&portal.deps, &visitor.writer);
    let shows = |name: &str| visitor.may_manage() || inbox::is_harmless(&deps.contracts, name);
    let header = |(name, value): &(String, String)| {
        let value = if shows(name) { seen_lines(value) } else { Html(MASK.to_owned()) };
        format!("<span class=\"head\">{}:</span> {value}\n", seen(name))
    };
    let body = match std::str::from_utf8(&request.body) {
        Ok("") => Html("<p class=\"quiet\">The body is empty.</p>".to_owned()),
        Ok(text) => json::body(text, "Body of the request"),
        Err(_) => json::body(&hex(&request.body), "Body of the request, in hexadecimal"),
    };
    let cut = request.is_cut().then(|| {
        let kept = writer.count(request.body.len() as u64, "byte", "bytes");
        format!("Only the first {kept} of {} are kept.", writer.number(request.size))
    });
    Ok(Chosen {
        number: request.number.to_string(),
        method: plain(&request.method),
        at: writer.exact(request.at),
        said: said(request.verdict),
        why: why(portal, visitor, request.verdict).await?,
        headers: Html(request.headers.iter().map(header).collect()),
        headers_cut: request.headers_cut,
        body,
        cut,
    })
}

/// Bytes as `de ad be ef`.
fn hex(bytes: &[u8]) -> String {
    let pairs: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.join(" ")
}

fn said(verdict: Verdict) -> Said {
    let (word, icon, tone) = match verdict {
        Verdict::Verified { .. } => ("Verified", "good", "good"),
        Verdict::Stale { .. } => ("Old signature", "waiting", "wait"),
        Verdict::WrongSignature => ("Wrong signature", "failed", "bad"),
        Verdict::NotSigned => ("Not signed", "off", "off"),
        Verdict::NoWebhook => ("No webhook", "off", "off"),
    };
    Said { word, icon, tone }
}

/// What the signature says, with the webhook that it is from.
async fn why<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    verdict: Verdict,
) -> Result<Html, Oops> {
    let named = async |id| -> Result<String, Oops> {
        let webhook = portal.deps.registry.get(visitor.id(), id).await?;
        let address = link::to(visitor.id(), format!("webhooks/{id}"));
        Ok(match webhook {
            Some(webhook) => format!("<a href=\"{address}\">{}</a>", theirs(&webhook.name)),
            None => "a webhook that was deleted since".to_owned(),
        })
    };
    Ok(Html(match verdict {
        Verdict::Verified { webhook, secret } => {
            let by = named(webhook).await?;
            let which = match secret {
                SecretAge::Current => "",
                SecretAge::Previous => ", with the secret from before its rotation",
            };
            format!("It was sent by {by}{which}.")
        }
        Verdict::Stale { webhook, seconds } => {
            let by = named(webhook).await?;
            let away = visitor.writer.count(seconds.unsigned_abs(), "second", "seconds");
            let side = if seconds < 0 { "after" } else { "before" };
            format!(
                "It was signed by {by}, for a time {away} {side} it arrived. It may have been recorded and sent again."
            )
        }
        Verdict::WrongSignature => {
            "None of your webhooks with this address signed it like this: another secret, or a body that was changed."
                .to_owned()
        }
        Verdict::NotSigned => {
            "It lacks the header in which your webhooks with this address sign.".to_owned()
        }
        Verdict::NoWebhook => {
            "None of your webhooks has this address, so there is no secret to check with.".to_owned()
        }
    }))
}

/// Turns it on or off, sets its answer, gives it another address, or deletes what it keeps.
pub(crate) async fn act<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    Path((_, act)): Path<(String, String)>,
    Act { visitor, fields }: Act,
) -> Result<Response, Oops> {
    if !visitor.has_inbox {
        return Err(Oops::NoPage);
    }
    let deps = &portal.deps;
    let change = async |body: serde_json::Value| -> Result<Inbox, InboxError> {
        let body = body.to_string();
        inbox::change(&deps.registry, &deps.system, &deps.network, &visitor.tenant, &body).await
    };
    match act.as_str() {
        "on" => drop(change(json!({"enabled": true})).await?),
        "off" => drop(change(json!({"enabled": false})).await?),
        "answer" => {
            let number = |name: &str| fields.text(name).and_then(|text| text.parse::<u64>().ok());
            let answer = json!({"status": number("status"), "delaySeconds": number("delay")});
            drop(change(json!({ "answer": answer })).await?);
        }
        "move" | "clear" if !fields.has("sure") => {
            return Err(Oops::Refused("Tick the box beside the button first.".to_owned()));
        }
        "move" => {
            let (registry, system) = (&deps.registry, &deps.system);
            inbox::change_url(registry, system, &deps.network, &visitor.tenant).await?;
        }
        "clear" => deps.ledger.clear_requests(visitor.id()).await?,
        _ => return Err(Oops::NoPage),
    }
    Ok(see(&link::with(visitor.id(), "inbox", &[("done", &act)])))
}

impl From<InboxError> for Oops {
    fn from(error: InboxError) -> Self {
        match error {
            InboxError::Off | InboxError::Missing => Self::NoPage,
            InboxError::Invalid(errors) => {
                let first = errors.as_slice().first();
                Self::Refused(
                    first.map_or_else(String::new, |one| format!("{} {}.", one.path, one.message)),
                )
            }
            InboxError::Removed(removed) => Self::Refused(format!("{removed}.")),
            InboxError::Unavailable(error) => error.into(),
        }
    }
}
