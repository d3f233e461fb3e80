//! What generators of clients need of the document: plain shapes, examples that work, header parameters.

use std::collections::BTreeSet;

use lambda_http::http::StatusCode;
use serde_json::Value;

use super::super::service::{Fakes, Service};
use super::super::{inspecting, searching};

fn document() -> Value {
    serde_json::from_str(&crate::openapi_json::<Fakes>().unwrap()).unwrap()
}

/// The operations, each with its path and method.
fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let items = document["paths"].as_object().unwrap().iter();
    items.flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

/// Every schema below a node, examples left out.
fn schemas<'a>(node: &'a Value, found: &mut Vec<&'a Value>) {
    match node {
        Value::Object(fields) => {
            found.push(node);
            let parts = fields.iter().filter(|(key, _)| !key.starts_with("example"));
            parts.for_each(|(_, value)| schemas(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| schemas(item, found)),
        _ => {}
    }
}

/// The names of the components that a node refers to, at any depth.
fn reachable(document: &Value, node: &Value, names: &mut BTreeSet<String>) {
    let mut found = Vec::new();
    schemas(node, &mut found);
    for reference in found.into_iter().filter_map(|schema| schema["$ref"].as_str()) {
        let name = reference.rsplit('/').next().unwrap();
        if names.insert(name.to_owned()) {
            reachable(document, &document["components"]["schemas"][name], names);
        }
    }
}

/// Programs that leave such a body out fail before they send anything, with some generators.
#[test]
fn no_body_as_a_whole_may_be_null() {
    let document = document();
    let mut optional = 0;
    for (path, method, operation) in operations(&document) {
        let body = &operation["requestBody"];
        let schema = &body["content"]["application/json"]["schema"];
        let mut found = Vec::new();
        schemas(schema, &mut found);
        assert!(found.iter().all(|part| part["type"] != "null"), "{method} {path}: {schema}");
        optional += usize::from(body.is_object() && body["required"] != true);
    }
    assert!(optional > 2, "rotations, resuming and tests need no body");
}

/// Where a secret is always shown, a client need not ask whether it is there.
#[test]
fn what_makes_a_secret_shows_it() {
    let document = document();
    let made = |path: &str, status: &str| {
        let schema = &document["paths"][path]["post"]["responses"][status]["content"]["application/json"]
            ["schema"]["$ref"];
        let name = schema.as_str().unwrap().rsplit('/').next().unwrap();
        let parts = document["components"]["schemas"][name]["allOf"].as_array().unwrap();
        parts.iter().any(|part| part["required"][0] == "secret")
    };
    assert!(made("/webhooks", "201") && made("/keys", "201") && made("/keys/{key}/rotate", "200"));
}

/// Generators refuse a value of several types, or make classes for it that cannot be used.
#[test]
fn a_value_has_one_type() {
    let document = document();
    let mut found = Vec::new();
    schemas(&document["components"]["schemas"], &mut found);
    for schema in found {
        let kinds = schema["type"].as_array().into_iter().flatten().filter(|kind| *kind != "null");
        assert!(kinds.count() <= 1, "{schema}");
        for several in ["oneOf", "anyOf"] {
            let ways = schema[several].as_array().into_iter().flatten();
            assert!(ways.filter(|way| way["type"] != "null").count() <= 1, "{schema}");
        }
    }
}

#[test]
fn data_and_samples_may_be_any_json() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    for (name, field) in [
        ("NewEvent", "data"),
        ("NewEventType", "sample"),
        ("EventContent", "data"),
        ("EventType", "sample"),
        ("TestTransform", "data"),
    ] {
        let schema = schemas[name]["properties"][field].as_object().unwrap();
        let mut rules =
            schema.keys().filter(|key| !["description", "example"].contains(&key.as_str()));
        assert_eq!(rules.next(), None, "{name}.{field}");
    }
}

#[test]
fn answers_never_hold_null() {
    let document = document();
    let (mut requested, mut answered) = (BTreeSet::new(), BTreeSet::new());
    for (_, _, operation) in operations(&document) {
        reachable(&document, &operation["requestBody"], &mut requested);
        reachable(&document, &operation["responses"], &mut answered);
    }
    let only_answers: Vec<_> = answered.difference(&requested).collect();
    assert!(only_answers.len() > 30, "{only_answers:?}");
    for name in only_answers {
        let text = document["components"]["schemas"][name].to_string();
        assert!(!text.contains("\"null\""), "{name}: {text}");
    }
}

/// The operator's client has to name the tenant, wherever a tenant's own client need not.
#[test]
fn operations_of_a_tenant_take_its_id_as_a_header() {
    let document = document();
    for (path, method, operation) in operations(&document) {
        let scopes = operation["security"][0]["bearer"].as_array();
        let expected = scopes.is_some_and(|scopes| !scopes.is_empty());
        let mut parameters = operation["parameters"].as_array().into_iter().flatten();
        let found = parameters.find(|p| p["name"] == "X-Tenant-Id");
        assert_eq!(found.is_some(), expected, "{method} {path}");
        if let Some(parameter) = found {
            assert_eq!(
                (parameter["in"].as_str(), &parameter["required"]),
                (Some("header"), &false.into())
            );
        }
    }
}

#[tokio::test]
async fn every_body_has_an_example_that_is_accepted() {
    let document = document();
    let mut tried = 0;
    for (path, method, operation) in operations(&document) {
        let content = &operation["requestBody"]["content"]["application/json"];
        if content.is_null() {
            continue;
        }
        let direct = content["schema"]["$ref"].as_str().or_else(|| {
            content["schema"]["oneOf"].as_array()?.iter().find_map(|way| way["$ref"].as_str())
        });
        let named = direct
            .and_then(|r| r.rsplit('/').next())
            .map(|name| &document["components"]["schemas"][name]);
        let example =
            content.get("example").or_else(|| named.and_then(|schema| schema.get("example")));
        let example = example.unwrap_or_else(|| panic!("{method} {path} has no example"));
        let service = Service::new();
        let webhook = service.webhook().await;
        if path.ends_with("/probe") {
            searching::failing(&service, &webhook).await;
        }
        let key = service.ask("POST", "/keys", r#"{"name":"a","scopes":["keys:read"]}"#).await;
        let path = match path.strip_prefix("/webhooks/deliveries/{delivery}") {
            Some(rest) => format!("{}{rest}", inspecting::stage(&service).await),
            None => path.to_owned(),
        };
        let path = path
            .replace("{webhook}", &webhook)
            .replace("{key}", key.body["id"].as_str().unwrap())
            .replace("{tenant}", "acme")
            .replace("{type}", "parcel.sent");
        let answer = service.ask(&method.to_uppercase(), &path, &example.to_string()).await;
        assert!(answer.status.is_success(), "{method} {path} {example}: {}", answer.body);
        assert_ne!(answer.status, StatusCode::NO_CONTENT);
        tried += 1;
    }
    assert!(tried >= 10, "{tried}");
}
