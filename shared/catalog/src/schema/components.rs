//! A schema as components of an OpenAPI 3.1 document: what its references lead to becomes components of its own,
//! so that they still resolve, and tools have names for it. All is draft 2020-12 there, so what draft-07 says is
//! said in its words.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::expand::{
    ASSERTIONS, DRAFT_7, Dialect, SCHEMA_KEYWORDS, SCHEMA_LIST_KEYWORDS, SCHEMA_MAP_KEYWORDS,
};

/// Keywords that only tell something to people and tools.
const ANNOTATIONS: [&str; 7] =
    ["default", "deprecated", "description", "examples", "readOnly", "title", "writeOnly"];
/// What draft-07 does not know, and so ignores.
const NEWER_THAN_DRAFT_7: [&str; 6] = [
    "dependentRequired",
    "dependentSchemas",
    "deprecated",
    "maxContains",
    "minContains",
    "prefixItems",
];

/// Where components are.
const COMPONENTS: &str = "#/components/schemas/";

/// The reference to a component. Names of components need no escaping.
#[must_use]
pub fn reference_to(component: &str) -> Value {
    json!({ "$ref": format!("{COMPONENTS}{component}") })
}

/// The components of a schema: itself under `name`, and what it refers to under names that begin with `name` and
/// two dots, which no event type has. None of these is one of `taken`. A reference that leads nowhere says
/// nothing: events are not judged by such a schema either.
pub(super) fn of(root: &Value, name: &str, taken: &[&str]) -> Vec<(String, Value)> {
    let dialect = match root.get("$schema").and_then(Value::as_str) {
        Some(DRAFT_7) => Dialect::Draft7,
        _ => Dialect::Draft202012,
    };
    let mut parts = Parts {
        root,
        dialect,
        names: BTreeMap::from([(std::ptr::from_ref(root), name.to_owned())]),
        targets: vec![root],
    };
    let mut used: BTreeSet<_> = taken.iter().map(|taken| (*taken).to_owned()).collect();
    used.insert(name.to_owned());
    let mut next = 0;
    while let Some(target) = parts.targets.get(next).copied() {
        parts.find(target, name, &mut used);
        next += 1;
    }
    let components = parts.targets.iter().map(|target| {
        let name = parts.names.get(&std::ptr::from_ref(*target)).cloned().unwrap_or_default();
        (name, parts.content(target))
    });
    components.collect()
}

struct Parts<'a> {
    root: &'a Value,
    dialect: Dialect,
    /// The component of each schema that becomes one, by its place in memory.
    names: BTreeMap<*const Value, String>,
    /// These schemas, in the order in which they were found.
    targets: Vec<&'a Value>,
}

impl<'a> Parts<'a> {
    /// Finds what a schema and those in it refer to.
    fn find(&mut self, schema: &'a Value, name: &str, used: &mut BTreeSet<String>) {
        let Some(keywords) = schema.as_object() else { return };
        let reference = keywords.get("$ref").and_then(Value::as_str);
        if let Some((pointer, target)) = reference.and_then(|text| self.target(text)) {
            self.names.entry(std::ptr::from_ref(target)).or_insert_with(|| {
                let new = free(name, pointer, used);
                used.insert(new.clone());
                self.targets.push(target);
                new
            });
        }
        if reference.is_some() && self.dialect == Dialect::Draft7 {
            return;
        }
        for (keyword, value) in keywords {
            match (self.kind(keyword, value), value) {
                (Kind::Schema, one) => self.find(one, name, used),
                (Kind::List, Value::Array(list)) => {
                    list.iter().for_each(|one| self.find(one, name, used));
                }
                (Kind::Map, Value::Object(map)) => {
                    map.values().for_each(|one| self.find(one, name, used));
                }
                _ => {}
            }
        }
    }

    fn target<'t>(&self, reference: &'t str) -> Option<(&'t str, &'a Value)> {
        let pointer = reference.strip_prefix('#')?;
        Some((pointer, self.root.pointer(pointer)?))
    }

    /// A schema within another one.
    fn inner(&self, schema: &Value) -> Value {
        match self.names.get(&std::ptr::from_ref(schema)) {
            Some(component) => reference_to(component),
            None => self.content(schema),
        }
    }

    fn content(&self, schema: &Value) -> Value {
        let Some(keywords) = schema.as_object() else {
            // What a reference leads to may be no schema.
            return if schema.is_boolean() { schema.clone() } else { json!({}) };
        };
        let mut written = Map::new();
        if let Some(text) = keywords.get("$ref").and_then(Value::as_str) {
            let target = self.target(text).map(|(_, target)| std::ptr::from_ref(target));
            if let Some(component) = target.and_then(|target| self.names.get(&target)) {
                written.insert("$ref".to_owned(), format!("{COMPONENTS}{component}").into());
            }
            if self.dialect == Dialect::Draft7 {
                return Value::Object(written);
            }
        }
        for (keyword, value) in keywords {
            let inner = |one: &Value| self.inner(one);
            let value = match (self.kind(keyword, value), value) {
                (Kind::Schema, one) => inner(one),
                (Kind::List, Value::Array(list)) => list.iter().map(inner).collect(),
                (Kind::Map, Value::Object(map)) => {
                    map.iter().map(|(key, one)| (key.clone(), inner(one))).collect()
                }
                (Kind::Plain, value) => value.clone(),
                _ => continue,
            };
            if let Some(keyword) = self.renamed(keyword, keywords) {
                written.insert(keyword.to_owned(), value);
            }
        }
        Value::Object(written)
    }

    fn kind(&self, keyword: &str, value: &Value) -> Kind {
        if self.dialect == Dialect::Draft7 && NEWER_THAN_DRAFT_7.contains(&keyword) {
            return Kind::Nothing;
        }
        if SCHEMA_LIST_KEYWORDS.contains(&keyword) && value.is_array() {
            Kind::List
        } else if SCHEMA_KEYWORDS.contains(&keyword) && !value.is_array() {
            Kind::Schema
        } else if SCHEMA_MAP_KEYWORDS.contains(&keyword) {
            Kind::Map
        } else if ASSERTIONS.contains(&keyword) || ANNOTATIONS.contains(&keyword) {
            Kind::Plain
        } else {
            Kind::Nothing
        }
    }

    /// The keyword of draft 2020-12 that says the same; `None` if it says nothing.
    fn renamed<'k>(&self, keyword: &'k str, beside: &Map<String, Value>) -> Option<&'k str> {
        let is_tuple = beside.get("items").is_some_and(Value::is_array);
        match (self.dialect, keyword) {
            (Dialect::Draft7, "items") if is_tuple => Some("prefixItems"),
            (Dialect::Draft7, "additionalItems") if is_tuple => Some("items"),
            (_, "additionalItems") => None,
            (_, keyword) => Some(keyword),
        }
    }
}

/// What the value of a keyword is.
enum Kind {
    Schema,
    List,
    Map,
    /// No schema. It stays as it is.
    Plain,
    /// Nothing that the components need: an identifier, a place for definitions, or a word that is not known. In an
    /// OpenAPI document some of these would mean something.
    Nothing,
}

/// A name for what this pointer leads to.
fn free(name: &str, pointer: &str, used: &BTreeSet<String>) -> String {
    let words = ["/$defs/", "/definitions/"].iter().find_map(|place| pointer.strip_prefix(place));
    let words: String = words
        .unwrap_or_else(|| pointer.trim_start_matches('/'))
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '_' })
        .collect();
    let first = format!("{name}..{words}");
    let others = (2..).map(|n| format!("{first}.{n}"));
    let mut all = std::iter::once(first.clone()).chain(others);
    all.find(|name| !used.contains(name)).unwrap_or(first)
}

#[cfg(test)]
mod tests;
