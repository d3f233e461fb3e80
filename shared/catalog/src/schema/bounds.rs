//! Limits on what a JSON Schema contains, so that judging data by it takes a limited time, whoever
//! wrote it.

use serde_json::{Map, Value};

use hooklane_domain::json::fields::FieldErrors;

/// The longest schema, as JSON.
pub const MAX_SCHEMA_BYTES: usize = 16 * 1024;
/// The most subschemas. One that is referred to counts each time.
const MAX_SCHEMAS: usize = 500;
/// The deepest nesting of subschemas, with references followed.
const MAX_DEPTH: usize = 32;
const MAX_ENUM_VALUES: usize = 200;
const MAX_PATTERNS: usize = 50;
const MAX_PATTERN_BYTES: usize = 256;

/// The dialects that are supported. The first is the default.
const DIALECTS: [&str; 2] =
    ["https://json-schema.org/draft/2020-12/schema", "http://json-schema.org/draft-07/schema#"];

/// Keywords that are refused, because their cost cannot be limited in advance or they refer elsewhere.
const REFUSED: [&str; 8] = [
    "$dynamicRef",
    "$dynamicAnchor",
    "$recursiveRef",
    "$recursiveAnchor",
    "$vocabulary",
    "dependencies",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// Keywords whose value is a schema.
const SCHEMA_KEYWORDS: [&str; 10] = [
    "additionalItems",
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
];
/// Keywords whose value is a list of schemas.
const SCHEMA_LIST_KEYWORDS: [&str; 5] = ["allOf", "anyOf", "items", "oneOf", "prefixItems"];
/// Keywords whose value is a map of schemas.
const SCHEMA_MAP_KEYWORDS: [&str; 5] =
    ["$defs", "definitions", "dependentSchemas", "patternProperties", "properties"];

/// The violations of our limits, each under its path in the schema. The standard's own rules are
/// checked when the schema is compiled.
pub(super) fn check(root: &Value) -> FieldErrors {
    let mut checker =
        Checker { root, schemas: 0, patterns: 0, refs: Vec::new(), errors: FieldErrors::default() };
    if let Some(dialect) = root.get("$schema")
        && !dialect.as_str().is_some_and(|name| DIALECTS.contains(&name))
    {
        checker.errors.push("$schema", format!("must be one of {}", DIALECTS.join(", ")));
    }
    checker.schema(root, "", 0);
    checker.errors
}

struct Checker<'a> {
    root: &'a Value,
    schemas: usize,
    patterns: usize,
    /// The references that are being followed.
    refs: Vec<&'a str>,
    errors: FieldErrors,
}

impl<'a> Checker<'a> {
    fn schema(&mut self, schema: &'a Value, path: &str, depth: usize) {
        self.schemas += 1;
        if self.schemas > MAX_SCHEMAS {
            if self.schemas == MAX_SCHEMAS + 1 {
                self.errors.push(
                    "",
                    format!("has more than {MAX_SCHEMAS} subschemas, with references followed"),
                );
            }
            return;
        }
        if depth > MAX_DEPTH {
            self.errors.push(path, format!("nests deeper than {MAX_DEPTH} schemas"));
            return;
        }
        let Value::Object(keywords) = schema else { return };
        self.keywords(keywords, path, depth);
        for name in SCHEMA_KEYWORDS {
            if let Some(one) = keywords.get(name) {
                self.schema(one, &join(path, name), depth + 1);
            }
        }
        for name in SCHEMA_LIST_KEYWORDS {
            for (i, one) in
                keywords.get(name).and_then(Value::as_array).into_iter().flatten().enumerate()
            {
                self.schema(one, &format!("{}[{i}]", join(path, name)), depth + 1);
            }
        }
        for name in SCHEMA_MAP_KEYWORDS {
            for (key, one) in keywords.get(name).and_then(Value::as_object).into_iter().flatten() {
                let path = join(&join(path, name), key);
                if name == "patternProperties" {
                    self.pattern(key, &path);
                }
                self.schema(one, &path, depth + 1);
            }
        }
    }

    fn keywords(&mut self, keywords: &'a Map<String, Value>, path: &str, depth: usize) {
        for name in REFUSED.into_iter().filter(|name| keywords.contains_key(*name)) {
            self.errors.push(join(path, name), "is not supported: its cost cannot be limited");
        }
        for name in ["$id", "$schema"] {
            if !path.is_empty() && keywords.contains_key(name) {
                self.errors.push(join(path, name), "is allowed only at the top");
            }
        }
        if keywords
            .get("enum")
            .and_then(Value::as_array)
            .is_some_and(|values| values.len() > MAX_ENUM_VALUES)
        {
            self.errors
                .push(join(path, "enum"), format!("must have at most {MAX_ENUM_VALUES} values"));
        }
        if keywords.get("format").and_then(Value::as_str) == Some("regex") {
            self.errors.push(join(path, "format"), "must not be regex: its cost cannot be limited");
        }
        if let Some(pattern) = keywords.get("pattern").and_then(Value::as_str) {
            self.pattern(pattern, &join(path, "pattern"));
        }
        if let Some(reference) = keywords.get("$ref").and_then(Value::as_str) {
            self.reference(reference, &join(path, "$ref"), depth);
        }
    }

    fn pattern(&mut self, pattern: &str, path: &str) {
        self.patterns += 1;
        if self.patterns == MAX_PATTERNS + 1 {
            self.errors.push(
                "",
                format!("has more than {MAX_PATTERNS} patterns, with references followed"),
            );
        }
        if pattern.len() > MAX_PATTERN_BYTES {
            self.errors.push(path, format!("must have at most {MAX_PATTERN_BYTES} characters"));
        }
    }

    fn reference(&mut self, reference: &'a str, path: &str, depth: usize) {
        let target = reference.strip_prefix('#').filter(|at| at.is_empty() || at.starts_with('/'));
        let Some(target) = target.and_then(|at| self.root.pointer(at)) else {
            self.errors.push(path, "must point to a place in this schema, such as #/$defs/address");
            return;
        };
        if self.refs.contains(&reference) {
            self.errors.push(path, "refers to itself; a schema must not be recursive");
            return;
        }
        self.refs.push(reference);
        self.schema(target, path, depth + 1);
        self.refs.pop();
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
