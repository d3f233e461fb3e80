//! Reads the fields of a JSON object that a client sent. A field may have several names, an unknown
//! field is a mistake, and all mistakes are reported at once, each with its JSON path.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use jiff::Timestamp;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::json::position;
use crate::json::surrogates::{Name, readable};
use crate::json::whole::Whole;

mod errors;
mod list;
mod numbers;
mod unchanged;

pub use errors::{FieldError, FieldErrors, bytes, cut};
pub use list::List;

/// A reader of one object: the fields that were not taken yet, and the mistakes so far. Take each field
/// that is known, then call [`Fields::finish`].
pub struct Fields {
    prefix: String,
    left: BTreeMap<String, Box<RawValue>>,
    errors: FieldErrors,
}

/// A field, under the name that its sender used.
pub struct Field {
    pub path: String,
    pub raw: Box<RawValue>,
}

/// The most fields of one object. An event of the largest size cannot hold more, so no event meets it.
pub const MAX_FIELDS: usize = 50_000;

impl Fields {
    /// Reads the object in `text`; `prefix` is its path, empty for a whole body. A duplicate field is a
    /// mistake, since readers disagree on which of the two counts.
    pub fn of(prefix: &str, text: &str) -> Result<Self, FieldErrors> {
        let members: Members = serde_json::from_str(text).map_err(|e| {
            let what = if e.is_data() { "must be a JSON object" } else { "is not valid JSON" };
            FieldErrors::one(prefix, format!("{what} ({})", position(&e)))
        })?;
        if members.too_many {
            return Err(FieldErrors::one(prefix, format!("has more than {MAX_FIELDS} fields")));
        }
        let errors = FieldErrors::default();
        let mut fields = Self { prefix: prefix.to_owned(), left: members.first, errors };
        for name in members.again {
            fields.error(&name, "is given twice");
        }
        Ok(fields)
    }

    fn path(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}.{name}", self.prefix) }
    }

    /// Takes the field that has one of `names`, of which the first is the canonical one. `null` counts
    /// as absent; the same field under two names is a mistake.
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
                    let message = format!("means the same as {first}; send only one of them");
                    self.errors.push(self.path(name), message);
                }
                None => {
                    found = Some((name, Field { path: self.path(name), raw }));
                }
            }
        }
        found.map(|(_, field)| field)
    }

    /// Takes a field whose value is `null` and says whether there was one. For settings that `null`
    /// resets.
    pub fn take_null(&mut self, names: &[&str]) -> bool {
        let mut null = false;
        for name in names {
            if self.left.get(*name).is_some_and(|raw| raw.get() == "null") {
                self.left.remove(*name);
                null = true;
            }
        }
        null
    }

    /// Takes a field and deserialises it. A wrong type is a mistake, and the field then counts as
    /// absent.
    pub fn read<T: DeserializeOwned>(&mut self, names: &[&str], expected: &str) -> Option<T> {
        let field = self.take(names)?;
        match serde_json::from_str(field.raw.get()) {
            Ok(value) => Some(value),
            Err(_) => {
                self.errors.push(field.path, expected_or_half::<T>(&field.raw, expected));
                None
            }
        }
    }

    /// Takes a list of at most `most` elements. A longer one is one mistake, and then none of its elements
    /// is looked at: checking them all would take as long as its sender likes.
    pub fn read_list<T: DeserializeOwned>(
        &mut self,
        names: &[&str],
        expected: &str,
        most: usize,
        too_many: impl Into<String>,
    ) -> Option<Vec<T>> {
        let field = self.take(names)?;
        match List::read(field.raw.get(), most) {
            Ok(List::Whole(elements)) => Some(elements),
            Ok(List::TooLong) => {
                self.errors.push(field.path, too_many);
                None
            }
            Err(_) => {
                self.errors.push(field.path, expected_or_half::<Vec<T>>(&field.raw, expected));
                None
            }
        }
    }

    /// Takes a string field and parses it; the parser's error becomes a mistake under the field's path.
    pub fn parse<T>(&mut self, names: &[&str]) -> Option<T>
    where
        T: std::str::FromStr,
        T::Err: fmt::Display,
    {
        let field = self.take(names)?;
        let text = match serde_json::from_str::<String>(field.raw.get()) {
            Ok(text) => text,
            Err(_) => {
                self.errors.push(field.path, expected_or_half::<String>(&field.raw, "a string"));
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

    /// Takes a time: RFC 3339, or Unix seconds as a number (clients of the platform guides send both).
    pub fn time(&mut self, names: &[&str]) -> Option<Timestamp> {
        let field = self.take(names)?;
        let parsed = time_of(field.raw.get());
        if parsed.is_none() {
            self.errors.push(field.path, "must be an RFC 3339 time such as 2024-01-15T10:30:00Z");
        }
        parsed
    }

    /// Notes a mistake about the field of that name.
    pub fn error(&mut self, name: &str, message: impl Into<String>) {
        self.errors.push(self.path(name), message);
    }

    /// Adds the mistakes of a part that was read on its own.
    pub fn merge(&mut self, errors: FieldErrors) {
        self.errors.extend(errors);
    }

    /// Whether a mistake was noted about the field of that name.
    #[must_use]
    pub fn has_error(&self, name: &str) -> bool {
        let path = self.path(name);
        self.errors.as_slice().iter().any(|e| e.path == path)
    }

    /// Whether a field of any of these names is left that is not `null`.
    #[must_use]
    pub fn has(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.left.get(*name).is_some_and(|raw| raw.get() != "null"))
    }

    /// The names of the fields that were not taken yet.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.left.keys().map(String::as_str)
    }

    /// Takes all fields that are left, so that none of them counts as unknown.
    pub fn take_rest(&mut self) -> BTreeMap<String, Box<RawValue>> {
        std::mem::take(&mut self.left)
    }

    /// Ends the reading. Fields that were not taken are unknown, which is a mistake too.
    pub fn finish(mut self) -> Result<(), FieldErrors> {
        for name in std::mem::take(&mut self.left).into_keys() {
            self.error(&name, "is not a known field");
        }
        if self.errors.is_empty() { Ok(()) } else { Err(self.errors) }
    }
}

/// A time in JSON: RFC 3339, or Unix seconds as a number.
pub(crate) fn time_of(json: &str) -> Option<Timestamp> {
    match serde_json::from_str::<String>(json) {
        Ok(text) => text.parse().ok(),
        Err(_) => Whole::parse(json).and_then(Whole::as_time),
    }
}

/// Why a value cannot be read: it is not what was expected, or would be if it did not hold half a character.
fn expected_or_half<T: DeserializeOwned>(raw: &RawValue, expected: &str) -> String {
    let half = readable(raw.get()).is_some_and(|text| serde_json::from_str::<T>(&text).is_ok());
    if half {
        "must not hold half a character (a lone surrogate such as \\ud83d)".to_owned()
    } else {
        format!("must be {expected}")
    }
}

/// The members of an object.
#[derive(Default)]
struct Members {
    /// The first one of each name.
    first: BTreeMap<String, Box<RawValue>>,
    /// The names of the others, in the order of the text.
    again: Vec<String>,
    /// There are more than [`MAX_FIELDS`]. The rest was not kept.
    too_many: bool,
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Members::default();
                for _ in 0..MAX_FIELDS {
                    let Some((Name(name), raw)) = map.next_entry::<Name, Box<RawValue>>()? else {
                        return Ok(members);
                    };
                    match members.first.entry(name) {
                        Entry::Vacant(place) => {
                            place.insert(raw);
                        }
                        Entry::Occupied(taken) => members.again.push(taken.key().clone()),
                    }
                }
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
                    members.too_many = true;
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests;
