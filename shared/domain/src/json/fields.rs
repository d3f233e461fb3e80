//! Reads the fields of a JSON object from outside: synonyms, unknown fields, and every mistake
//! reported at once with its JSON path.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use jiff::Timestamp;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::json::position;

mod errors;

pub use errors::{FieldError, FieldErrors};

/// The fields of one object that have not been asked for yet, and what went wrong so far.
pub struct Fields {
    prefix: String,
    left: BTreeMap<String, Box<RawValue>>,
    errors: FieldErrors,
}

/// A field that was there, under the name its sender used.
pub struct Field {
    pub path: String,
    pub raw: Box<RawValue>,
}

/// A whole number however it is written.
struct Whole(u64);

/// Up to here every whole number is one that a JSON parser keeps.
const MAX_WHOLE: f64 = 9_007_199_254_740_991.0;

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = serde_json::Number::deserialize(deserializer)?;
        let whole = number.as_u64().or_else(|| {
            let float = number.as_f64()?;
            let is_whole = float.fract() == 0.0 && (0.0..=MAX_WHOLE).contains(&float);
            // It was just seen to be a whole number in range.
            is_whole.then_some(float as u64)
        });
        whole.map(Self).ok_or_else(|| serde::de::Error::custom("not a whole number"))
    }
}

impl Fields {
    /// The object in `text`; `prefix` is the path of that object, empty for a whole body. A field that
    /// is there twice is an error: whoever reads the first and whoever reads the last would disagree.
    pub fn of(prefix: &str, text: &str) -> Result<Self, FieldErrors> {
        let Pairs(pairs) = serde_json::from_str(text).map_err(|e| {
            let what = if e.is_data() { "must be a JSON object" } else { "is not valid JSON" };
            FieldErrors::one(prefix, format!("{what} ({})", position(&e)))
        })?;
        let errors = FieldErrors::default();
        let mut fields = Self { prefix: prefix.to_owned(), left: BTreeMap::new(), errors };
        for (name, raw) in pairs {
            match fields.left.entry(name) {
                Entry::Vacant(place) => {
                    place.insert(raw);
                }
                Entry::Occupied(taken) => {
                    let name = taken.key().clone();
                    fields.error(&name, "is there twice");
                }
            }
        }
        Ok(fields)
    }

    fn path(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}.{name}", self.prefix) }
    }

    /// Takes the field that has one of `names`, the first being the canonical one. `null` counts as
    /// absent; the same field under two names is an error.
    pub fn take(&mut self, names: &[&str]) -> Option<Field> {
        let mut found: Option<(&str, Field)> = None;
        for name in names {
            let Some(raw) = self.left.remove(*name) else {
                continue;
            };
            if raw.get() == "null" {
                continue;
            }
            match &found {
                Some((first, _)) => {
                    let message = format!("is the same field as {first}; send one of them");
                    self.errors.push(self.path(name), message);
                }
                None => {
                    found = Some((name, Field { path: self.path(name), raw }));
                }
            }
        }
        found.map(|(_, field)| field)
    }

    /// Takes a field that is there as `null`; whether it was. For fields that can be taken back.
    pub fn take_null(&mut self, names: &[&str]) -> bool {
        let null =
            names.iter().any(|name| self.left.get(*name).is_some_and(|raw| raw.get() == "null"));
        if null {
            names
                .iter()
                .for_each(|name| self.left.retain(|n, raw| n != name || raw.get() != "null"));
        }
        null
    }

    /// Takes a field that serde can read; a wrong type is noted and counts as absent.
    pub fn read<T: DeserializeOwned>(&mut self, names: &[&str], expected: &str) -> Option<T> {
        let field = self.take(names)?;
        match serde_json::from_str(field.raw.get()) {
            Ok(value) => Some(value),
            Err(_) => {
                self.errors.push(field.path, format!("must be {expected}"));
                None
            }
        }
    }

    /// Takes a field that is a whole number from 0 on, be it written as `60` or as `60.0`: JSON has one
    /// kind of number.
    pub fn read_whole(&mut self, names: &[&str], expected: &str) -> Option<u64> {
        self.read::<Whole>(names, expected).map(|Whole(number)| number)
    }

    /// Takes a text field and parses it; what the parser says is noted under the field's path.
    pub fn parse<T>(&mut self, names: &[&str]) -> Option<T>
    where
        T: std::str::FromStr,
        T::Err: fmt::Display,
    {
        let field = self.take(names)?;
        let text = match serde_json::from_str::<String>(field.raw.get()) {
            Ok(text) => text,
            Err(_) => {
                self.errors.push(field.path, "must be a string");
                return None;
            }
        };
        match text.parse() {
            Ok(value) => Some(value),
            Err(e) => {
                self.errors.push(field.path, T::Err::to_string(&e));
                None
            }
        }
    }

    /// Takes a time: RFC 3339, or Unix seconds as a number (the documents' clients send both).
    pub fn time(&mut self, names: &[&str]) -> Option<Timestamp> {
        let field = self.take(names)?;
        let text = field.raw.get();
        let parsed = match serde_json::from_str::<String>(text) {
            Ok(text) => text.parse::<Timestamp>().ok(),
            Err(_) => text.parse::<i64>().ok().and_then(|s| Timestamp::from_second(s).ok()),
        };
        if parsed.is_none() {
            let message = "must be an RFC 3339 time such as 2024-01-15T10:30:00Z";
            self.error(names.first().unwrap_or(&""), message);
        }
        parsed
    }

    pub fn error(&mut self, name: &str, message: impl Into<String>) {
        self.errors.push(self.path(name), message);
    }

    pub fn merge(&mut self, errors: FieldErrors) {
        self.errors.extend(errors);
    }

    /// Whether an error was noted for the field of that name.
    #[must_use]
    pub fn has_error(&self, name: &str) -> bool {
        let path = self.path(name);
        self.errors.as_slice().iter().any(|e| e.path == path)
    }

    /// Whether any of these names is still there, with a value.
    #[must_use]
    pub fn has(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.left.get(*name).is_some_and(|raw| raw.get() != "null"))
    }

    /// The names that are still there.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.left.keys().map(String::as_str)
    }

    /// The fields nobody asked for, as one JSON object. After this, none is unknown.
    pub fn take_rest(&mut self) -> BTreeMap<String, Box<RawValue>> {
        std::mem::take(&mut self.left)
    }

    /// Ends the reading: fields that nobody asked for are errors too.
    pub fn finish(mut self) -> Result<(), FieldErrors> {
        for name in std::mem::take(&mut self.left).into_keys() {
            let path = self.path(&name);
            self.errors.push(path, "is not a known field");
        }
        if self.errors.is_empty() { Ok(()) } else { Err(self.errors) }
    }
}

/// The fields of an object as they stand in the text.
struct Pairs(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests;
