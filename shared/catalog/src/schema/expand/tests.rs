use serde_json::json;

use super::*;

fn expanded(schema: Value) -> Value {
    expand(&schema).unwrap().schema
}

#[test]
fn what_is_compiled_has_no_reference_and_nothing_that_was_not_read() {
    for (written, compiled) in [
        (
            json!({ "$ref": "#/$defs/a", "$defs": { "a": { "type": "string" } } }),
            json!({ "type": "string" }),
        ),
        (
            json!({ "minLength": 1, "$ref": "#/$defs/a", "$defs": { "a": { "type": "string" } } }),
            json!({ "minLength": 1, "allOf": [{ "type": "string" }] }),
        ),
        (
            json!({ "allOf": [{}], "$ref": "#/$defs/a", "$defs": { "a": { "type": "string" } } }),
            json!({ "allOf": [{}, { "type": "string" }] }),
        ),
        // In draft-07 there is nothing beside a reference.
        (
            json!({ "$schema": DRAFT_7, "minLength": 1, "$ref": "#/definitions/a",
                "definitions": { "a": { "type": "string" } } }),
            json!({ "type": "string" }),
        ),
        // A field may have the name of a keyword, and a value may look like a schema.
        (
            json!({ "properties": { "$ref": { "type": "string" } }, "const": { "$ref": "#" } }),
            json!({ "const": { "$ref": "#" }, "properties": { "$ref": { "type": "string" } } }),
        ),
        (
            json!({ "$id": "https://example.com/a", "$anchor": "a", "title": "A", "examples": [1],
                "x-own": { "$ref": "#" }, "default": { "pattern": "(" }, "maximum": 1 }),
            json!({ "maximum": 1 }),
        ),
        // Anywhere in the schema, as catalogs of OpenAPI have it; `~1` is a slash.
        (
            json!({ "items": { "$ref": "#/components/a~1b" }, "components": { "a/b": true } }),
            json!({ "items": true }),
        ),
    ] {
        assert_eq!(expanded(written.clone()), compiled, "{written}");
    }
}

/// Forms that this reading and another might resolve to different places, and recursion in every form.
#[test]
fn finding_03_a_reference_that_could_be_read_in_two_ways_is_refused() {
    // Read as they stand, some of these are places in the schema. Decoded, they are others.
    let defs = json!({
        "x": {}, "xA": { "$ref": "#/$defs/x%41" }, "x%41": {}, "a b": {}, "a%20b": {},
    });
    for reference in [
        "#/$defs/x%41",
        "#%2F$defs%2Fx",
        "#/%24defs/x",
        "#/$defs/a%20b",
        "#x",
        "",
        "/$defs/x",
        "$defs/x",
        "#/$defs/y",
        "?#/$defs/x",
        "json-schema:///#/$defs/x",
        "https://example.com/a#/$defs/x",
        "//example.com#/$defs/x",
    ] {
        let schema = json!({
            "$id": "https://example.com/a", "$defs": defs, "items": { "$ref": reference },
        });
        assert!(expand(&schema).is_err(), "{reference}");
    }
    for reference in [json!(7), json!({}), json!(null)] {
        assert!(expand(&json!({ "$ref": reference })).is_err(), "{reference}");
    }
    for recursive in [
        json!({ "items": { "$ref": "#" } }),
        json!({ "items": { "$ref": "#/" }, "": { "$ref": "#" } }),
        json!({ "$ref": "#/$defs/a", "$defs": { "a": { "not": { "$ref": "#/$defs/a" } } } }),
        json!({ "$ref": "#/enum/0", "enum": [{ "anyOf": [{ "$ref": "#/enum/0" }] }] }),
        json!({ "$ref": "#/x/~01", "x": { "~1": { "items": { "$ref": "#/x/~01" } } } }),
    ] {
        let errors = expand(&recursive).unwrap_err().to_string();
        assert!(errors.contains("recursive"), "{recursive}: {errors}");
    }
}

#[test]
fn finding_03_what_is_referred_to_counts_each_time() {
    let values: Vec<_> = (0..200).map(|i| format!("a rather long value number {i}")).collect();
    let list = vec![json!({ "$ref": "#/$defs/a" }); 100];
    let schema = json!({ "anyOf": list, "$defs": { "a": { "enum": values } } });
    let errors = expand(&schema).unwrap_err().to_string();
    assert!(errors.contains("more than 131072 bytes, with references followed"), "{errors}");
}
