//! The OpenAPI document as an HTML page. It has no script and loads nothing from other hosts.

use askama::Template;
use serde_json::Value;

use crate::http::problem::Kind;

mod examples;
#[cfg(test)]
mod tests;

#[derive(Template)]
#[template(path = "reference.html")]
pub(crate) struct Page<'a> {
    title: &'a str,
    version: &'a str,
    paragraphs: Vec<&'a str>,
    base: &'a str,
    groups: Vec<Group<'a>>,
    schemas: Vec<Schema<'a>>,
    problems: &'static [Kind],
}

/// The operations of one tag.
struct Group<'a> {
    name: &'a str,
    operations: Vec<Operation<'a>>,
}

struct Operation<'a> {
    id: &'a str,
    method: String,
    path: &'a str,
    summary: &'a str,
    description: &'a str,
    /// The scopes it needs, or who may call it.
    access: String,
    parameters: Vec<Row<'a>>,
    /// The schema of the request body, and whether a body is required.
    body: Option<(Type, bool)>,
    request: Option<String>,
    responses: Vec<Response<'a>>,
    errors: Vec<Response<'a>>,
}

impl Operation<'_> {
    /// The statuses of its errors, as a text.
    fn error_statuses(&self) -> String {
        self.errors.iter().map(|error| error.status).collect::<Vec<_>>().join(", ")
    }
}

struct Response<'a> {
    status: &'a str,
    description: &'a str,
    body: Option<Type>,
    example: Option<String>,
}

/// A parameter or a field.
struct Row<'a> {
    name: &'a str,
    /// For a parameter: path, query or header.
    place: &'a str,
    required: bool,
    kind: Type,
    description: &'a str,
}

struct Schema<'a> {
    name: &'a str,
    description: &'a str,
    fields: Vec<Row<'a>>,
    /// The type, if it is not an object with fields.
    kind: Option<Type>,
    example: Option<String>,
}

/// A schema in words, and the named schema that it refers to.
struct Type {
    words: String,
    link: Option<String>,
}

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

impl<'a> Page<'a> {
    pub(crate) fn of(document: &'a Value) -> Self {
        let info = &document["info"];
        let mut groups: Vec<Group<'a>> = Vec::new();
        for (path, item) in entries(&document["paths"]) {
            for (method, operation) in entries(item) {
                if !METHODS.contains(&method) {
                    continue;
                }
                let name = text(&operation["tags"][0]);
                let operation = Operation::of(document, method, path, operation);
                match groups.iter_mut().find(|group| group.name == name) {
                    Some(group) => group.operations.push(operation),
                    None => groups.push(Group { name, operations: vec![operation] }),
                }
            }
        }
        let schemas = entries(&document["components"]["schemas"]);
        Self {
            title: text(&info["title"]),
            version: text(&info["version"]),
            paragraphs: text(&info["description"]).split("\n\n").collect(),
            base: text(&document["servers"][0]["url"]),
            groups,
            schemas: schemas.map(|(name, schema)| Schema::of(name, schema)).collect(),
            problems: Kind::ALL,
        }
    }
}

/// Splits a description at its backticks. The flag says whether a part is code.
fn parts(text: &str) -> impl Iterator<Item = (bool, &str)> {
    text.split('`').enumerate().map(|(number, part)| (number % 2 == 1, part))
}

impl<'a> Operation<'a> {
    fn of(document: &Value, method: &str, path: &'a str, operation: &'a Value) -> Self {
        let body = &operation["requestBody"];
        let responses = entries(&operation["responses"]).map(|(status, response)| Response {
            status,
            description: text(&response["description"]),
            body: content(response),
            // That of an error would be the same for all of them.
            example: schema_of(response)
                .filter(|_| !is_error(status))
                .and_then(|schema| examples::of(document, schema)),
        });
        let (responses, errors) = responses.partition(|response| !is_error(response.status));
        let parameters = items(&operation["parameters"]).map(|parameter| Row {
            name: text(&parameter["name"]),
            place: text(&parameter["in"]),
            required: parameter["required"] == true,
            kind: Type::of(&parameter["schema"]),
            description: text(&parameter["description"]),
        });
        Self {
            id: text(&operation["operationId"]),
            method: method.to_uppercase(),
            path,
            summary: text(&operation["summary"]),
            description: text(&operation["description"]),
            access: access(&operation["security"]),
            parameters: parameters.collect(),
            body: content(body).map(|kind| (kind, body["required"] == true)),
            request: schema_of(body).and_then(|schema| examples::of(document, schema)),
            responses,
            errors,
        }
    }
}

fn is_error(status: &str) -> bool {
    status.starts_with(['4', '5'])
}

fn access(security: &Value) -> String {
    let scopes: Vec<_> = items(security)
        .filter_map(|needed| needed.get("bearer"))
        .map(|scopes| items(scopes).map(text).collect::<Vec<_>>().join(" "))
        .collect();
    match scopes.first() {
        None => "open".to_owned(),
        Some(none) if none.is_empty() => "operator key".to_owned(),
        Some(scopes) => scopes.clone(),
    }
}

impl<'a> Schema<'a> {
    fn of(name: &'a str, schema: &'a Value) -> Self {
        // A schema that extends another lists its own fields in a part of `allOf`.
        let parts = std::iter::once(schema).chain(items(&schema["allOf"]));
        let fields: Vec<_> = parts.flat_map(fields).collect();
        let kind = fields.is_empty().then(|| Type::of(schema));
        let example = schema.get("example").and_then(|e| serde_json::to_string_pretty(e).ok());
        Self { name, description: text(&schema["description"]), fields, kind, example }
    }
}

fn fields(schema: &Value) -> impl Iterator<Item = Row<'_>> {
    entries(&schema["properties"]).map(|(name, field)| Row {
        name,
        place: "",
        required: items(&schema["required"]).any(|required| required == name),
        kind: Type::of(field),
        description: text(&field["description"]),
    })
}

impl Type {
    fn of(schema: &Value) -> Self {
        if let Some(name) = schema["$ref"].as_str().and_then(|r| r.rsplit('/').next()) {
            return Self { words: name.to_owned(), link: Some(name.to_owned()) };
        }
        let choices = ["oneOf", "anyOf", "allOf"].into_iter().flat_map(|all| items(&schema[all]));
        let choices: Vec<_> =
            choices.filter(|choice| choice["type"] != "null").map(Self::of).collect();
        if let Some(link) = choices.iter().find_map(|choice| choice.link.clone()) {
            let words: Vec<_> = choices.into_iter().map(|choice| choice.words).collect();
            return Self { words: words.join(" or "), link: Some(link) };
        }
        let mut words = kind(schema);
        if let Some(items) = schema.get("items") {
            let items = Self::of(items);
            return Self { words: format!("list of {}", items.words), link: items.link };
        }
        let bounds = [
            ("minimum", "from"),
            ("maximum", "to"),
            ("minLength", "from"),
            ("maxLength", "to"),
            ("pattern", "matching"),
        ];
        for (name, word) in bounds {
            if let Some(bound) = schema.get(name) {
                words = format!("{words} {word} {}", plain(bound));
            }
        }
        Self { words, link: None }
    }
}

fn kind(schema: &Value) -> String {
    let allowed: Vec<_> = items(&schema["enum"]).map(plain).collect();
    if !allowed.is_empty() {
        return allowed.join(", ");
    }
    match &schema["type"] {
        Value::Array(kinds) => {
            kinds.iter().map(text).filter(|k| *k != "null").collect::<Vec<_>>().join(" or ")
        }
        Value::String(kind) => kind.clone(),
        _ => "any JSON".to_owned(),
    }
}

fn content(of: &Value) -> Option<Type> {
    schema_of(of).map(Type::of)
}

fn schema_of(body: &Value) -> Option<&Value> {
    content_schemas(body).next()
}

/// The schemas of a body, one for each media type.
fn content_schemas(body: &Value) -> impl Iterator<Item = &Value> {
    entries(&body["content"]).map(|(_, content)| &content["schema"])
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}
