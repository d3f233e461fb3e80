//! A new webhook: one page with everything that it needs, and what may be left out.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use hooklane_api::Ports;
use hooklane_app::catalog::Freshness;
use hooklane_app::webhooks::{self, RegisterError};
use hooklane_domain::json::fields::FieldErrors;
use serde_json::{Map, Value, json};

use crate::form::{Act, Fields};
use crate::frame::{Frame, Place};
use crate::oops::Oops;
use crate::pages::{page, webhook};
use crate::query::Query;
use crate::settings::Portal;
use crate::visitor::Visitor;
use crate::written::{heading, plain};

#[derive(Template)]
#[template(path = "new.html")]
struct Page {
    frame: Frame,
    is_first: bool,
    values: Values,
    groups: Vec<Group>,
    formats: Vec<Format>,
    /// Mistakes, each with the field that it is about.
    errors: Vec<(String, String)>,
}

/// What is in the form's fields.
#[derive(Default)]
struct Values {
    url: String,
    name: String,
    events: Vec<String>,
    others: String,
    contract: String,
    filter: String,
    transform: String,
    timeout: String,
    rate: String,
    headers: String,
    test_mode: bool,
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

impl Values {
    fn of(fields: &Fields) -> Self {
        let text = |name: &str| fields.raw(name).unwrap_or_default().to_owned();
        Self {
            url: text("url"),
            name: text("name"),
            events: fields.all("events").map(ToOwned::to_owned).collect(),
            others: text("others"),
            contract: text("contract"),
            filter: text("filter"),
            transform: text("transform"),
            timeout: text("timeout"),
            rate: text("rate"),
            headers: text("headers"),
            test_mode: fields.has("testMode"),
        }
    }

    /// The body as the API takes it, so that it is read and judged by the same rules.
    fn body(&self) -> String {
        let mut body = Map::new();
        let mut put = |name: &str, value: Value| drop(body.insert(name.to_owned(), value));
        put("url", json!(self.url.trim()));
        let others =
            self.others.split([',', ' ', '\n']).map(str::trim).filter(|text| !text.is_empty());
        let events: Vec<&str> = self.events.iter().map(String::as_str).chain(others).collect();
        put("events", json!(events));
        for (name, text) in [
            ("name", &self.name),
            ("contract", &self.contract),
            ("filter", &self.filter),
            ("transform", &self.transform),
        ] {
            if !text.trim().is_empty() {
                put(name, json!(text.trim()));
            }
        }
        if !self.timeout.trim().is_empty() {
            put("timeoutSeconds", number(&self.timeout));
        }
        if !self.rate.trim().is_empty() {
            put("rateLimit", json!({"requests": number(&self.rate), "perSeconds": 60}));
        }
        let mut headers = Map::new();
        for line in self.headers.lines().filter(|line| !line.trim().is_empty()) {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            headers.insert(name.trim().to_owned(), json!(value.trim()));
        }
        if !headers.is_empty() {
            put("headers", Value::Object(headers));
        }
        if self.test_mode {
            put("testMode", json!(true));
        }
        Value::Object(body).to_string()
    }
}

/// A number as it was typed; what is none stays a text, and is refused as such.
fn number(text: &str) -> Value {
    text.trim().parse::<u64>().map_or_else(|_| json!(text.trim()), |number| json!(number))
}

pub(crate) async fn show<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    visitor: Visitor,
    Query(query): Query,
) -> Result<Response, Oops> {
    if !visitor.may_manage() {
        return Err(Oops::ReadOnly);
    }
    let events = query.text("event").map(ToOwned::to_owned).into_iter().collect();
    let url = query.text("url").unwrap_or_default().to_owned();
    let values = Values { url, events, ..Values::default() };
    form(&portal, &visitor, values, Shown::default()).await
}

/// The form for a tenant that has no webhook yet.
pub(super) async fn first<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    done: Option<&str>,
) -> Result<Response, Oops> {
    form(portal, visitor, Values::default(), Shown { is_first: true, done, ..Shown::default() })
        .await
}

/// What the form says beside its fields.
#[derive(Default)]
struct Shown<'a> {
    errors: Vec<(String, String)>,
    is_first: bool,
    done: Option<&'a str>,
}

async fn form<P: Ports>(
    portal: &Portal<P>,
    visitor: &Visitor,
    mut values: Values,
    Shown { errors, is_first, done }: Shown<'_>,
) -> Result<Response, Oops> {
    let deps = &portal.deps;
    if values.contract.is_empty() {
        let settings = &visitor.tenant.settings;
        let usual = &deps.catalog.defaults().contract;
        values.contract = settings.contract.as_ref().unwrap_or(usual).to_string();
    }
    let known = deps
        .catalog
        .types_of(&deps.registry, visitor.id(), visitor.now, Freshness::Current)
        .await?;
    let mut groups: Vec<Group> = Vec::new();
    for (name, _, definition) in known.types() {
        let one = Type {
            name: name.to_string(),
            description: plain(&definition.description),
            is_chosen: values.events.iter().any(|event| event == name.as_str()),
        };
        let category = heading(&definition.category);
        match groups.iter_mut().find(|group| group.name == category) {
            Some(group) => group.types.push(one),
            None => groups.push(Group { name: category, types: vec![one] }),
        }
    }
    let format = |contract: &hooklane_contract::Contract| Format {
        name: contract.name().to_string(),
        description: contract.description().to_owned(),
        is_chosen: contract.name().as_str() == values.contract,
    };
    let formats = deps.contracts.iter().map(format).collect();
    let frame = Frame::new(visitor, Place::Webhooks, "New webhook").after(done);
    page(&Page { frame, is_first, values, groups, formats, errors })
}

/// Registers it, and shows the secret; or shows the form again with what is to be corrected.
pub(crate) async fn create<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    Act { visitor, fields }: Act,
) -> Result<Response, Oops> {
    let values = Values::of(&fields);
    let deps = &portal.deps;
    let (rules, quotas) = (deps.rules_of(&visitor.tenant), deps.quotas_of(&visitor.tenant));
    let (checked, tenant) = ((rules, &quotas), visitor.id().clone());
    match webhooks::register(&deps.registry, &deps.system, checked, tenant, &values.body()).await {
        Ok(created) => webhook::secret(
            &portal,
            &visitor,
            &created,
            "It is created. This is its signing secret",
        ),
        Err(RegisterError::Invalid(errors)) => {
            let shown = Shown { errors: listed(&errors), ..Shown::default() };
            form(&portal, &visitor, values, shown).await
        }
        Err(other) => Err(other.into()),
    }
}

fn listed(errors: &FieldErrors) -> Vec<(String, String)> {
    errors.as_slice().iter().map(|error| (error.path.clone(), plain(&error.message))).collect()
}
