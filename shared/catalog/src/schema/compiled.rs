//! A schema as the validator runs it.

use std::fmt;

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::Value;

use hooklane_domain::event::MAX_EVENT_BYTES;
use hooklane_domain::json::RawJson;
use hooklane_domain::json::fields::FieldErrors;

use super::cost::{Cost, MAX_COST, NANOSECOND, Rate};
use super::expand::{Dialect, Expanded};
use super::judging::Judging;
use super::patterns::{PATTERN_BYTES, STATES_BYTES};
use super::unique::Unique;
use super::violation;

/// Reading the data, for each byte.
const READ: u64 = 50 * NANOSECOND;
/// The data is judged twice at most: whether it fits, and what the first mistake is.
const PASSES: u64 = 2;
/// Up to this cost all violations are listed. Above it only the first is, since the list takes memory.
const FULL_REPORT_COST: Cost = Cost(5_000_000_000);
/// The most memory of the compiled form.
const MAX_BYTES: usize = 8 * 1024 * 1024;
/// The memory of a subschema, with its keywords.
const SCHEMA_BYTES: usize = 2 * 1024;

/// A schema that is ready to judge data.
pub struct Compiled {
    validator: Validator,
    rate: Rate,
    tries: bool,
    bytes: usize,
}

impl Compiled {
    /// Compiles a schema, unless judging the largest event by it costs too much or its patterns are too
    /// large. That is counted first: compiling takes time as well.
    pub(super) fn of(schema: &Expanded) -> Result<Self, FieldErrors> {
        let judging = count(schema)?;
        let cost = of_data(&judging.rate, MAX_EVENT_BYTES);
        if cost > MAX_COST {
            return Err(FieldErrors::one(judging.heaviest(), too_expensive(cost)));
        }
        let bytes = judging.schemas * SCHEMA_BYTES + judging.memory;
        let validator = build(schema)?;
        Ok(Self { validator, rate: judging.rate, tries: judging.tries, bytes })
    }

    /// What judging data of this many bytes can cost.
    #[must_use]
    pub fn cost_on(&self, bytes: usize) -> Cost {
        of_data(&self.rate, bytes)
    }

    /// The memory that it takes at most. Patterns take most of it, when they are first used.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether `data` fits. Each mistake has its path, which begins with `path`. No message contains a
    /// value of the data.
    pub fn judge(&self, path: &str, data: &RawJson) -> Result<(), FieldErrors> {
        let cost = self.cost_on(data.as_str().len());
        if cost > MAX_COST {
            let message =
                format!("is too large for the schema of its type: {}", too_expensive(cost));
            return Err(FieldErrors::one(path, message));
        }
        let data = super::value(data).map_err(|message| FieldErrors::one(path, message))?;
        if self.validator.is_valid(&data) {
            return Ok(());
        }
        if cost <= FULL_REPORT_COST {
            return Err(violation::errors(path, self.validator.iter_errors(&data)));
        }
        if self.tries {
            // Saying what is wrong would take a note of every mistake of every schema that was tried.
            let message = "does not fit the schema of its type, and is too large to say where";
            return Err(FieldErrors::one(path, message));
        }
        Err(violation::errors(path, self.validator.validate(&data).err().into_iter()))
    }
}

impl fmt::Debug for Compiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compiled").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

/// What judging the largest event by a schema can cost.
pub(super) fn cost(schema: &Expanded) -> Result<Cost, FieldErrors> {
    Ok(of_data(&count(schema)?.rate, MAX_EVENT_BYTES))
}

fn count(schema: &Expanded) -> Result<Judging, FieldErrors> {
    let limit = MAX_BYTES;
    Judging::of(&schema.schema, limit).map_err(|(path, wrong)| FieldErrors::one(path, wrong))
}

fn of_data(rate: &Rate, bytes: usize) -> Cost {
    let Cost(pass) = rate.of_one(bytes);
    let read = READ.saturating_mul(u64::try_from(bytes).unwrap_or(u64::MAX));
    Cost(pass.saturating_mul(PASSES).saturating_add(read))
}

fn too_expensive(cost: Cost) -> String {
    format!(
        "judging the largest event could take {cost} of a whole processor; at most {MAX_COST} is allowed"
    )
}

/// Checks a schema as it was written against the standard's schema of schemas.
pub(super) fn check_standard(schema: &Value, dialect: Dialect) -> Result<(), FieldErrors> {
    let checked = match dialect {
        Dialect::Draft7 => jsonschema::draft7::meta::validate(schema),
        Dialect::Draft202012 => jsonschema::draft202012::meta::validate(schema),
    };
    checked.map_err(|e| violation::errors("", std::iter::once(e)))
}

/// Nothing remote can be followed: the crate is built without that, and no reference is left.
fn build(Expanded { schema, dialect }: &Expanded) -> Result<Validator, FieldErrors> {
    let draft = match dialect {
        Dialect::Draft7 => Draft::Draft7,
        Dialect::Draft202012 => Draft::Draft202012,
    };
    let patterns = PatternOptions::regex().size_limit(PATTERN_BYTES).dfa_size_limit(STATES_BYTES);
    jsonschema::options()
        .with_draft(draft)
        .with_pattern_options(patterns)
        .should_validate_formats(true)
        .with_keyword("uniqueItems", |_, wanted, _| Ok(Box::new(Unique::new(wanted))))
        .build(schema)
        .map_err(|e| violation::errors("", std::iter::once(e)))
}
