//! Every example that the reference page prints, and every one in the OpenAPI document, is a valid value of its
//! schema. A reader copies examples.

use serde_json::{Value, json};

use super::{METHODS, Operation, Page, content_schemas, entries};
use crate::tests::service::Fakes;

fn document() -> Value {
    serde_json::from_str(&crate::openapi_json::<Fakes>().unwrap()).unwrap()
}

/// What is wrong with a value, by a schema of the document.
fn mistakes(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let whole = json!({ "components": document["components"], "allOf": [schema] });
    let options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012);
    let validator = options.should_validate_formats(true).build(&whole).unwrap();
    let mut found: Vec<_> = validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    if value.to_string().contains('…') {
        found.push("has a placeholder".to_owned());
    }
    found
}

fn report(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} examples are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_printed_example_is_a_valid_value_of_its_schema() {
    let document = document();
    let mut wrong = Vec::new();
    let mut printed = 0;
    let mut check = |place: String, schema: &Value, example: Option<&String>| {
        let Some(text) = example else { return };
        printed += 1;
        let value = serde_json::from_str(text).unwrap();
        let mistakes = mistakes(&document, schema, &value);
        wrong.extend(mistakes.into_iter().map(|mistake| format!("{place}: {mistake}")));
    };
    for (path, item) in entries(&document["paths"]) {
        for (method, operation) in entries(item).filter(|(name, _)| METHODS.contains(name)) {
            let shown = Operation::of(&document, method, path, operation);
            let body = &operation["requestBody"];
            for schema in content_schemas(body).take(1) {
                check(format!("{method} {path}"), schema, shown.request.as_ref());
            }
            for response in shown.responses.iter().chain(&shown.errors) {
                let described = &operation["responses"][response.status];
                for schema in content_schemas(described).take(1) {
                    let place = format!("{method} {path} {}", response.status);
                    check(place, schema, response.example.as_ref());
                }
            }
        }
    }
    let page = Page::of(&document);
    for schema in &page.schemas {
        let described = &document["components"]["schemas"][schema.name];
        check(schema.name.to_owned(), described, schema.example.as_ref());
    }
    assert!(printed > 60, "only {printed} examples were found");
    report(&wrong);
}

/// Generators and other tools show the examples of the document itself.
#[test]
fn every_example_of_the_document_is_a_valid_value_of_its_schema() {
    let document = document();
    let (mut wrong, mut found) = (Vec::new(), 0);
    let mut rest = vec![(String::new(), &document)];
    while let Some((place, node)) = rest.pop() {
        if let Some(example) = node.get("example").filter(|_| node.get("type").is_some()) {
            found += 1;
            let mistakes = mistakes(&document, node, example);
            wrong.extend(mistakes.into_iter().map(|mistake| format!("{place}: {mistake}")));
        }
        match node {
            Value::Object(fields) => {
                let inner = fields.iter().filter(|(name, _)| *name != "example");
                rest.extend(inner.map(|(name, value)| (format!("{place}/{name}"), value)));
            }
            Value::Array(items) => rest.extend(items.iter().map(|item| (place.clone(), item))),
            _ => {}
        }
    }
    assert!(found > 20, "only {found} examples were found");
    report(&wrong);
}

/// The check itself: a value that cannot be is found.
#[test]
fn an_impossible_example_is_found() {
    let document = document();
    let schema = json!({ "$ref": "#/components/schemas/Problem" });
    let problem = json!({ "type": "urn:x", "title": "A", "status": 400 });
    assert!(mistakes(&document, &schema, &problem).is_empty());
    for (name, value) in [("status", json!("…")), ("title", json!(1)), ("detail", json!("…"))] {
        let mut wrong = problem.clone();
        wrong[name] = value;
        assert!(!mistakes(&document, &schema, &wrong).is_empty(), "{name}");
    }
}
