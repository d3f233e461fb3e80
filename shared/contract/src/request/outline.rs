//! What requests look like under a contract, as JSON Schema of draft 2020-12 says it: for people who write a
//! receiver, and for their tools. It follows from the same templates that write the requests.

use hooklane_domain::ids::EventType;
use serde_json::{Map, Value, json};

use super::RequestFormat;
use super::body::BodyTemplate;
use super::placeholder::{Placeholder, PlaceholderName};
use super::signature::{SignatureRule, next_name};
use super::template::Template;
use crate::time_format::TimeFormat;

/// The requests that events of one type make.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline {
    pub content_type: String,
    /// Without `Content-Type`, in the order in which they are sent.
    pub headers: Vec<HeaderOutline>,
    /// The schema of the body.
    pub body: Value,
}

/// A header of these requests.
#[derive(Debug, Clone, PartialEq)]
pub struct HeaderOutline {
    pub name: String,
    pub description: String,
    /// Whether every request has it.
    pub always: bool,
    /// The schema of its value.
    pub schema: Value,
}

impl RequestFormat {
    /// Outlines the requests of an event type. `data` is the schema of the data of its events.
    pub(crate) fn outline(&self, event_type: &EventType, data: &Value) -> Outline {
        let agent = HeaderOutline {
            name: "User-Agent".to_owned(),
            description: "Who sends it. A webhook may have another.".to_owned(),
            always: true,
            schema: json!({ "type": "string" }),
        };
        let headers = self.headers.iter().flat_map(|(name, template)| {
            let header = self.header(name, template, event_type);
            let next = self.signature.has_one(template).then(|| HeaderOutline {
                name: next_name(name),
                description: format!(
                    "The signature of the new secret, while a secret is rotated: as {name}, which then has that \
                     of the old one."
                ),
                always: false,
                schema: json!({ "type": "string" }),
            });
            std::iter::once(header).chain(next)
        });
        Outline {
            content_type: self.content_type.clone(),
            headers: std::iter::once(agent).chain(headers).collect(),
            body: schema(&self.body, &Parts { event_type, data }),
        }
    }

    fn header(&self, name: &str, template: &Template, event_type: &EventType) -> HeaderOutline {
        let (description, schema) = if SignatureRule::is_in(template) {
            (self.signature_in_words(), json!({ "type": "string" }))
        } else if let Some(placeholder) = template.alone() {
            (words(placeholder), of_placeholder(placeholder, event_type))
        } else {
            (format!("Written as `{template}`."), of_text(template, event_type))
        };
        HeaderOutline { name: name.to_owned(), description, always: true, schema }
    }
}

/// What the schema of a body is made of.
struct Parts<'a> {
    event_type: &'a EventType,
    data: &'a Value,
}

fn schema(template: &BodyTemplate, parts: &Parts<'_>) -> Value {
    match template {
        BodyTemplate::Literal(text) => json!({ "const": literal(text) }),
        BodyTemplate::Text(text) => of_text(text, parts.event_type),
        BodyTemplate::Value(placeholder) => match placeholder.name {
            PlaceholderName::EventData => parts.data.clone(),
            _ => described(of_placeholder(placeholder, parts.event_type), words(placeholder)),
        },
        BodyTemplate::Array(items) => of_array(items, parts),
        BodyTemplate::Object(entries) => {
            let properties: Map<_, _> =
                entries.iter().map(|(key, entry)| (key.clone(), schema(entry, parts))).collect();
            let always = entries.iter().filter(|(_, entry)| !entry.may_be_absent());
            let required: Vec<_> = always.map(|(key, _)| key.as_str()).collect();
            let mut object = json!({ "type": "object", "properties": properties });
            if !required.is_empty() {
                object["required"] = json!(required);
            }
            object
        }
    }
}

/// An item that has no value is left out, and those after it move up.
fn of_array(items: &[BodyTemplate], parts: &Parts<'_>) -> Value {
    let schemas: Vec<_> = items.iter().map(|item| schema(item, parts)).collect();
    let always = items.iter().filter(|item| !item.may_be_absent()).count();
    let mut array = json!({ "type": "array", "minItems": always, "maxItems": items.len() });
    if schemas.is_empty() {
        return array;
    }
    if always == items.len() {
        array["prefixItems"] = json!(schemas);
    } else {
        array["items"] = json!({ "anyOf": schemas });
    }
    array
}

fn of_text(template: &Template, event_type: &EventType) -> Value {
    let known = template.render(|name| match name {
        PlaceholderName::EventType => Some(event_type.to_string()),
        _ => None,
    });
    // A default would be used for a value that is not known here.
    let is_known = template.names().all(|name| name == PlaceholderName::EventType);
    match known.filter(|_| is_known) {
        Some(text) => json!({ "type": "string", "const": text }),
        None => described(json!({ "type": "string" }), format!("Written as `{template}`.")),
    }
}

/// The schema of the value that takes the place of a placeholder which stands alone.
fn of_placeholder(placeholder: &Placeholder, event_type: &EventType) -> Value {
    match placeholder.name {
        PlaceholderName::EventType => json!({ "type": "string", "const": event_type.as_str() }),
        PlaceholderName::EventTimestamp(format)
        | PlaceholderName::EventAcceptedAt(format)
        | PlaceholderName::DeliveryCreatedAt(format)
        | PlaceholderName::AttemptTimestamp(format) => of_time(format),
        PlaceholderName::AttemptNumber => json!({ "type": "integer", "minimum": 1 }),
        PlaceholderName::EventMetadata => json!({ "type": "object" }),
        // It has a schema of its own.
        PlaceholderName::EventData => json!({}),
        PlaceholderName::EventId
        | PlaceholderName::EventTenant
        | PlaceholderName::EventVersion
        | PlaceholderName::DeliveryId
        | PlaceholderName::WebhookId
        | PlaceholderName::WebhookName
        | PlaceholderName::Signature
        | PlaceholderName::Body => json!({ "type": "string" }),
    }
}

fn of_time(format: TimeFormat) -> Value {
    match format {
        TimeFormat::Unix => json!({ "type": "integer" }),
        TimeFormat::Rfc3339 | TimeFormat::Rfc3339Ms => {
            json!({ "type": "string", "format": "date-time" })
        }
    }
}

fn words(placeholder: &Placeholder) -> String {
    let at = |what: &str, format| match format {
        TimeFormat::Unix => format!("{what}, in whole seconds since 1970."),
        TimeFormat::Rfc3339 => format!("{what}, in UTC and whole seconds."),
        TimeFormat::Rfc3339Ms => format!("{what}, in UTC and milliseconds."),
    };
    let text = match placeholder.name {
        PlaceholderName::EventId => "The event's id. It is the same on every attempt.",
        PlaceholderName::EventTenant => "The tenant's id.",
        PlaceholderName::EventType => "The event's type.",
        PlaceholderName::EventVersion => match &placeholder.default {
            Some(default) => {
                return format!("The version that the producer gives, or `{default}`.");
            }
            None => "The version that the producer gives, if it gives one.",
        },
        PlaceholderName::EventTimestamp(format) => return at("When the event happened", format),
        PlaceholderName::EventAcceptedAt(format) => {
            return at("When the event was accepted", format);
        }
        PlaceholderName::EventData => "The event's data.",
        PlaceholderName::EventMetadata => "What the producer gives beside the data, if anything.",
        PlaceholderName::DeliveryId => "The delivery's id. It is the same on every attempt.",
        PlaceholderName::DeliveryCreatedAt(format) => {
            return at("When the delivery was created, the same on every attempt", format);
        }
        PlaceholderName::WebhookId => "The webhook's id.",
        PlaceholderName::WebhookName => "The webhook's name.",
        PlaceholderName::AttemptTimestamp(format) => return at("When this attempt began", format),
        PlaceholderName::AttemptNumber => "The number of this attempt, from 1.",
        PlaceholderName::Signature => "The signature.",
        PlaceholderName::Body => "The body.",
    };
    text.to_owned()
}

fn described(mut schema: Value, description: String) -> Value {
    schema["description"] = description.into();
    schema
}

/// A number, `true`, `false` or `null` of a template. The loader has read it as JSON before.
fn literal(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}
