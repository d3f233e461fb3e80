//! What an id names, whosever it is.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use hooklane_api::Ports;
use hooklane_app::operator::{self, Hit, MAX_TENANTS};
use hooklane_domain::ids::TenantId;

use super::frame::{Frame, Room};
use super::guest::Operator;
use crate::link;
use crate::oops::Oops;
use crate::pages::page;
use crate::query::Query;
use crate::settings::Portal;
use crate::written::{Html, Writer, theirs};

#[derive(Template)]
#[template(path = "operator/find.html")]
struct Page {
    frame: Frame,
    /// Why nothing was looked for.
    mistake: Option<String>,
    rows: Vec<Row>,
    /// What the search says of itself.
    note: Option<String>,
    /// Where it goes on.
    next: Option<String>,
}

struct Row {
    kind: &'static str,
    id: String,
    tenant: String,
    about: Html,
    /// The page of the tenant that shows it.
    to: String,
    label: &'static str,
}

pub(crate) async fn show<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    guest: Operator,
    Query(query): Query,
) -> Result<Response, Oops> {
    let text = query.text("id").unwrap_or_default().to_owned();
    let after = query.text("after").and_then(|text| text.parse::<TenantId>().ok());
    let mut shown = Page {
        frame: Frame { sought: text.clone(), ..Frame::new(&guest, Room::Find, "Find") },
        mistake: None,
        rows: Vec::new(),
        note: None,
        next: None,
    };
    if text.is_empty() {
        return page(&shown);
    }
    let deps = &portal.deps;
    match operator::find(&deps.registry, &deps.ledger, &text, after.as_ref()).await? {
        Err(none) => shown.mistake = Some(format!("That {none}.")),
        Ok(found) => {
            shown.rows = found.hits.iter().map(|hit| row(hit, &guest.writer)).collect();
            let mut said = Vec::new();
            if found.unreadable > 0 {
                let things = guest.writer.count(found.unreadable as u64, "thing", "things");
                said.push(format!("{things} with this id cannot be read back; the log says why."));
            }
            if let Some(next) = &found.next {
                let many = guest.writer.number(MAX_TENANTS as u64);
                said.push(format!("{many} tenants or more were asked; there are others."));
                let query = [("id", text.as_str()), ("after", next.as_str())];
                shown.next = Some(link::of_operator_with("find", &query));
            } else if shown.rows.is_empty() && found.unreadable == 0 {
                said.push(
                    "Nothing has this id. An event is found while the ledger keeps it, and once a function has \
                     accepted it: one that was refused is among the dead letters of events."
                        .to_owned(),
                );
            }
            shown.note = (!said.is_empty()).then(|| said.join(" "));
        }
    }
    page(&shown)
}

fn row(hit: &Hit, writer: &Writer) -> Row {
    let accepted = |what: String, at| Html(format!("{what}, accepted {}", writer.time(at)));
    match hit {
        Hit::Tenant(tenant) => {
            let webhooks = tenant.usage.map_or(0, |usage| usage.webhooks);
            Row {
                kind: "Tenant",
                id: tenant.id.to_string(),
                tenant: tenant.id.to_string(),
                about: Html(writer.count(webhooks, "webhook", "webhooks")),
                to: "webhooks".to_owned(),
                label: "View as tenant",
            }
        }
        Hit::Webhook(one) => Row {
            kind: "Webhook",
            id: one.id.to_string(),
            tenant: one.tenant.to_string(),
            about: theirs(&one.name),
            to: format!("webhooks/{}", one.id),
            label: "Open the webhook",
        },
        Hit::Event(event) => Row {
            kind: "Event",
            id: event.id.to_string(),
            tenant: event.tenant.to_string(),
            about: accepted(event.content.event_type.to_string(), event.accepted_at),
            to: format!("deliveries?id={}", event.id),
            label: "What became of it",
        },
        Hit::Delivery(one) => {
            let what = format!("{}, {}", one.event_type, one.status().as_str());
            Row {
                kind: "Delivery",
                id: one.id.to_string(),
                tenant: one.tenant.to_string(),
                about: accepted(what, one.id.accepted_at()),
                to: format!("deliveries/{}", one.id),
                label: "Open the delivery",
            }
        }
    }
}
