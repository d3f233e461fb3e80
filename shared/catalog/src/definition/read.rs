//! Reads the definition of an event type that is added at run time.

use super::Definition;
use crate::schema::{Compiled, Schema};
use hooklane_domain::json::RawJson;
use hooklane_domain::json::fields::{FieldError, FieldErrors, Fields};

/// The category of a type that was added without one.
const DEFAULT_CATEGORY: &str = "custom";
/// The longest sample, as JSON.
pub const MAX_SAMPLE_BYTES: usize = 8 * 1024;
const MAX_CATEGORY_CHARACTERS: usize = 64;
const MAX_DESCRIPTION_CHARACTERS: usize = 1_000;

impl Definition {
    /// Reads `{sample, category?, description?, schema?}` and reports all mistakes at once, each with its
    /// path. Without a schema any data fits.
    pub fn read(body: &str) -> Result<Self, FieldErrors> {
        Self::from_fields(Fields::of("", body)?)
    }

    /// Like [`Definition::read`], for the type of this name. The body may be the type as answers show it:
    /// with its name and its source, which cannot be others.
    pub fn read_shown(name: &str, source: &str, body: &str) -> Result<Self, FieldErrors> {
        let mut fields = Fields::of("", body)?;
        fields.fixed(&["type"], name);
        fields.fixed(&["source"], source);
        Self::from_fields(fields)
    }

    fn from_fields(mut fields: Fields) -> Result<Self, FieldErrors> {
        let (category, description) = texts(&mut fields);
        let sample = sample(&mut fields);
        let schema = schema(&mut fields);
        if let (Some(sample), Some((_, compiled))) = (&sample, &schema)
            && let Err(errors) = compiled.judge("sample", sample)
        {
            fields.merge(errors);
        }
        fields.finish()?;
        match (sample, schema) {
            (Some(sample), Some((schema, _))) => Ok(Self { category, description, sample, schema }),
            _ => Err(FieldErrors::one("", "is incomplete")),
        }
    }

    /// Takes `{sample, category?, description?}` out of an object that has other fields too. Its schema accepts
    /// any data. `None` if there is no usable sample, which is then noted as a mistake.
    pub fn take_without_schema(fields: &mut Fields) -> Option<Self> {
        let (category, description) = texts(fields);
        Some(Self { category, description, ..Self::of_sample(sample(fields)?) })
    }

    /// The definition of a type of which nothing is known but a sample.
    #[must_use]
    pub fn of_sample(sample: RawJson) -> Self {
        let category = DEFAULT_CATEGORY.to_owned();
        Self { category, description: String::new(), sample, schema: Schema::of_anything() }
    }
}

/// The category and the description.
fn texts(fields: &mut Fields) -> (String, String) {
    let category = text(fields, "category", 1, MAX_CATEGORY_CHARACTERS);
    let description = text(fields, "description", 0, MAX_DESCRIPTION_CHARACTERS);
    (category.unwrap_or_else(|| DEFAULT_CATEGORY.to_owned()), description.unwrap_or_default())
}

fn text(fields: &mut Fields, name: &str, least: usize, most: usize) -> Option<String> {
    let text = fields.read::<String>(&[name], "a string")?;
    if text.trim().chars().count() >= least && text.chars().count() <= most {
        return Some(text);
    }
    fields.error(name, format!("must have {least} to {most} characters"));
    None
}

fn sample(fields: &mut Fields) -> Option<RawJson> {
    let Some(field) = fields.take(&["sample"]) else {
        fields.error("sample", "is required");
        return None;
    };
    if field.raw.get().len() > MAX_SAMPLE_BYTES {
        fields.error("sample", format!("must have at most {MAX_SAMPLE_BYTES} bytes"));
        return None;
    }
    RawJson::from_raw(&field.raw).map_err(|e| fields.error("sample", e.to_string())).ok()
}

fn schema(fields: &mut Fields) -> Option<(Schema, Compiled)> {
    let field = fields.take(&["schema"]);
    let text = field.as_ref().map_or("{}", |field| field.raw.get());
    match Schema::read(text) {
        Ok(read) => Some(read),
        Err(errors) => {
            fields.merge(errors.map(|FieldError { path, message }| {
                let dot = if path.is_empty() { "" } else { "." };
                FieldError { path: format!("schema{dot}{path}"), message }
            }));
            None
        }
    }
}
