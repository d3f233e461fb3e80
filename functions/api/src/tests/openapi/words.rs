//! The public words: one name for one thing, instants and durations that say what they are.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::service::Fakes;

/// Names that had another word for the same thing, or no unit. They stay where a platform's contract spells
/// them, and as synonyms in requests.
const RETIRED: [&str; 20] = [
    "atLeast",
    "averageLatency",
    "deliveryRate",
    "doneAt",
    "errorRate",
    "expiresIn",
    "failuresInARow",
    "hits",
    "initialDelay",
    "lastDelivery",
    "lastHitAt",
    "maxDelay",
    "responseTime",
    "reusableFrom",
    "sampled",
    "schedule",
    "sent",
    "slots",
    "success",
    "timeout",
];

/// What a duration's name contains. It then ends in a unit.
const DURATIONS: [&str; 7] =
    ["delay", "duration", "lifetime", "overlap", "responsetime", "schedule", "timeout"];

/// What a verb means: the method that it is for.
const VERBS: [(&str, &[&str]); 5] = [
    ("get", &["find", "get", "list"]),
    ("put", &["set", "update"]),
    ("patch", &["patch"]),
    ("delete", &["delete"]),
    (
        "post",
        &[
            "cancel", "check", "create", "delete", "pause", "preview", "probe", "publish",
            "redrive", "resume", "retry", "revoke", "rotate", "send", "start", "stop", "test",
            "try",
        ],
    ),
];

fn document() -> Value {
    serde_json::from_str(&crate::openapi_json::<Fakes>().unwrap()).unwrap()
}

/// Every property of every schema, with its name and where it is.
fn properties(node: &Value, at: &str, found: &mut Vec<(String, String, Value)>) {
    match node {
        Value::Object(fields) => {
            for (name, schema) in
                fields.get("properties").and_then(Value::as_object).unwrap_or(&Map::new())
            {
                found.push((format!("{at}/{name}"), name.clone(), schema.clone()));
            }
            for (key, value) in
                fields.iter().filter(|(key, _)| !["example", "examples"].contains(&key.as_str()))
            {
                properties(value, &format!("{at}/{key}"), found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| properties(item, at, found)),
        _ => {}
    }
}

fn all_properties() -> Vec<(String, String, Value)> {
    let mut found = Vec::new();
    properties(&document(), "", &mut found);
    assert!(found.len() > 200, "{}", found.len());
    found
}

fn has_format(schema: &Value, format: &str) -> bool {
    schema["format"] == format
}

fn has_type(schema: &Value, kind: &str) -> bool {
    schema["type"] == kind
        || schema["type"].as_array().is_some_and(|kinds| kinds.iter().any(|k| k == kind))
}

/// An event's `timestamp` is its producer's.
fn is_instant(name: &str) -> bool {
    name.ends_with("At")
        || name.ends_with("Since")
        || ["at", "since", "until", "timestamp"].contains(&name)
}

#[test]
fn no_word_has_come_back() {
    for (at, name, schema) in all_properties() {
        assert!(!RETIRED.contains(&name.as_str()), "{at}");
        for word in schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            assert!(!["transform", "circuit", "any", "done"].contains(&word), "{at}: {word}");
        }
    }
}

#[test]
fn an_instant_is_named_as_one_and_typed_as_one() {
    for (at, name, schema) in all_properties() {
        if has_type(&schema, "string") {
            assert_eq!(has_format(&schema, "date-time"), is_instant(&name), "{at}: {schema}");
        }
    }
}

#[test]
fn a_duration_says_its_unit() {
    for (at, name, schema) in all_properties() {
        let lower = name.to_lowercase();
        let is_number = ["integer", "number", "array"].iter().any(|kind| has_type(&schema, kind));
        if is_number
            && DURATIONS.iter().any(|word| lower.contains(word))
            && name != "delayedAttempts"
        {
            assert!(name.ends_with("Ms") || name.ends_with("Seconds"), "{at}");
        }
    }
}

/// Words of states, reasons and kinds.
#[test]
fn words_are_in_snake_case() {
    let mut found = Vec::new();
    let document = document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas.iter().filter(|(name, _)| *name != "Scope") {
        let words = schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
        found.extend(words.map(|word| (name, word)));
    }
    assert!(found.len() > 50);
    for (name, word) in found {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
        assert!(word.chars().all(plain), "{name}: {word}");
        assert!(
            !["circuit", "transform", "any", "done", "status", "success"].contains(&word),
            "{name}: {word}"
        );
    }
}

#[test]
fn an_operations_id_is_a_verb_of_its_method_and_a_noun() {
    let document = document();
    let mut ids = BTreeSet::new();
    for item in document["paths"].as_object().unwrap().values() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            let (_, verbs) = VERBS.iter().find(|(known, _)| known == method).unwrap();
            let noun = verbs.iter().find_map(|verb| id.strip_prefix(verb));
            let named = noun.is_some_and(|noun| noun.starts_with(|c: char| c.is_ascii_uppercase()));
            assert!(named, "{method} {id}");
            assert!(
                id.chars().all(|c| c.is_ascii_alphanumeric()) && ids.insert(id.to_owned()),
                "{id}"
            );
        }
    }
}

/// Every list, and what is found, has its rows under `data`, and the way to the next ones under `nextCursor`.
#[test]
fn a_list_is_data_and_a_cursor() {
    let document = document();
    for item in document["paths"].as_object().unwrap().values() {
        let schema = &item["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        let Some(name) = schema["$ref"].as_str().and_then(|r| r.rsplit('/').next()) else {
            continue;
        };
        let id = item["get"]["operationId"].as_str().unwrap();
        let properties = &document["components"]["schemas"][name]["properties"];
        let is_list = id.starts_with("list") || id.starts_with("find");
        assert_eq!(is_list, properties["data"]["type"] == "array", "{id}: {name}");
    }
}
