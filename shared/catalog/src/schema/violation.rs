//! The violations of a schema, in our words and with their paths. Messages never contain a value of the
//! data, since they may be logged.

use std::fmt::Write as _;

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::paths::LocationSegment;
use serde_json::Value;

use hooklane_domain::json::fields::FieldErrors;

use super::unique::DUPLICATE;

/// The most violations that are reported.
const MAX_VIOLATIONS: usize = 20;
/// The most characters of a field's name in a path.
const MAX_NAME_CHARACTERS: usize = 100;
/// The longest list of allowed values that is shown.
const MAX_LIST_BYTES: usize = 200;

pub(super) fn errors<'a>(
    path: &str,
    violations: impl Iterator<Item = ValidationError<'a>>,
) -> FieldErrors {
    let mut errors = FieldErrors::default();
    for violation in violations.take(MAX_VIOLATIONS) {
        push(path, &violation, &mut errors);
    }
    errors
}

/// Adds the message of one violation.
fn push(base: &str, violation: &ValidationError<'_>, errors: &mut FieldErrors) {
    let mut path = base.to_owned();
    for segment in violation.instance_path() {
        match segment {
            LocationSegment::Property(name) => field(&mut path, &name),
            LocationSegment::Index(index) => {
                // Writing to a String cannot fail.
                let _ = write!(path, "[{index}]");
            }
        }
    }
    let below = |name: &str| {
        let mut path = path.clone();
        field(&mut path, name);
        path
    };
    match violation.kind() {
        Kind::Required { property: Value::String(name) } => errors.push(below(name), "is required"),
        Kind::AdditionalProperties { unexpected } => {
            for name in unexpected.iter().take(MAX_VIOLATIONS) {
                errors.push(below(name), "is not a known field");
            }
        }
        kind => errors.push(path, message(kind, violation)),
    }
}

fn field(path: &mut String, name: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.extend(name.chars().take(MAX_NAME_CHARACTERS));
}

fn message(kind: &Kind, violation: &ValidationError<'_>) -> String {
    match kind {
        Kind::Type { kind: TypeKind::Single(one) } => format!("must be of type {one}"),
        Kind::Type { kind: TypeKind::Multiple(many) } => {
            let names: Vec<_> = many.iter().map(|one| one.to_string()).collect();
            format!("must be of type {}", names.join(" or "))
        }
        Kind::Enum { options } => allowed("must be one of", options),
        Kind::Constant { expected_value } => allowed("must be", expected_value),
        // Only the schema of schemas has a field with this format.
        Kind::Format { format } if format == "regex" => {
            "must be a small regular expression without look-around or back-references".to_owned()
        }
        Kind::Format { format } => format!("must have the format {format}"),
        Kind::Pattern { pattern } => format!("must match {pattern}"),
        Kind::MinLength { limit } => format!("must have at least {limit} characters"),
        Kind::MaxLength { limit } => format!("must have at most {limit} characters"),
        Kind::Minimum { limit } => format!("must be at least {limit}"),
        Kind::Maximum { limit } => format!("must be at most {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("must be more than {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("must be less than {limit}"),
        Kind::MinItems { limit } => format!("must have at least {limit} items"),
        Kind::MaxItems { limit } => format!("must have at most {limit} items"),
        Kind::AnyOf { .. } | Kind::OneOfNotValid { .. } => {
            "must match one of the schemas".to_owned()
        }
        Kind::OneOfMultipleValid { .. } => "must match exactly one of the schemas".to_owned(),
        Kind::Not { .. } => "must not match the schema under not".to_owned(),
        Kind::Contains => "must contain a matching item".to_owned(),
        // The one keyword that is ours.
        Kind::Custom { .. } => DUPLICATE.to_owned(),
        Kind::MultipleOf { multiple_of } => format!("must be a multiple of {multiple_of}"),
        Kind::MinProperties { limit } => format!("must have at least {limit} fields"),
        Kind::MaxProperties { limit } => format!("must have at most {limit} fields"),
        Kind::PropertyNames { .. } => "has a field whose name does not match".to_owned(),
        Kind::FalseSchema => "must not be present".to_owned(),
        _ => violation.masked_with("it").to_string(),
    }
}

fn allowed(what: &str, options: &Value) -> String {
    let text = options.to_string();
    if text.len() > MAX_LIST_BYTES {
        return "must be one of the values that the schema allows".to_owned();
    }
    format!("{what} {}", text.trim_start_matches('[').trim_end_matches(']').replace(',', ", "))
}
