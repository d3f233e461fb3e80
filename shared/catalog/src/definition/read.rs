//! Reads the definition of an event type that is added at run time.

use super::Definition;
use crate::schema::{Compiled, Schema};
use hooklane_domain::json::RawJson;
use hooklane_domain::json::fields::{FieldError, FieldErrors, Fields};

/// The longest sample, as JSON.
pub const MAX_SAMPLE_BYTES: usize = 8 * 1024;
const MAX_CATEGORY_CHARACTERS: usize = 64;
const MAX_DESCRIPTION_CHARACTERS: usize = 1_000;

impl Definition {
    /// Reads `{category, description, sample, schema?}` and reports all mistakes at once, each with its
    /// path. Without a schema any data fits.
    pub fn read(body: &str) -> Result<Self, FieldErrors> {
        let mut fields = Fields::of("", body)?;
        let category = text(&mut fields, "category", MAX_CATEGORY_CHARACTERS);
        let description = text(&mut fields, "description", MAX_DESCRIPTION_CHARACTERS);
        let sample = sample(&mut fields);
        let schema = schema(&mut fields);
        if let (Some(sample), Some((_, compiled))) = (&sample, &schema)
            && let Err(errors) = compiled.judge("sample", sample)
        {
            fields.merge(errors);
        }
        fields.finish()?;
        match (category, description, sample, schema) {
            (Some(category), Some(description), Some(sample), Some((schema, _))) => {
                Ok(Self { category, description, sample, schema })
            }
            _ => Err(FieldErrors::one("", "is incomplete")),
        }
    }
}

fn text(fields: &mut Fields, name: &str, most: usize) -> Option<String> {
    if !fields.has(&[name]) {
        fields.error(name, "is required");
        return None;
    }
    let text = fields.read::<String>(&[name], "a string")?;
    if !text.trim().is_empty() && text.chars().count() <= most {
        return Some(text);
    }
    fields.error(name, format!("must have 1 to {most} characters"));
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
