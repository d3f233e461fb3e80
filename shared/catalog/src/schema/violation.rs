//! What is wrong with a value, in our words and with its path. A payload's values stay out of it: a
//! message may end in a log.

use std::fmt::Write as _;

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::paths::LocationSegment;
use serde_json::Value;

use hooklane_domain::json::fields::FieldErrors;

/// So many mistakes are named.
const MOST: usize = 20;
/// A field's name is cut to so many characters.
const LONGEST_NAME: usize = 100;
/// A list of allowed values is shown up to this length.
const LONGEST_LIST: usize = 200;

pub(super) fn errors<'a>(
    path: &str,
    violations: impl Iterator<Item = ValidationError<'a>>,
) -> FieldErrors {
    let mut errors = FieldErrors::default();
    for violation in violations.take(MOST) {
        push(path, &violation, &mut errors);
    }
    FieldErrors::from_vec(errors.into_vec().into_iter().take(MOST).collect())
}

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
            for name in unexpected.iter().take(MOST) {
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
    path.extend(name.chars().take(LONGEST_NAME));
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
        // Only a schema has a field of this format.
        Kind::Format { format } if format == "regex" => {
            "must be a small regular expression that always ends: no look-around, no back-references"
                .to_owned()
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
        Kind::AnyOf { .. } | Kind::OneOfNotValid { .. } => "must fit one of its schemas".to_owned(),
        Kind::OneOfMultipleValid { .. } => "must fit one of its schemas and no other".to_owned(),
        Kind::Not { .. } => "must not fit a schema that it fits".to_owned(),
        Kind::Contains => "must contain an item that fits".to_owned(),
        Kind::UniqueItems => "has non-unique elements".to_owned(),
        Kind::MultipleOf { multiple_of } => format!("must be a multiple of {multiple_of}"),
        Kind::MinProperties { limit } => format!("must have at least {limit} fields"),
        Kind::MaxProperties { limit } => format!("must have at most {limit} fields"),
        Kind::PropertyNames { .. } => "has a field whose name does not fit".to_owned(),
        Kind::FalseSchema => "may not be there".to_owned(),
        _ => violation.masked_with("it").to_string(),
    }
}

fn allowed(what: &str, options: &Value) -> String {
    let text = options.to_string();
    if text.len() > LONGEST_LIST {
        return "must be one of the values that its schema allows".to_owned();
    }
    format!("{what} {}", text.trim_start_matches('[').trim_end_matches(']').replace(',', ", "))
}
