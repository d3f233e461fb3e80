//! JSON Schemas that ask for much, each with the data on which they do.

use serde_json::{Value, json};

use super::expressions::{deep, keys, list, objects, text, texts};

/// A schema with the data of an event.
#[derive(Debug, Clone)]
pub struct SchemaInput {
    pub name: String,
    pub schema: String,
    pub data: String,
}

fn input(name: &str, schema: &Value, data: String) -> SchemaInput {
    SchemaInput { name: format!("schema: {name}"), schema: schema.to_string(), data }
}

fn times(n: usize, one: &Value) -> Value {
    Value::Array(vec![one.clone(); n])
}

fn in_list(items: &Value) -> Value {
    json!({"properties": {"l": {"items": items}}})
}

/// Finding 3 of the survey, and others of its kind.
#[must_use]
pub fn all() -> Vec<SchemaInput> {
    let nested = format!("{}1{}", "[".repeat(60), "]".repeat(60));
    let escaped = json!({"$ref": "#/$defs/x%41"});
    let patterns: Vec<Value> =
        (0..40).map(|i| json!({"pattern": format!("[ab]{{0,{}}}c", 150 + i)})).collect();
    let names: serde_json::Map<String, Value> =
        (0..40).map(|i| (format!("[a-z0-9]{{1,{}}}c", 60 + i), json!({}))).collect();
    let chain = (0..28).fold(
        json!({"type": "integer"}),
        |inner, _| json!({"if": {"type": "string"}, "else": inner}),
    );
    let laughs: serde_json::Map<String, Value> = (0..9)
        .map(|i| {
            let next = json!({"$ref": format!("#/$defs/a{}", i + 1)});
            (format!("a{i}"), json!({"allOf": [next.clone(), next]}))
        })
        .chain([("a9".to_owned(), json!({"type": "object"}))])
        .collect();
    vec![
        input(
            "a recursion behind an escape",
            &json!({
                "$defs": {"xA": {"allOf": [{"items": escaped}, {"items": escaped}]}},
                "$ref": "#/$defs/xA",
            }),
            nested.clone(),
        ),
        input(
            "a recursion behind a pointer's escape",
            &json!({
                "$defs": {"x/A": {"anyOf": [
                    {"type": "string"},
                    {"items": {"$ref": "#/$defs/x~1%41"}},
                    {"items": {"$ref": "#/$defs/x~1%41"}},
                ]}},
                "$ref": "#/$defs/x~1A",
            }),
            nested,
        ),
        input("forty patterns", &json!({"properties": {"t": {"allOf": patterns}}}), text()),
        input(
            "forty patterns of names",
            &json!({"properties": {"m": {"patternProperties": names}}}),
            keys(),
        ),
        input(
            "a pattern for each name",
            &json!({"properties": {"m": {"propertyNames": {"pattern": "^([a-z0-9]{1,40})*$"}}}}),
            keys(),
        ),
        input("unique items", &json!({"properties": {"l": {"uniqueItems": true}}}), texts()),
        input("unique objects", &json!({"properties": {"l": {"uniqueItems": true}}}), objects()),
        input(
            "four hundred alternatives for each",
            &in_list(&json!({"anyOf": times(400, &json!({"type": "string"}))})),
            list(),
        ),
        input(
            "one of four hundred for each",
            &in_list(&json!({"oneOf": times(400, &json!({"minimum": 0}))})),
            list(),
        ),
        input("conditions in a chain", &in_list(&chain), list()),
        input(
            "lengths of a long text",
            &json!({"properties": {"t": {"allOf": times(400, &json!({"minLength": 1}))}}}),
            text(),
        ),
        input("a mistake for each element", &in_list(&json!({"type": "string"})), list()),
        input(
            "many mistakes for each element",
            &in_list(&json!({"allOf": times(300, &json!({"type": "string"}))})),
            list(),
        ),
        input(
            "two hundred values for each",
            &in_list(&json!({"enum": (2..202).collect::<Vec<_>>()})),
            list(),
        ),
        input(
            "formats",
            &in_list(&json!({"allOf": [
                {"format": "email"}, {"format": "uri"}, {"format": "date-time"}, {"format": "ipv6"},
                {"format": "idn-email"}, {"format": "iri"}, {"format": "hostname"}, {"format": "uuid"},
            ]})),
            texts(),
        ),
        input(
            "a constant of all data",
            &json!({"anyOf": times(100, &json!({"not": {"contains": {"const": {"a": 2}}}}))}),
            objects(),
        ),
        input("references that double", &json!({"$defs": laughs, "$ref": "#/$defs/a0"}), deep()),
        input(
            "contains for each",
            &json!({"properties": {"l": {"allOf": times(200, &json!({"contains": {"const": 2}, "minContains": 0}))}}}),
            list(),
        ),
    ]
}
