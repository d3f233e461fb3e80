//! A JSON Schema (draft 2020-12, or draft-07 where it says so), which a tenant may have written. What judging
//! an event by it can cost is counted before it is saved, and again before it is used.

use std::fmt;

use serde_json::Value;

mod compiled;
mod components;
mod cost;
mod expand;
mod judging;
mod patterns;
mod unique;
mod violation;

pub use compiled::Compiled;
pub use components::reference_to;
pub use cost::{Cost, MAX_COST};
use hooklane_domain::ids::EventType;
use hooklane_domain::json::RawJson;
use hooklane_domain::json::fields::FieldErrors;

/// The longest schema, as JSON.
pub const MAX_SCHEMA_BYTES: usize = 16 * 1024;

/// A JSON Schema of the `data` of events. Two are equal where their texts are.
#[derive(Clone, PartialEq, Eq)]
pub struct Schema {
    text: RawJson,
}

impl Schema {
    /// Reads a schema that a client sent, and reports each mistake under its path in the schema.
    pub fn parse(text: &str) -> Result<Self, FieldErrors> {
        Self::read(text).map(|(schema, _)| schema)
    }

    /// The same, with the compiled form.
    pub fn read(text: &str) -> Result<(Self, Compiled), FieldErrors> {
        if text.len() > MAX_SCHEMA_BYTES {
            let message = format!("must have at most {MAX_SCHEMA_BYTES} bytes");
            return Err(FieldErrors::one("", message));
        }
        let text = RawJson::parse(text).map_err(|e| FieldErrors::one("", e.to_string()))?;
        let value = value(&text).map_err(|message| FieldErrors::one("", message))?;
        if !value.is_object() {
            return Err(FieldErrors::one("", "must be a JSON Schema: an object"));
        }
        let expanded = expand::expand(&value)?;
        compiled::check_standard(&value, expanded.dialect)?;
        let compiled = Compiled::of(&expanded)?;
        Ok((Self { text }, compiled))
    }

    /// The schema that any data fits.
    #[must_use]
    pub fn of_anything() -> Self {
        match RawJson::parse("{}") {
            Ok(text) => Self { text },
            Err(_) => unreachable!("the text is JSON"),
        }
    }

    /// Takes a schema that was parsed before it was saved.
    #[must_use]
    pub fn from_stored(text: RawJson) -> Self {
        Self { text }
    }

    #[must_use]
    pub fn text(&self) -> &RawJson {
        &self.text
    }

    /// The compiled form. An error says why the schema can no longer be used: it was saved by a version with
    /// other limits.
    pub fn compile(&self) -> Result<Compiled, FieldErrors> {
        let value = value(&self.text).map_err(|message| FieldErrors::one("", message))?;
        Compiled::of(&expand::expand(&value)?)
    }

    /// What judging the largest event can cost. It is computed from the text alone.
    pub fn cost(&self) -> Result<Cost, FieldErrors> {
        let value = value(&self.text).map_err(|message| FieldErrors::one("", message))?;
        compiled::cost(&expand::expand(&value)?)
    }

    /// The schema as components of an OpenAPI 3.1 document: itself under `name`, which comes first, and what its
    /// references lead to under names that begin with `name` and two dots. None of these is one of `taken`.
    #[must_use]
    pub fn components(&self, name: &EventType, taken: &[&str]) -> Vec<(String, Value)> {
        // A number that is too large for the validator is too large for other tools.
        let root = value(&self.text).unwrap_or(Value::Bool(true));
        components::of(&root, name.as_str(), taken)
    }

    /// Compiles the schema and judges `data` by it. For many events, compile it once.
    pub fn judge(&self, path: &str, data: &RawJson) -> Result<(), FieldErrors> {
        match self.compile() {
            Ok(compiled) => compiled.judge(path, data),
            Err(why) => Err(no_longer_used(&why)),
        }
    }
}

/// The refusal of an event whose type has a schema that cannot be used any more.
#[must_use]
pub fn no_longer_used(why: &FieldErrors) -> FieldErrors {
    FieldErrors::one("type", format!("has a schema that can no longer be used: {why}"))
}

/// The value that is judged, or judges. A lone surrogate counts as U+FFFD, which has its length.
fn value(json: &RawJson) -> Result<Value, String> {
    serde_json::from_str(&json.readable()).map_err(|e| {
        let position = hooklane_domain::json::position(&e);
        format!("holds a number that is too large ({position})")
    })
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Schema").field(&self.text.as_str()).finish()
    }
}
