//! The form of a webhook: of a new one, and of one that is changed. Before anything is saved it shows what would
//! arrive, or sends a sample.

use std::sync::Arc;

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use hooklane_api::Ports;
use hooklane_app::catalog::Freshness;
use hooklane_contract::Contract;
use hooklane_domain::ids::TenantId;
use hooklane_domain::webhook::Webhook;

use crate::form::Fields;
use crate::frame::{Frame, Place};
use crate::link;
use crate::oops::Oops;
use crate::pages::webhook::Exchange;
use crate::pages::{page, webhook};
use crate::settings::Portal;
use crate::visitor::Visitor;
use crate::written::{Html, heading, plain, theirs};

mod mistakes;
mod trial;
mod values;

pub(super) use mistakes::Mistakes;
pub(super) use values::{GREETING, Values};

use trial::{Filtered, Previewed, Tried};

/// Whose form it is.
pub(super) enum About {
    New,
    Saved(Box<Webhook>),
}

impl About {
    /// A saved webhook, for whoever may change it.
    pub(super) async fn saved<P: Ports>(
        portal: &Portal<P>,
        visitor: &Visitor,
        webhook: &str,
    ) -> Result<Self, Oops> {
        if !visitor.may_manage() {
            return Err(Oops::ReadOnly);
        }
        Ok(Self::Saved(Box::new(webhook::read(portal, visitor, webhook).await?)))
    }

    /// The saved webhook.
    pub(super) fn current(&self) -> Option<&Webhook> {
        match self {
            Self::New => None,
            Self::Saved(webhook) => Some(webhook),
        }
    }

    /// The address of the form. What is tried with it is below.
    pub(super) fn address(&self, tenant: &TenantId) -> String {
        match self {
            Self::New => link::to(tenant, "new"),
            Self::Saved(webhook) => link::to(tenant, format!("webhooks/{}/edit", webhook.id)),
        }
    }

    /// What belongs to the form is also its webhook's page, or the list.
    pub(super) fn back(&self, tenant: &TenantId) -> String {
        match self {
            Self::New => link::to(tenant, "webhooks"),
            Self::Saved(webhook) => link::to(tenant, format!("webhooks/{}", webhook.id)),
        }
    }
}

#[derive(Template)]
#[template(path = "form.html")]
struct Page {
    frame: Frame,
    is_first: bool,
    /// The name of the webhook that is changed.
    saved: Option<Html>,
    address: String,
    back: String,
    action: String,
    values: Values,
    groups: Vec<Group>,
    /// A pattern that matches some of the types.
    pattern: String,
    formats: Vec<Format>,
    samples: Vec<(String, bool)>,
    mistakes: Mistakes,
    preview: Option<Previewed>,
    exchange: Option<Exchange>,
}

impl Page {
    /// Whether the part with limits, headers and test mode is open.
    fn shows_more(&self) -> bool {
        let values = &self.values;
        let texts = [&values.timeout, &values.rate, &values.per, &values.headers];
        values.test_mode
            || texts.iter().any(|text| !text.is_empty())
            || self.mistakes.any(&["timeout", "rate", "headers", "testmode"])
    }
}

/// A pattern that matches some of the types: one that matches none would be refused.
fn pattern(groups: &[Group]) -> String {
    let mut types = groups.iter().flat_map(|group| &group.types);
    let first = types.find_map(|one| one.name.split_once('.').map(|(first, _)| first));
    first.map_or_else(|| "*".to_owned(), |first| format!("{first}.*"))
}

struct Group {
    name: String,
    types: Vec<Type>,
}

struct Type {
    name: String,
    description: String,
    is_chosen: bool,
}

struct Format {
    name: String,
    description: String,
    is_chosen: bool,
}

/// What the form shows beside its fields.
#[derive(Default)]
pub(super) struct Shown<'a> {
    mistakes: Mistakes,
    is_first: bool,
    done: Option<&'a str>,
    preview: Option<Previewed>,
    exchange: Option<Exchange>,
}

impl<'a> Shown<'a> {
    /// What is to be corrected.
    pub(super) fn wrong(mistakes: Mistakes) -> Self {
        Self { mistakes, ..Self::default() }
    }

    /// For a tenant that has no webhook yet, with what was done before.
    pub(super) fn first(done: Option<&'a str>) -> Self {
        Self { is_first: true, done, ..Self::default() }
    }
}

/// What is done with the form without saving it.
pub(super) async fn tried<P: Ports>(
    portal: &Arc<Portal<P>>,
    visitor: &Visitor,
    about: &About,
    (act, fields): (&str, &Fields),
) -> Result<Response, Oops> {
    let values = Values::of(fields);
    let shown = match act {
        "form" => Shown::default(),
        "address" => {
            let said = trial::address(portal, visitor, about, &values).await?;
            return Ok(said.into_response());
        }
        "preview" => match trial::preview(portal, visitor, about, &values).await? {
            Tried::Done(preview) => Shown { preview: Some(preview), ..Shown::default() },
            Tried::Wrong(mistakes) => Shown::wrong(mistakes),
        },
        "sample" => match trial::sample(portal, visitor, about, &values).await? {
            Tried::Done(exchange) => Shown { exchange: Some(exchange), ..Shown::default() },
            Tried::Wrong(mistakes) => Shown::wrong(mistakes),
        },
        _ => return Err(Oops::NoPage),
    };
    form(portal, visitor, about, values, shown).await
}

pub(super) async fn form<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    about: &About,
    mut values: Values,
    Shown { mistakes, is_first, done, preview, exchange }: Shown<'_>,
) -> Result<Response, Oops> {
    let deps = &portal.deps;
    if values.contract.is_empty() {
        let settings = &visitor.tenant.settings;
        let usual = &deps.catalog.defaults().contract;
        values.contract = settings.contract.as_ref().unwrap_or(usual).to_string();
    }
    let (registry, id) = (&deps.registry, visitor.id());
    let known = deps.catalog.types_of(registry, id, visitor.now, Freshness::Current).await?;
    let mut groups: Vec<Group> = Vec::new();
    let mut samples = Vec::new();
    for (name, _, definition) in known.types() {
        let name = name.to_string();
        samples.push((name.clone(), values.sample == name));
        let one = Type {
            is_chosen: values.events.contains(&name),
            description: plain(&definition.description),
            name,
        };
        let category = heading(&definition.category);
        match groups.iter_mut().find(|group| group.name == category) {
            Some(group) => group.types.push(one),
            None => groups.push(Group { name: category, types: vec![one] }),
        }
    }
    // Patterns, and types that the catalog has no more, have no box.
    let has_box = |event: &String| samples.iter().any(|(name, _)| name == event);
    let (events, others): (Vec<_>, Vec<_>) = values.events.into_iter().partition(has_box);
    values.events = events;
    if !others.is_empty() {
        let typed = Some(values.others.trim().to_owned()).filter(|text| !text.is_empty());
        values.others = others.into_iter().chain(typed).collect::<Vec<_>>().join(", ");
    }
    let format = |contract: &Contract| Format {
        name: contract.name().to_string(),
        description: contract.description().to_owned(),
        is_chosen: contract.name().as_str() == values.contract,
    };
    let formats = deps.contracts.iter().map(format).collect();
    let title = if about.current().is_some() { "Edit" } else { "New webhook" };
    let address = about.address(visitor.id());
    page(&Page {
        frame: Frame::new(visitor, Place::Webhooks, title).after(done),
        is_first,
        saved: about.current().map(|webhook| theirs(&webhook.name)),
        back: about.back(visitor.id()),
        action: match about {
            About::New => link::to(visitor.id(), "webhooks"),
            About::Saved(_) => address.clone(),
        },
        address,
        values,
        pattern: pattern(&groups),
        groups,
        formats,
        samples,
        mistakes,
        preview,
        exchange,
    })
}
