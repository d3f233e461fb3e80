//! A JSON Schema (draft 2020-12, or draft-07 where it says so). It is compiled when it is first used.

use std::fmt;
use std::sync::{Arc, OnceLock};

use jsonschema::{PatternOptions, Validator};
use serde_json::Value;

mod bounds;
mod violation;

pub use bounds::MAX_SCHEMA_BYTES;
use hooklane_domain::json::RawJson;
use hooklane_domain::json::fields::FieldErrors;

/// A JSON Schema of the `data` of events. Two are equal where their texts are.
#[derive(Clone)]
pub struct Schema {
    text: RawJson,
    compiled: Arc<OnceLock<Result<Validator, FieldErrors>>>,
}

/// The largest compiled form of a pattern. The time of a match is linear in the text times this size.
const PATTERN_BYTES: usize = 256 * 1024;
/// The largest cache of a match.
const PATTERN_CACHE_BYTES: usize = 256 * 1024;

/// Up to this product of the sizes of schema and data in bytes, all violations are listed. Above it
/// only the first is, since the list takes memory.
const FULL_REPORT_LIMIT: usize = 16 * 1024 * 1024;

impl Schema {
    /// Reads a schema that a client sent, and reports each mistake under its path in the schema.
    pub fn parse(text: &str) -> Result<Self, FieldErrors> {
        if text.len() > MAX_SCHEMA_BYTES {
            let message = format!("must have at most {MAX_SCHEMA_BYTES} bytes");
            return Err(FieldErrors::one("", message));
        }
        let text = RawJson::parse(text).map_err(|e| FieldErrors::one("", e.to_string()))?;
        let value = value(&text).map_err(|message| FieldErrors::one("", message))?;
        if !value.is_object() {
            return Err(FieldErrors::one("", "must be a JSON Schema: an object"));
        }
        let errors = bounds::check(&value);
        if !errors.is_empty() {
            return Err(errors);
        }
        let schema = Self::from_stored(text);
        schema.compiled().map(|_| ()).map_err(Clone::clone)?;
        Ok(schema)
    }

    /// Takes a schema that was parsed before it was saved.
    #[must_use]
    pub fn from_stored(text: RawJson) -> Self {
        Self { text, compiled: Arc::default() }
    }

    #[must_use]
    pub fn text(&self) -> &RawJson {
        &self.text
    }

    /// Whether `data` fits. Each mistake has its path, which begins with `path`. No message contains a
    /// value of the data.
    pub fn judge(&self, path: &str, data: &RawJson) -> Result<(), FieldErrors> {
        let validator = match self.compiled() {
            Ok(validator) => validator,
            Err(_) => return Err(FieldErrors::one(path, "has a schema that cannot be read")),
        };
        let size = data.as_str().len();
        let data = value(data).map_err(|message| FieldErrors::one(path, message))?;
        if validator.is_valid(&data) {
            return Ok(());
        }
        if self.text.as_str().len().saturating_mul(size) <= FULL_REPORT_LIMIT {
            return Err(violation::errors(path, validator.iter_errors(&data)));
        }
        Err(violation::errors(path, validator.validate(&data).err().into_iter()))
    }

    #[cfg(test)]
    pub(super) fn shares_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.compiled, &other.compiled)
    }

    fn compiled(&self) -> Result<&Validator, &FieldErrors> {
        self.compiled.get_or_init(|| compile(&self.text)).as_ref()
    }
}

/// Compiles a schema. Remote references cannot be followed: the crate is built without them, and
/// `bounds` refuses them.
fn compile(text: &RawJson) -> Result<Validator, FieldErrors> {
    let schema = value(text).map_err(|message| FieldErrors::one("", message))?;
    let patterns =
        PatternOptions::regex().size_limit(PATTERN_BYTES).dfa_size_limit(PATTERN_CACHE_BYTES);
    jsonschema::options()
        .with_pattern_options(patterns)
        .should_validate_formats(true)
        .build(&schema)
        .map_err(|e| violation::errors("", std::iter::once(e)))
}

fn value(json: &RawJson) -> Result<Value, String> {
    serde_json::from_str(json.as_str()).map_err(|e| {
        let position = hooklane_domain::json::position(&e);
        format!("holds a number that is too large ({position})")
    })
}

impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Schema {}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Schema").field(&self.text.as_str()).finish()
    }
}
