//! What a JSON Schema may hold, so that judging an event by it takes a bounded time whoever wrote it.

use serde_json::{Map, Value};

use hooklane_domain::json::fields::FieldErrors;

/// A schema's text is at most this long.
pub const MAX_SCHEMA_BYTES: usize = 16 * 1024;
/// So many schemas it may hold, one that is referred to counted as often as it is.
const MAX_SCHEMAS: usize = 500;
/// So deep they may nest, references followed.
const MAX_DEPTH: usize = 32;
const MAX_ENUM: usize = 200;
const MAX_PATTERNS: usize = 50;
const MAX_PATTERN: usize = 256;

/// The dialects that are read; the first where a schema names none.
const DIALECTS: [&str; 2] =
    ["https://json-schema.org/draft/2020-12/schema", "http://json-schema.org/draft-07/schema#"];

/// Keywords whose cost nobody can bound beforehand, or that look elsewhere.
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

const ONE: [&str; 10] = [
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
const LISTS: [&str; 5] = ["allOf", "anyOf", "items", "oneOf", "prefixItems"];
const MAPS: [&str; 5] =
    ["$defs", "definitions", "dependentSchemas", "patternProperties", "properties"];

/// Every mistake in a schema that is no mistake to the standard, under its path in the schema.
pub(super) fn check(root: &Value) -> FieldErrors {
    let mut walk =
        Walk { root, schemas: 0, patterns: 0, refs: Vec::new(), errors: FieldErrors::default() };
    if let Some(dialect) = root.get("$schema")
        && !dialect.as_str().is_some_and(|name| DIALECTS.contains(&name))
    {
        walk.errors.push("$schema", format!("must be one of {}", DIALECTS.join(", ")));
    }
    walk.schema(root, "", 0);
    walk.errors
}

struct Walk<'a> {
    root: &'a Value,
    schemas: usize,
    patterns: usize,
    /// The references that are being followed.
    refs: Vec<&'a str>,
    errors: FieldErrors,
}

impl<'a> Walk<'a> {
    fn schema(&mut self, schema: &'a Value, path: &str, depth: usize) {
        self.schemas += 1;
        if self.schemas > MAX_SCHEMAS {
            if self.schemas == MAX_SCHEMAS + 1 {
                self.errors.push(
                    "",
                    format!("holds more than {MAX_SCHEMAS} schemas, references followed"),
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
        for name in ONE {
            if let Some(one) = keywords.get(name) {
                self.schema(one, &join(path, name), depth + 1);
            }
        }
        for name in LISTS {
            for (i, one) in
                keywords.get(name).and_then(Value::as_array).into_iter().flatten().enumerate()
            {
                self.schema(one, &format!("{}[{i}]", join(path, name)), depth + 1);
            }
        }
        for name in MAPS {
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
            self.errors.push(join(path, name), "is not taken: what it costs cannot be bounded");
        }
        for name in ["$id", "$schema"] {
            if !path.is_empty() && keywords.contains_key(name) {
                self.errors.push(join(path, name), "may only stand at the top");
            }
        }
        if keywords
            .get("enum")
            .and_then(Value::as_array)
            .is_some_and(|values| values.len() > MAX_ENUM)
        {
            self.errors.push(join(path, "enum"), format!("must have at most {MAX_ENUM} values"));
        }
        if keywords.get("format").and_then(Value::as_str) == Some("regex") {
            self.errors
                .push(join(path, "format"), "may not be regex: what it costs cannot be bounded");
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
            self.errors
                .push("", format!("holds more than {MAX_PATTERNS} patterns, references followed"));
        }
        if pattern.len() > MAX_PATTERN {
            self.errors.push(path, format!("must have at most {MAX_PATTERN} characters"));
        }
    }

    fn reference(&mut self, reference: &'a str, path: &str, depth: usize) {
        let target = reference.strip_prefix('#').filter(|at| at.is_empty() || at.starts_with('/'));
        let Some(target) = target.and_then(|at| self.root.pointer(at)) else {
            self.errors.push(path, "must lead to a place in this schema, such as #/$defs/address");
            return;
        };
        if self.refs.contains(&reference) {
            self.errors.push(path, "leads back to itself: a schema may not be recursive");
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
