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
    label: String,
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
                let query = url::form_urlencoded::Serializer::new(String::new())
                    .append_pair("id", &text)
                    .append_pair("after", next.as_str())
                    .finish();
                shown.next = Some(format!("{}?{query}", link::of_operator("find")));
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
    let (kind, tenant, id, about, to) = match hit {
        Hit::Tenant(tenant) => {
            let webhooks = tenant.usage.map_or(0, |usage| usage.webhooks);
            let about = Html(writer.count(webhooks, "webhook", "webhooks"));
            ("Tenant", &tenant.id, tenant.id.to_string(), about, "webhooks".to_owned())
        }
        Hit::Webhook(one) => {
            let to = format!("webhooks/{}", one.id);
            ("Webhook", &one.tenant, one.id.to_string(), theirs(&one.name), to)
        }
        Hit::Event(event) => {
            let at = writer.time(event.accepted_at);
            let about = Html(format!("{}, accepted {at}", event.content.event_type));
            let to = format!("deliveries?id={}", event.id);
            ("Event", &event.tenant, event.id.to_string(), about, to)
        }
        Hit::Delivery(one) => {
            let at = writer.time(one.id.accepted_at());
            let about =
                Html(format!("{}, {}, accepted {at}", one.event_type, one.status().as_str()));
            let to = format!("deliveries/{}", one.id);
            ("Delivery", &one.tenant, one.id.to_string(), about, to)
        }
    };
    let label = match hit {
        Hit::Tenant(_) => "View as tenant",
        Hit::Webhook(_) => "Open the webhook",
        Hit::Event(_) => "What became of it",
        Hit::Delivery(_) => "Open the delivery",
    };
    Row { kind, id, tenant: tenant.to_string(), about, to, label: label.to_owned() }
}
