//! Reads a JSON Schema within our limits, and makes the copy that is compiled: with every reference replaced
//! by what it refers to, and with nothing in it that was not read here. The validator so cannot follow what
//! these limits have not seen, however it reads references, anchors and names.

use serde_json::{Map, Value};

use hooklane_domain::json::fields::FieldErrors;

/// The most subschemas. One that is referred to counts each time.
const MAX_SCHEMAS: usize = 500;
/// The deepest nesting of subschemas, with references followed.
const MAX_DEPTH: usize = 32;
/// The largest copy, as JSON: what is referred to is in it each time.
const MAX_EXPANDED_BYTES: usize = 128 * 1024;
const MAX_ENUM_VALUES: usize = 200;
const MAX_PATTERNS: usize = 50;
const MAX_PATTERN_BYTES: usize = 256;

pub(super) const DRAFT_7: &str = "http://json-schema.org/draft-07/schema#";
/// The dialects that are supported. The first is the default.
const DIALECTS: [&str; 2] = ["https://json-schema.org/draft/2020-12/schema", DRAFT_7];

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
pub(super) const SCHEMA_KEYWORDS: [&str; 9] = [
    "additionalItems",
    "additionalProperties",
    "contains",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
];
/// Keywords whose value is a list of schemas.
pub(super) const SCHEMA_LIST_KEYWORDS: [&str; 5] =
    ["allOf", "anyOf", "items", "oneOf", "prefixItems"];
/// Keywords whose value is a map of schemas.
pub(super) const SCHEMA_MAP_KEYWORDS: [&str; 3] =
    ["dependentSchemas", "patternProperties", "properties"];
/// Places for schemas that others refer to. They are read, and are not in the copy.
const PLACES: [&str; 3] = ["$defs", "contentSchema", "definitions"];
/// Keywords that say something about a value without another schema. They are in the copy as they are.
pub(super) const ASSERTIONS: [&str; 23] = [
    "const",
    "contentEncoding",
    "contentMediaType",
    "dependentRequired",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "pattern",
    "required",
    "type",
    "uniqueItems",
];

/// The dialect that a schema is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Draft7,
    Draft202012,
}

/// A schema within the limits.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Expanded {
    pub(super) schema: Value,
    pub(super) dialect: Dialect,
}

/// The copy, or the violations of our limits, each under its path in the schema. The standard's own rules
/// are checked elsewhere.
pub(super) fn expand(root: &Value) -> Result<Expanded, FieldErrors> {
    let name = root.get("$schema");
    let dialect = match name.and_then(Value::as_str) {
        Some(DRAFT_7) => Dialect::Draft7,
        _ => Dialect::Draft202012,
    };
    let mut reader = Reader {
        root,
        dialect,
        schemas: 0,
        too_deep: false,
        patterns: 0,
        bytes: 0,
        followed: Vec::new(),
        errors: FieldErrors::default(),
    };
    if let Some(name) = name
        && !name.as_str().is_some_and(|name| DIALECTS.contains(&name))
    {
        reader.errors.push("$schema", format!("must be one of {}", DIALECTS.join(", ")));
    }
    let schema = reader.schema(root, "", 0);
    if reader.errors.is_empty() { Ok(Expanded { schema, dialect }) } else { Err(reader.errors) }
}

struct Reader<'a> {
    root: &'a Value,
    dialect: Dialect,
    schemas: usize,
    too_deep: bool,
    patterns: usize,
    bytes: usize,
    /// The schemas that references are being followed to.
    followed: Vec<&'a Value>,
    errors: FieldErrors,
}

impl<'a> Reader<'a> {
    /// The copy of a schema. After a mistake it is not complete, and not used.
    fn schema(&mut self, schema: &'a Value, path: &str, depth: usize) -> Value {
        self.schemas += 1;
        if self.schemas > MAX_SCHEMAS {
            if self.schemas == MAX_SCHEMAS + 1 {
                self.errors.push(
                    "",
                    format!("has more than {MAX_SCHEMAS} subschemas, with references followed"),
                );
            }
            return Value::Bool(true);
        }
        if depth > MAX_DEPTH {
            // Once: with references followed, there may be a great many such places.
            if !std::mem::replace(&mut self.too_deep, true) {
                self.errors.push(path, format!("nests deeper than {MAX_DEPTH} schemas"));
            }
            return Value::Bool(true);
        }
        let keywords = match schema {
            Value::Object(keywords) => keywords,
            Value::Bool(_) => return schema.clone(),
            _ => {
                self.errors.push(path, "must be a JSON Schema: an object, true or false");
                return Value::Bool(true);
            }
        };
        self.check(keywords, path);
        let mut copy = self.assertions(keywords, path);
        self.subschemas(keywords, path, depth, &mut copy);
        match keywords.get("$ref") {
            None => Value::Object(copy),
            Some(reference) => {
                let target = self.reference(reference, &join(path, "$ref"), depth);
                self.with(copy, target)
            }
        }
    }

    /// A schema with one that it refers to. Both judge the value, but draft-07 has nothing beside `$ref`.
    fn with(&self, mut copy: Map<String, Value>, target: Value) -> Value {
        if copy.is_empty() || self.dialect == Dialect::Draft7 {
            return target;
        }
        let all = copy.entry("allOf").or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(all) = all {
            all.push(target);
        }
        Value::Object(copy)
    }

    fn check(&mut self, keywords: &Map<String, Value>, path: &str) {
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
    }

    fn assertions(&mut self, keywords: &Map<String, Value>, path: &str) -> Map<String, Value> {
        let mut copy = Map::new();
        for (name, value) in keywords {
            if ASSERTIONS.contains(&name.as_str()) {
                self.take(value.to_string().len() + name.len(), path);
                copy.insert(name.clone(), value.clone());
            }
        }
        copy
    }

    fn subschemas(
        &mut self,
        keywords: &'a Map<String, Value>,
        path: &str,
        depth: usize,
        copy: &mut Map<String, Value>,
    ) {
        for name in SCHEMA_KEYWORDS {
            let Some(one) = keywords.get(name) else { continue };
            // A list of schemas, which `items` may be too, is below.
            if !one.is_array() {
                let one = self.schema(one, &join(path, name), depth + 1);
                copy.insert(name.to_owned(), one);
            }
        }
        for name in SCHEMA_LIST_KEYWORDS {
            let Some(Value::Array(list)) = keywords.get(name) else { continue };
            let place = |i: usize| format!("{}[{i}]", join(path, name));
            let list = list.iter().enumerate();
            let list = list.map(|(i, one)| self.schema(one, &place(i), depth + 1)).collect();
            copy.insert(name.to_owned(), Value::Array(list));
        }
        for name in SCHEMA_MAP_KEYWORDS {
            let Some(Value::Object(map)) = keywords.get(name) else { continue };
            let path = join(path, name);
            let mut copies = Map::new();
            for (key, one) in map {
                let path = join(&path, key);
                if name == "patternProperties" {
                    self.pattern(key, &path);
                }
                self.take(key.len(), &path);
                copies.insert(key.clone(), self.schema(one, &path, depth + 1));
            }
            copy.insert(name.to_owned(), Value::Object(copies));
        }
        self.places(keywords, path, depth);
    }

    fn places(&mut self, keywords: &'a Map<String, Value>, path: &str, depth: usize) {
        for name in PLACES {
            let path = join(path, name);
            match keywords.get(name) {
                Some(one) if name == "contentSchema" => drop(self.schema(one, &path, depth + 1)),
                Some(Value::Object(map)) => {
                    for (key, one) in map {
                        self.schema(one, &join(&path, key), depth + 1);
                    }
                }
                _ => {}
            }
        }
    }

    /// Counts what a keyword adds to the copy.
    fn take(&mut self, bytes: usize, path: &str) {
        let before = self.bytes;
        self.bytes = before.saturating_add(bytes);
        if before <= MAX_EXPANDED_BYTES && self.bytes > MAX_EXPANDED_BYTES {
            let message =
                format!("has more than {MAX_EXPANDED_BYTES} bytes, with references followed");
            self.errors.push(path, message);
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

    fn reference(&mut self, reference: &'a Value, path: &str, depth: usize) -> Value {
        let text = reference.as_str().unwrap_or_default();
        if text.contains('%') {
            self.errors.push(path, "must be written without percent-encoding");
            return Value::Bool(true);
        }
        let target = text.strip_prefix('#').filter(|at| at.is_empty() || at.starts_with('/'));
        let Some(target) = target.and_then(|at| self.root.pointer(at)) else {
            self.errors.push(path, "must point to a place in this schema, such as #/$defs/address");
            return Value::Bool(true);
        };
        if self.followed.iter().any(|other| std::ptr::eq(*other, target)) {
            self.errors.push(path, "refers to itself; a schema must not be recursive");
            return Value::Bool(true);
        }
        self.followed.push(target);
        let copy = self.schema(target, path, depth + 1);
        self.followed.pop();
        copy
    }
}

pub(super) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests;
