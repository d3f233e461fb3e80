use proptest::prelude::*;
use serde_json::json;

use super::*;
use hooklane_fuzz::any_json;

fn judge(schema: &str, data: &str) -> String {
    let data = RawJson::parse(data).unwrap();
    let judged = Schema::parse(schema).unwrap().judge("data", &data);
    judged.err().map(|errors| errors.to_string()).unwrap_or_default()
}

#[test]
fn each_violation_has_its_path_and_no_value() {
    for (schema, data, expected) in [
        (r#"{"type":"object"}"#, "{}", ""),
        (r#"{"type":"object"}"#, "[]", "data: must be of type object"),
        (r#"{"type":["string","null"]}"#, "7", "data: must be of type null or string"),
        (
            r#"{"required":["a"],"properties":{"user":{"required":["email"],"properties":{"age":{"minimum":1}}}}}"#,
            r#"{"user":{"age":0}}"#,
            "data.a: is required; data.user.email: is required; data.user.age: must be at least 1",
        ),
        (
            r#"{"properties":{"items":{"items":{"properties":{"price":{"type":"number"}}}}}}"#,
            r#"{"items":[{"price":1},{"price":"secret"}]}"#,
            "data.items[1].price: must be of type number",
        ),
        (
            r#"{"properties":{"a":{}},"additionalProperties":false}"#,
            r#"{"a":1,"b":2}"#,
            "data.b: is not a known field",
        ),
        (r#"{"enum":["a","b"]}"#, r#""secret""#, r#"data: must be one of "a", "b""#),
        (r#"{"const":7}"#, r#""secret""#, "data: must be 7"),
        (r#"{"format":"date-time"}"#, r#""secret""#, "data: must have the format date-time"),
        (r#"{"format":"email"}"#, r#""secret""#, "data: must have the format email"),
        (r#"{"pattern":"^[A-Z]{3}$"}"#, r#""secret""#, "data: must match ^[A-Z]{3}$"),
        (r#"{"maxLength":3}"#, r#""secret""#, "data: must have at most 3 characters"),
        (
            r#"{"uniqueItems":true}"#,
            r#"["secret","secret"]"#,
            "data: must not have duplicate items",
        ),
        (r#"{"properties":{"a":false}}"#, r#"{"a":"secret"}"#, "data.a: must not be present"),
        (
            r#"{"type":"number"}"#,
            "1e999",
            "data: holds a number that is too large (line 1, column 5)",
        ),
    ] {
        let found = judge(schema, data);
        assert_eq!(found, expected, "{schema}");
        assert!(!found.contains("secret"));
    }
}

#[test]
fn no_keyword_quotes_the_data() {
    for schema in [
        json!({"anyOf": [{"type": "number"}, {"type": "null"}]}),
        json!({"oneOf": [{"type": "string"}, {"minLength": 1}]}),
        json!({"oneOf": [{"type": "number"}]}),
        json!({"allOf": [{"type": "number"}]}),
        json!({"not": {"type": "string"}}),
        json!({"minLength": 99}),
        json!({"if": {"type": "string"}, "then": {"maxLength": 1}}),
    ] {
        let found = judge(&schema.to_string(), r#""s3cret""#);
        assert!(!found.is_empty() && !found.contains("s3cret"), "{schema}: {found}");
    }
    for schema in [
        json!({"contains": {"type": "number"}}),
        json!({"minItems": 9}),
        json!({"maxItems": 0}),
        json!({"items": {"multipleOf": 7}, "prefixItems": [{"type": "number"}]}),
    ] {
        let found = judge(&schema.to_string(), r#"["s3cret"]"#);
        assert!(!found.is_empty() && !found.contains("s3cret"), "{schema}: {found}");
    }
    for schema in [
        json!({"propertyNames": {"maxLength": 1}}),
        json!({"minProperties": 9}),
        json!({"dependentRequired": {"name": ["other"]}}),
    ] {
        let found = judge(&schema.to_string(), r#"{"name":"s3cret"}"#);
        assert!(!found.is_empty() && !found.contains("s3cret"), "{schema}: {found}");
    }
}

#[test]
fn a_long_list_of_violations_ends() {
    let schema = r#"{"items":{"type":"number"}}"#;
    let many = format!("[{}]", vec!["null"; 1000].join(","));
    assert_eq!(judge(schema, &many).matches("must be").count(), 20);
    // Only the first where listing all could take too long, and not even that where schemas are tried.
    let more = format!("[{}]", vec!["null"; 50_000].join(","));
    assert_eq!(judge(schema, &more), "data[0]: must be of type number");
    let tried = r#"{"anyOf":[{"items":{"type":"number"}},{"items":{"type":"string"}}]}"#;
    assert_eq!(judge(tried, "[null]"), "data: must match one of the schemas");
    let message = "data: does not fit the schema of its type, and is too large to say where";
    assert_eq!(judge(tried, &more), message);
}

#[test]
fn a_schema_whose_cost_cannot_be_limited_is_refused() {
    let nested = |n: usize| format!("{}{}{}", r#"{"items":"#.repeat(n), "{}", "}".repeat(n));
    let doubling = {
        let mut defs: Vec<_> = (0..20)
            .map(|n| {
                let next = n + 1;
                format!(r##""d{n}":{{"allOf":[{{"$ref":"#/$defs/d{next}"}},{{"$ref":"#/$defs/d{next}"}}]}}"##)
            })
            .collect();
        defs.push(r#""d20":{}"#.to_owned());
        format!(r##"{{"$ref":"#/$defs/d0","$defs":{{{}}}}}"##, defs.join(","))
    };
    let patterns: Vec<_> = (0..51).map(|n| format!(r#""a{n}":{{"pattern":"a"}}"#)).collect();
    let patterns = format!(r#"{{"properties":{{{}}}}}"#, patterns.join(","));
    let values = (0..201).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    for (schema, path, expected) in [
        ("7", "", "must be a JSON Schema: an object"),
        ("true", "", "must be a JSON Schema: an object"),
        ("{", "", "is not JSON"),
        (r#"{"type":"text"}"#, "type", "must match one of"),
        (r#"{"minimum":"1"}"#, "minimum", "must be of type number"),
        (r#"{"$schema":"http://json-schema.org/draft-04/schema#"}"#, "$schema", "must be one of"),
        (r#"{"$ref":"https://example.com/schema.json"}"#, "$ref", "must point to a place"),
        (r#"{"$ref":"file:///etc/passwd"}"#, "$ref", "must point to a place"),
        (r##"{"$ref":"#/$defs/nothing"}"##, "$ref", "must point to a place"),
        (r##"{"$ref":"#anchor","$anchor":"anchor"}"##, "$ref", "must point to a place"),
        (
            r##"{"properties":{"a":{"$ref":"#"}}}"##,
            "properties.a.$ref.properties.a.$ref",
            "recursive",
        ),
        (
            r##"{"$defs":{"a":{"allOf":[{"$ref":"#/$defs/a"}]}}}"##,
            "$defs.a.allOf[0].$ref.allOf[0].$ref",
            "recursive",
        ),
        (r#"{"items":{"$id":"https://example.com/"}}"#, "items.$id", "only at the top"),
        (r#"{"unevaluatedProperties":false}"#, "unevaluatedProperties", "cannot be limited"),
        (r##"{"$dynamicRef":"#a"}"##, "$dynamicRef", "cannot be limited"),
        (r#"{"format":"regex"}"#, "format", "must not be regex"),
        (r#"{"pattern":"(a"}"#, "pattern", "without look-around"),
        (r#"{"pattern":"(?=a)b"}"#, "pattern", "without look-around"),
        (r#"{"pattern":"(a)\\1"}"#, "pattern", "without look-around"),
        (r#"{"pattern":"(\\p{L}x){300}"}"#, "pattern", "without look-around"),
        (
            r#"{"patternProperties":{"(?<!a)b":{}}}"#,
            "patternProperties.(?<!a)b",
            "without look-around",
        ),
        (&format!(r#"{{"pattern":"{}"}}"#, "a".repeat(257)), "pattern", "at most 256 characters"),
        (&format!(r#"{{"enum":[{values}]}}"#), "enum", "at most 200 values"),
        (&format!(r#"{{"title":"{}"}}"#, "x".repeat(MAX_SCHEMA_BYTES)), "", "at most 16384 bytes"),
        (&nested(33), &["items"; 33].join("."), "nests deeper than 32"),
        (&doubling, "", "more than 500 subschemas"),
        (&patterns, "", "more than 50 patterns"),
    ] {
        let errors = Schema::parse(schema).unwrap_err().into_vec();
        let found = errors.iter().any(|e| e.path == path && e.message.contains(expected));
        assert!(found, "{schema:.90}: {errors:?}");
    }
    assert!(Schema::parse(&nested(32)).is_ok());
}

#[test]
fn common_schemas_are_accepted() {
    for schema in [
        r#"{}"#,
        r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"https://example.com/a","type":"object"}"#,
        r#"{"$schema":"http://json-schema.org/draft-07/schema#","items":[{"type":"string"}],"additionalItems":false}"#,
        r##"{"$defs":{"a":{"type":"string"}},"properties":{"$ref":{"$ref":"#/$defs/a"},"b":{"$ref":"#/$defs/a"}}}"##,
        r#"{"pattern":"^[A-Z]{3}-\\d{6}$"}"#,
        r#"{"pattern":"^\\p{Lu}[\\p{L} '-]*$"}"#,
        r#"{"x-internal":true,"properties":{"unevaluatedItems":{"type":"string"}}}"#,
    ] {
        assert!(Schema::parse(schema).is_ok(), "{schema}: {:?}", Schema::parse(schema));
    }
}

proptest! {
    /// Any text is a schema or refused, and judging any data by a schema does not panic.
    #[test]
    fn anything_is_a_schema_or_refused(schema in any_json(), data in any_json()) {
        if let Ok(schema) = Schema::parse(&schema.to_string()) {
            let data = RawJson::parse(&data.to_string()).unwrap();
            let first = schema.judge("data", &data);
            prop_assert_eq!(first, schema.judge("data", &data));
        }
    }
}
