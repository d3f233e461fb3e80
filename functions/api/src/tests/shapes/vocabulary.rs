//! The names that contracts can use exist in the canonical answers.

use std::collections::BTreeSet;

use hooklane_contract::answers::{Kind, OPERATIONS, PROBLEM};
use serde_json::Value;

use super::super::service::Fakes;

/// Fields that only the answer to `getDelivery` has.
const OF_ONE_DELIVERY: [&str; 2] = ["payload", "attempts"];

fn document() -> Value {
    serde_json::from_str(&crate::openapi_json::<Fakes>().unwrap()).unwrap()
}

fn operation<'a>(document: &'a Value, id: &str) -> Option<&'a Value> {
    let items = document["paths"].as_object().unwrap().values();
    items.flat_map(|item| item.as_object().unwrap().values()).find(|o| o["operationId"] == id)
}

/// The schema of an operation's success answer.
fn answer(operation: &Value) -> Option<&Value> {
    let responses = operation["responses"].as_object().unwrap();
    let (_, success) = responses.iter().find(|(status, _)| status.starts_with('2'))?;
    success.get("content").map(|content| &content["application/json"]["schema"])
}

/// Compares a kind with a schema and collects the names that the schema does not have.
fn compare(document: &Value, kind: Kind, schema: &Value, at: &str, missing: &mut BTreeSet<String>) {
    let schema = resolved(document, schema);
    match kind {
        Kind::Object(fields) => {
            for (name, kind) in fields {
                let at = format!("{at}.{name}");
                match property(document, &schema, name) {
                    Some(property) => compare(document, *kind, &property, &at, missing),
                    None => drop(missing.insert(at)),
                }
            }
        }
        Kind::List(item) => {
            assert!(has_type(&schema, "array"), "{at} is not a list: {schema}");
            compare(document, *item, &schema["items"], at, missing);
        }
        Kind::Time => assert!(has_type(&schema, "string"), "{at} is not a text: {schema}"),
        Kind::Scalar => {
            let whole = ["object", "array"].iter().any(|kind| has_type(&schema, kind));
            assert!(!whole, "{at} is not a scalar: {schema}");
        }
        Kind::Json => {}
    }
}

fn has_type(schema: &Value, name: &str) -> bool {
    schema["type"] == name
        || schema["type"].as_array().is_some_and(|types| types.contains(&name.into()))
}

/// The schema behind a reference. A nullable schema counts as the schema that is not null.
fn resolved(document: &Value, schema: &Value) -> Value {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.strip_prefix("#/components/schemas/").unwrap();
        return resolved(document, &document["components"]["schemas"][name]);
    }
    let ways = schema["oneOf"].as_array().into_iter().flatten();
    let others: Vec<_> = ways.filter(|way| way["type"] != "null").collect();
    match others.as_slice() {
        [one] => resolved(document, one),
        _ => schema.clone(),
    }
}

/// A property of a schema or of its parts.
fn property(document: &Value, schema: &Value, name: &str) -> Option<Value> {
    let schema = resolved(document, schema);
    let parts =
        ["allOf", "anyOf", "oneOf"].iter().filter_map(|key| schema[key].as_array()).flatten();
    schema["properties"]
        .get(name)
        .cloned()
        .or_else(|| parts.into_iter().find_map(|part| property(document, part, name)))
}

#[test]
fn every_name_that_a_contract_can_use_is_in_the_document() {
    let document = document();
    let mut missing = BTreeSet::new();
    for shaped in OPERATIONS {
        let Some(operation) = operation(&document, shaped.id) else {
            missing.insert(shaped.id.to_owned());
            continue;
        };
        if let Some(schema) = answer(operation) {
            compare(&document, shaped.answer, schema, shaped.id, &mut missing);
        }
        for names in shaped.parameters {
            let parameters = operation["parameters"].as_array().unwrap();
            let known = |p: &Value| p["name"] == names[0] && p["in"] == "query";
            assert!(parameters.iter().any(known), "{}: {}", shaped.id, names[0]);
        }
    }
    compare(
        &document,
        PROBLEM,
        &document["components"]["schemas"]["Problem"],
        "problem",
        &mut missing,
    );
    missing.retain(|at| {
        let of_others = !at.starts_with("getDelivery.");
        let name = at.rsplit('.').next().unwrap_or_default();
        !(of_others && OF_ONE_DELIVERY.contains(&name))
    });
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_document_describes_canonical_answers_and_mentions_shaped_ones() {
    let document = document();
    let description = document["info"]["description"].as_str().unwrap();
    assert!(description.contains(crate::gate::shape::CANONICAL), "{description}");
    let created = operation(&document, "createWebhook").unwrap();
    assert!(created["responses"]["201"].is_object() && created["responses"]["200"].is_null());
    let schema = answer(created).unwrap();
    assert!(property(&document, schema, "createdAt").is_some());
    assert!(property(&document, schema, "created_at").is_none());
}
