//! Builds the document, without input or output.

use std::collections::BTreeMap;

use hooklane_catalog::{Definition, reference_to};
use hooklane_contract::{Contract, HeaderOutline, Outline};
use hooklane_domain::event::Fingerprint;
use hooklane_domain::ids::EventType;
use hooklane_domain::webhook::Signing;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::example;
use super::parts::{Info, MediaType, Operation, Parameter, PathItem, RequestBody, Tag};
use super::written::{Layout, written};
use crate::webhooks::example_secret;

/// What a document is about.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    pub title: &'a str,
    pub contract: &'a Contract,
    /// In order of their names, each once.
    pub types: &'a [(&'a EventType, &'a Definition)],
}

/// The document has no room even without its examples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge;

impl Document<'_> {
    /// The document as JSON, in at most `most` bytes as a JSON string. If it has no room, its examples and its white
    /// space are left out.
    pub fn text(&self, most: usize) -> Result<String, TooLarge> {
        let whole = self.versioned(true, Layout::Lines, most);
        whole.or_else(|| self.versioned(false, Layout::Compact, most)).ok_or(TooLarge)
    }

    /// The version is made of all the rest, so the rest is written first.
    fn versioned(&self, examples: bool, layout: Layout, most: usize) -> Option<String> {
        let rest = written(&self.root("", examples), layout, most)?;
        let digest = Fingerprint::of(&rest).to_hex();
        let version = digest.get(..VERSION_DIGITS).unwrap_or(&digest);
        written(&self.root(version, examples), layout, most)
    }

    fn root<'a>(&'a self, version: &'a str, examples: bool) -> Root<'a> {
        let mut categories: Vec<&str> = Vec::new();
        for (_, definition) in self.types {
            if !categories.contains(&definition.category.as_str()) {
                categories.push(&definition.category);
            }
        }
        Root {
            openapi: "3.1.0",
            info: Info { title: self.title, description: self.introduction(examples), version },
            tags: categories.into_iter().map(|name| Tag { name }).collect(),
            paths: Map::new(),
            webhooks: Webhooks { document: self, examples },
            components: Components { schemas: Schemas(self), responses: responses(self.contract) },
        }
    }

    fn introduction(&self, examples: bool) -> String {
        let name = self.contract.name();
        let about = self.contract.description();
        let examples = if examples {
            let secret = example_secret(self.contract, Signing::Hmac);
            format!("The examples are signed with the secret `{}`.", secret.expose())
        } else {
            "There are no examples, because they would make it too large.".to_owned()
        };
        format!(
            "The requests that webhooks get, one for each event type, in the format `{name}` ({about}). The data is as \
             its producer sent it: it always fits its schema if the tenant is strict, and a webhook with a transform \
             gets what that makes. A webhook may have headers of its own beside these. Other headers and fields may \
             be added. {examples}"
        )
    }

    fn item<'a>(
        &'a self,
        (name, definition): (&'a EventType, &'a Definition),
        examples: bool,
    ) -> PathItem<'a> {
        let outline = self.outline(name);
        let sent = if examples { example::request(self.contract, name, definition) } else { None };
        let (headers, body) =
            sent.map_or((Vec::new(), None), |sent| (sent.headers, Some(sent.body)));
        let schema = body_reference(name, &outline);
        let media = MediaType { schema, example: body.and_then(|b| RawValue::from_string(b).ok()) };
        PathItem {
            post: Operation {
                operation_id: name.as_str(),
                summary: name.as_str(),
                description: &definition.description,
                tags: [&definition.category],
                parameters: outline.headers.into_iter().map(|h| parameter(h, &headers)).collect(),
                request_body: RequestBody {
                    required: true,
                    content: BTreeMap::from([(outline.content_type, media)]),
                },
                responses: references(self.contract),
            },
        }
    }

    fn outline(&self, name: &EventType) -> Outline {
        self.contract.outline(name, &reference_to(name.as_str()))
    }
}

const VERSION_DIGITS: usize = 12;

#[derive(Serialize)]
struct Root<'a> {
    openapi: &'static str,
    info: Info<'a>,
    tags: Vec<Tag<'a>>,
    /// There are none, but some tools ask for them.
    paths: Map<String, Value>,
    webhooks: Webhooks<'a>,
    components: Components<'a>,
}

#[derive(Serialize)]
struct Components<'a> {
    schemas: Schemas<'a>,
    responses: Value,
}

/// The webhooks of all types. Each is made when it is written, so that only one is in memory.
struct Webhooks<'a> {
    document: &'a Document<'a>,
    examples: bool,
}

impl Serialize for Webhooks<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { document, examples } = *self;
        serializer
            .collect_map(document.types.iter().map(|one| (one.0, document.item(*one, examples))))
    }
}

/// The schemas of all types, in the same way: of the data under the type's name, and of the body if that is more than
/// the data.
struct Schemas<'a>(&'a Document<'a>);

impl Serialize for Schemas<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.types.iter().flat_map(|(name, definition)| {
            let body = body_component(name);
            let mut schemas = definition.schema.components(name, &[&body]);
            let outline = self.0.outline(name);
            if outline.body != reference_to(name.as_str()) {
                schemas.push((body, outline.body));
            }
            schemas
        }))
    }
}

fn body_component(name: &EventType) -> String {
    format!("{name}..body")
}

/// Where the schema of the body is.
fn body_reference(name: &EventType, outline: &Outline) -> Value {
    let data = reference_to(name.as_str());
    if outline.body == data { data } else { reference_to(&body_component(name)) }
}

fn parameter(header: HeaderOutline, sent: &[(String, String)]) -> Parameter {
    let HeaderOutline { name, description, always, schema } = header;
    let text = sent.iter().find(|(other, _)| *other == name).map(|(_, text)| text);
    let example = text.map(|text| match text.parse::<i64>() {
        Ok(number) if schema["type"] == "integer" => number.into(),
        _ => text.as_str().into(),
    });
    Parameter { name, place: "header", description, required: always, schema, example }
}

/// What a receiver may answer, and what that means. One place decides it: `Outcome::verdict`.
fn responses(contract: &Contract) -> Value {
    let seconds = contract.timeout().as_secs();
    let retries = contract.retry().max_retries();
    let retried = match retries {
        0 => "not retried, unless the webhook has a retry policy of its own".to_owned(),
        1 => "retried once, unless the webhook has a retry policy of its own".to_owned(),
        _ => format!(
            "retried up to {retries} times, unless the webhook has a retry policy of its own"
        ),
    };
    let later = json!({
        "description": "As any other failure, and the next attempt waits at least as long as `Retry-After` says.",
        "headers": {
            "Retry-After": {
                "description": "A number of seconds, or an HTTP date.",
                "schema": { "type": "string" }
            }
        }
    });
    let mut all = json!({
        "Success": {
            "description": format!(
                "The event was received. An answer in time begins within {seconds} seconds, unless the webhook has a \
                 time limit of its own. Its body means nothing."
            )
        },
        "Later": later,
        "Failure": {
            "description": format!("Any other status is a failure, a redirect too: the delivery is {retried}.")
        }
    });
    if contract.gone_disables() {
        let gone = "The receiver is gone for good: the webhook is disabled, and the delivery is not retried.";
        all["Gone"] = json!({ "description": gone });
    }
    all
}

fn references(contract: &Contract) -> Value {
    let reference = |name: &str| json!({ "$ref": format!("#/components/responses/{name}") });
    let mut all = json!({ "2XX": reference("Success") });
    if contract.gone_disables() {
        all["410"] = reference("Gone");
    }
    all["429"] = reference("Later");
    all["503"] = reference("Later");
    all["default"] = reference("Failure");
    all
}

#[cfg(test)]
mod tests;
