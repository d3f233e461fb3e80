//! The event types of a tenant: description, fields, sample, schema, and all of them as an OpenAPI document.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use hooklane_api::Ports;
use hooklane_app::catalog::Freshness;
use hooklane_app::openapi::{Order, describe};
use hooklane_domain::ids::{ContractName, EventType};
use serde_json::Value;

use crate::frame::{Frame, Place};
use crate::oops::Oops;
use crate::pages::exports::file;
use crate::pages::page;
use crate::query::Query;
use crate::settings::Portal;
use crate::visitor::Visitor;
use crate::written::{Html, heading, plain, seen};
use crate::{json, link};

#[derive(Template)]
#[template(path = "types.html")]
struct Page {
    frame: Frame,
    wanted: String,
    groups: Vec<Group>,
    count: String,
    chosen: Option<Chosen>,
    /// Where the document is.
    document: String,
    formats: Vec<Format>,
}

struct Format {
    name: String,
    is_usual: bool,
}

/// The types of a category.
pub(super) struct Group {
    pub(super) name: String,
    pub(super) types: Vec<Listed>,
}

pub(super) struct Listed {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) address: String,
    pub(super) is_chosen: bool,
}

struct Chosen {
    name: String,
    description: Html,
    fields: Html,
    sample: Html,
    schema: Html,
    new: String,
}

pub(crate) async fn list<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    visitor: Visitor,
    Query(query): Query,
) -> Result<Response, Oops> {
    let deps = &portal.deps;
    let of = (&deps.registry, visitor.id());
    let known = deps.catalog.types_of(of.0, of.1, visitor.now, Freshness::Current).await?;
    let wanted = query.text("q").unwrap_or_default().to_lowercase();
    let shown = query.text("show").and_then(|text| text.parse::<EventType>().ok());
    let mut groups: Vec<Group> = Vec::new();
    let (mut count, mut chosen) = (0, None);
    for (name, _, definition) in known.types() {
        let description = plain(&definition.description);
        let fits = name.as_str().to_lowercase().contains(&wanted)
            || description.to_lowercase().contains(&wanted);
        let is_chosen = shown.as_ref() == Some(name);
        if is_chosen {
            let text = definition.schema.text().as_str();
            let schema = serde_json::from_str(text).unwrap_or(Value::Null);
            chosen = Some(Chosen {
                name: name.to_string(),
                description: seen(&definition.description),
                fields: tree(&schema, 0),
                sample: json::body(definition.sample.as_str(), "Sample"),
                schema: json::body(text, "JSON Schema"),
                new: link::with(visitor.id(), "new", &[("event", name.as_str())]),
            });
        }
        if !fits {
            continue;
        }
        count += 1;
        let query = [("q", wanted.as_str()), ("show", name.as_str())];
        let listed = Listed {
            name: name.to_string(),
            description,
            address: link::with(visitor.id(), "types", &query) + "#chosen",
            is_chosen,
        };
        let category = heading(&definition.category);
        match groups.iter_mut().find(|group| group.name == category) {
            Some(group) => group.types.push(listed),
            None => groups.push(Group { name: category, types: vec![listed] }),
        }
    }
    let usual = deps.catalog.defaults().contract_of(&visitor.tenant.settings);
    let format = |name: &ContractName| Format { name: name.to_string(), is_usual: name == usual };
    page(&Page {
        document: link::to(visitor.id(), "types/openapi.json"),
        formats: deps.contracts.names().map(format).collect(),
        frame: Frame::new(&visitor, Place::Types, "Event types"),
        wanted,
        groups,
        count: visitor.writer.count(count, "event type", "event types"),
        chosen,
    })
}

/// The OpenAPI document of the requests in a format, as a file.
pub(crate) async fn described<P: Ports>(
    State(portal): State<Arc<Portal<P>>>,
    visitor: Visitor,
    Query(query): Query,
) -> Result<Response, Oops> {
    let format = query.text("format").map(str::parse).transpose().map_err(|_| Oops::NoPage)?;
    let order = Order { format, events: Vec::new() };
    let deps = &portal.deps;
    let from = (&deps.catalog, &deps.contracts);
    let described = describe(&deps.registry, from, &visitor.tenant, &order, visitor.now).await?;
    Ok(file("application/json", &described.file_name, described.text))
}

/// Deeper than this, fields are left to the schema.
const MAX_DEPTH: usize = 6;

/// The fields of an object's schema, each with what it is.
fn tree(schema: &Value, depth: usize) -> Html {
    let Some(fields) = schema["properties"].as_object().filter(|_| depth < MAX_DEPTH) else {
        return Html::default();
    };
    let required = |name: &str| {
        schema["required"].as_array().is_some_and(|names| names.iter().any(|one| one == name))
    };
    let mut out = String::from("<ul>");
    for (name, field) in fields {
        let always = if required(name) { ", always there" } else { "" };
        let words = format!("{}{always}{}", kind(field), about(field));
        let inner = match &field["items"] {
            items if items.is_object() => tree(items, depth + 1),
            _ => tree(field, depth + 1),
        };
        let line = format!("<code>{}</code> <span>{words}</span>", seen(name));
        out.push_str(&match inner.0.as_str() {
            "" => format!("<li>{line}</li>"),
            inner => {
                let open = if depth == 0 { " open" } else { "" };
                format!("<li><details{open}><summary>{line}</summary>{inner}</details></li>")
            }
        });
    }
    out.push_str("</ul>");
    Html(out)
}

fn kind(field: &Value) -> String {
    if let Some(values) = field["enum"].as_array() {
        let shown: Vec<_> = values.iter().take(6).map(|value| seen(&value.to_string()).0).collect();
        return format!("one of {}", shown.join(", "));
    }
    match field["type"].as_str() {
        Some("string") => match field["format"].as_str() {
            Some("date-time") => "time".to_owned(),
            Some(format) => format!("text ({})", seen(format)),
            None => "text".to_owned(),
        },
        Some("integer") => "whole number".to_owned(),
        Some("number") => "number".to_owned(),
        Some("boolean") => "true or false".to_owned(),
        Some("array") => "list".to_owned(),
        Some("object") => "object".to_owned(),
        _ => "anything".to_owned(),
    }
}

fn about(field: &Value) -> String {
    field["description"].as_str().map(|text| format!(": {}", seen(text))).unwrap_or_default()
}
