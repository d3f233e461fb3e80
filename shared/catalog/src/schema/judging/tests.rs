//! Holds the count against what the validator does: a keyword of ours, put into every schema, counts how
//! often it is visited.

use std::cell::Cell;

use jsonschema::{Draft, Keyword, ValidationError};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::schema::expand::{SCHEMA_KEYWORDS, SCHEMA_LIST_KEYWORDS, SCHEMA_MAP_KEYWORDS, expand};

thread_local!(static VISITS: Cell<u64> = const { Cell::new(0) });

struct Visit;

impl<'i> Keyword<'i> for Visit {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        self.is_valid(instance);
        Ok(())
    }

    fn is_valid(&self, _: &'i Value) -> bool {
        VISITS.set(VISITS.get() + 1);
        true
    }
}

/// The schema with the counting keyword in each schema of it.
fn counting(schema: &Value) -> Value {
    let Value::Object(keywords) = schema else { return schema.clone() };
    let mut copy = Map::new();
    copy.insert("x-visit".to_owned(), Value::Bool(true));
    for (name, value) in keywords {
        let name_of = name.as_str();
        let value = match value {
            Value::Array(list) if SCHEMA_LIST_KEYWORDS.contains(&name_of) => {
                list.iter().map(counting).collect()
            }
            Value::Object(map) if SCHEMA_MAP_KEYWORDS.contains(&name_of) => {
                map.iter().map(|(key, one)| (key.clone(), counting(one))).collect()
            }
            one if SCHEMA_KEYWORDS.contains(&name_of) => counting(one),
            other => other.clone(),
        };
        copy.insert(name.clone(), value);
    }
    Value::Object(copy)
}

/// How often schemas are visited, and how often they may be.
fn visits(schema: &Value, data: &Value) -> (u64, u64) {
    let expanded = expand(schema).unwrap();
    let validator = jsonschema::options()
        .with_draft(Draft::Draft202012)
        .with_keyword("x-visit", |_, _, _| Ok(Box::new(Visit)))
        .build(&counting(&expanded.schema))
        .unwrap();
    VISITS.set(0);
    let _ = validator.is_valid(data);
    let rate = Judging::of(&expanded.schema, usize::MAX).unwrap().rate;
    let bytes = data.to_string().len();
    (VISITS.get(), rate.of_one(bytes).0 / VISIT)
}

#[test]
fn the_count_is_exact_where_little_else_is_counted() {
    let ones = Value::from(vec![1; 1_000]);
    let (found, most) = visits(&json!({ "items": {} }), &ones);
    assert!(found >= 1_000 && most >= found && most < 2 * found, "{found} of {most}");
    let empty = Value::from(vec![json!([]); 1_000]);
    let (found, most) = visits(&json!({ "items": { "items": { "items": {} } } }), &empty);
    assert!(found >= 1_000 && most >= found && most < 2 * found, "{found} of {most}");
}

fn any_schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!({})),
        Just(json!({ "type": "array" })),
        Just(json!({ "type": "object" })),
        Just(json!({ "type": "string" })),
        Just(json!({ "not": {} })),
        Just(json!({ "$ref": "#/$defs/list" })),
        Just(json!({ "$ref": "#/$defs/fields", "items": {} })),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        let one = inner.clone();
        let name = prop::sample::select(vec![
            "items",
            "contains",
            "additionalProperties",
            "propertyNames",
            "not",
            "if",
        ]);
        let lists = prop::sample::select(vec!["allOf", "anyOf", "oneOf", "prefixItems"]);
        let maps =
            prop::sample::select(vec!["properties", "patternProperties", "dependentSchemas"]);
        let key = prop::sample::select(vec!["a", "b", "aa"]);
        prop_oneof![
            (name, one.clone()).prop_map(|(name, one)| json!({ name: one })),
            (lists, prop::collection::vec(inner.clone(), 1..4))
                .prop_map(|(name, list)| json!({ name: list })),
            (maps, prop::collection::btree_map(key, inner.clone(), 1..4))
                .prop_map(|(name, map)| json!({ name: map })),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| json!({ "if": a, "then": b, "else": c })),
            (inner.clone(), inner).prop_map(|(a, b)| match (a, b) {
                (Value::Object(mut a), Value::Object(b)) => {
                    a.extend(b);
                    Value::Object(a)
                }
                (a, _) => a,
            }),
        ]
    })
}

/// Data that is small for the number of values in it.
fn any_data() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(1)),
        Just(json!("")),
        Just(json!([])),
        Just(json!({})),
        Just(json!({ "a": 1 })),
        (1usize..60).prop_map(|n| Value::from(vec![json!([]); n])),
        (1usize..60).prop_map(|n| Value::from(vec![1; n])),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        let key = prop::sample::select(vec!["", "a", "b", "aa", "c"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..5).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Whatever a tenant writes and publishes: no schema is visited more often than was counted.
    #[test]
    fn finding_03_schemas_are_visited_no_more_often_than_is_counted(
        schema in any_schema(), data in any_data(),
    ) {
        let mut schema = schema;
        if let Value::Object(keywords) = &mut schema {
            keywords.insert("$defs".to_owned(), json!({
                "list": { "items": { "items": {} }, "contains": { "type": "array" } },
                "fields": { "additionalProperties": { "$ref": "#/$defs/list" } },
            }));
        }
        // The generator is not held to the limits of nesting.
        prop_assume!(expand(&schema).is_ok());
        let (found, most) = visits(&schema, &data);
        prop_assert!(found <= most, "{found} of {most}: {schema} {data}");
    }
}
