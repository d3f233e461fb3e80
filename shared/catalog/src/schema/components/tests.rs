use hooklane_domain::ids::EventType;
use hooklane_domain::json::RawJson;
use hooklane_fuzz::any_json;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::schema::Schema;

fn name() -> EventType {
    "order.created".parse().unwrap()
}

fn components(schema: &Value) -> Vec<(String, Value)> {
    Schema::parse(&schema.to_string()).unwrap().components(&name(), &["order.created..body"])
}

fn to(component: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{component}") })
}

#[test]
fn what_a_schema_refers_to_becomes_a_component() {
    let (own, address) = ("order.created", "order.created..address");
    for (schema, expected) in [
        (json!({}), vec![(own, json!({}))]),
        (
            json!({"not": false, "type": "object"}),
            vec![(own, json!({"not": false, "type": "object"}))],
        ),
        (
            json!({"properties": {"to": {"$ref": "#/$defs/address", "title": "To"}, "by": {"$ref": "#/$defs/address"}},
                "$defs": {"address": {"type": "string"}, "unused": {}}}),
            vec![
                (
                    own,
                    json!({"properties": {"to": {"$ref": to(address)["$ref"], "title": "To"}, "by": to(address)}}),
                ),
                (address, json!({"type": "string"})),
            ],
        ),
        // From one to the next, and a place within the schema, which then refers to its component too.
        (
            json!({"$ref": "#/$defs/a", "$defs": {"a": {"items": {"$ref": "#/$defs/b"}}, "b": {"$ref": "#/properties/c"}},
                "properties": {"c": {"minimum": 1}}}),
            vec![
                (
                    own,
                    json!({"$ref": to("order.created..a")["$ref"], "properties": {"c": to("order.created..properties_c")}}),
                ),
                ("order.created..a", json!({"items": to("order.created..b")})),
                ("order.created..b", to("order.created..properties_c")),
                ("order.created..properties_c", json!({"minimum": 1})),
            ],
        ),
        // A name is one that a component may have, and nobody else has.
        (
            json!({"allOf": [{"$ref": "#/$defs/a~1b~0c.d é"}, {"$ref": "#/$defs/a_b"}, {"$ref": "#/definitions/a_b"}, {"$ref": "#/$defs/body"}],
                "$defs": {"a/b~c.d é": {"const": 1}, "a_b": {"const": 2}, "body": true}, "definitions": {"a_b": {"const": 3}}}),
            vec![
                (
                    own,
                    json!({"allOf": [to("order.created..a_1b_0c_d__"), to("order.created..a_b"), to("order.created..a_b.2"),
                    to("order.created..body.2")]}),
                ),
                ("order.created..a_1b_0c_d__", json!({"const": 1})),
                ("order.created..a_b", json!({"const": 2})),
                ("order.created..a_b.2", json!({"const": 3})),
                ("order.created..body.2", json!(true)),
            ],
        ),
        // What only looks like a reference or a schema stays. What identifies the schema, and what nobody knows, goes.
        (
            json!({"$id": "https://example.com/a", "$schema": "https://json-schema.org/draft/2020-12/schema", "$comment": "x",
                "discriminator": 7, "xml": true, "title": "T", "properties": {"$ref": {"type": "string"}, "properties": {}},
                "const": {"$ref": "#/$defs/a"}, "default": {"$ref": 1}, "enum": [{"items": {"discriminator": 7}}]}),
            vec![(
                own,
                json!({"title": "T", "properties": {"$ref": {"type": "string"}, "properties": {}},
                "const": {"$ref": "#/$defs/a"}, "default": {"$ref": 1}, "enum": [{"items": {"discriminator": 7}}]}),
            )],
        ),
        // Draft 2020-12 has no `additionalItems`.
        (
            json!({"items": {"type": "string"}, "additionalItems": false}),
            vec![(own, json!({"items": {"type": "string"}}))],
        ),
    ] {
        let expected: Vec<_> =
            expected.into_iter().map(|(n, schema)| (n.to_owned(), schema)).collect();
        assert_eq!(components(&schema), expected, "{schema}");
    }
}

#[test]
fn draft_07_is_said_in_the_words_of_draft_2020_12() {
    let schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "definitions": {"n": {"type": "integer", "minContains": 3}},
        "properties": {
            "pair": {"items": [{"$ref": "#/definitions/n", "minimum": 7}, true], "additionalItems": {"$ref": "#/properties/pair/items/1"}},
            "list": {"items": {"$ref": "#/definitions/n"}, "additionalItems": false},
            "new": {"prefixItems": [false], "dependentRequired": {"a": ["b"]}, "contains": {}, "minContains": 2},
        },
    });
    let expected = json!({
        "order.created": {"properties": {
            "pair": {"prefixItems": [to("order.created..n"), to("order.created..properties_pair_items_1")],
                "items": to("order.created..properties_pair_items_1")},
            "list": {"items": to("order.created..n")},
            "new": {"contains": {}},
        }},
        "order.created..n": {"type": "integer"},
        "order.created..properties_pair_items_1": true,
    });
    let found: Map<_, _> = components(&schema).into_iter().collect();
    assert_eq!(Value::Object(found), expected);
}

#[test]
fn a_schema_of_another_version_makes_components_too() {
    let of =
        |text: &str| Schema::from_stored(RawJson::parse(text).unwrap()).components(&name(), &[]);
    // It refers to what is not there, to another document, to itself, or to what is no schema.
    assert_eq!(
        of(r##"{"$ref":"#/$defs/a","type":"string"}"##),
        [(name().to_string(), json!({"type": "string"}))]
    );
    assert_eq!(of(r#"{"$ref":"https://example.com/"}"#), [(name().to_string(), json!({}))]);
    assert_eq!(of(r##"{"$ref":"#"}"##), [(name().to_string(), to("order.created"))]);
    let text = r##"{"$ref":"#/maximum","maximum":1}"##;
    assert_eq!(of(text)[1], ("order.created..maximum".to_owned(), json!({})));
    assert_eq!(of("[]"), [(name().to_string(), json!({}))]);
    assert_eq!(of(r#"{"maximum":1e999}"#), [(name().to_string(), json!(true))]);
}

const DRAFT_07: &str = "http://json-schema.org/draft-07/schema#";

/// Schemas whose references, tuples and keywords of one draft decide about small data.
fn schemas() -> Vec<Value> {
    vec![
        json!({"$ref": "#/$defs/a/b", "minLength": 2, "$defs": {"a/b": {}, "a": {"b": {"type": ["string", "array"]}}}}),
        json!({"$ref": "#/$defs/x~1~0", "$defs": {"x/~": {"anyOf": [{"$ref": "#/$defs/y"}, {"type": "boolean"}]}, "y": {"type": "integer"}}}),
        json!({"items": {"$ref": "#/$defs/n"}, "prefixItems": [true, {"$ref": "#/items"}], "$defs": {"n": {"type": ["null", "boolean"]}}}),
        json!({"additionalProperties": {"$ref": "#/patternProperties/^a"}, "patternProperties": {"^a": {"type": "array"}}}),
        json!({"contains": {"type": "string"}, "minContains": 2, "additionalItems": false}),
        json!({"$schema": DRAFT_07, "items": [{"$ref": "#/definitions/n", "const": 5}], "additionalItems": {"type": "null"}, "definitions": {"n": {"type": "boolean"}}}),
        json!({"$schema": DRAFT_07, "contains": {"type": "string"}, "minContains": 2, "items": {"$ref": "#/contains"}, "additionalItems": false}),
        json!({"$schema": DRAFT_07, "$ref": "#/definitions/any", "type": "null", "definitions": {"any": {"prefixItems": [false]}}}),
    ]
}

proptest! {
    #[test]
    fn components_judge_any_data_as_the_schema_does(data in any_json(), which in 0..8usize) {
        let schema = &schemas()[which];
        let all: Map<_, _> = components(schema).into_iter().collect();
        let document = json!({"$ref": "#/components/schemas/order.created", "components": {"schemas": all}});
        let by_components = jsonschema::draft202012::new(&document).unwrap().is_valid(&data);
        let judged = Schema::parse(&schema.to_string()).unwrap();
        let by_schema = judged.judge("data", &RawJson::parse(&data.to_string()).unwrap()).is_ok();
        prop_assert_eq!(by_schema, by_components, "{} {}", schema, data);
    }
}
