//! Filters and transforms: CEL expressions over one event, written by tenants.
//!
//! They run inside the pipeline, so their cost has a limit: `gate` limits what is accepted, and
//! `evaluate` counts the steps of an evaluation. `docs/filters.md` describes them for tenants. Source
//! of the language: *Common Expression Language*, "Language Definition".

use std::fmt;
use std::sync::Arc;

use crate::event::MAX_EVENT_BYTES;
use crate::json::RawJson;

mod budget;
mod compiled;
mod error;
mod evaluate;
mod gate;
mod input;
mod json;
mod meter;
mod output;
mod pattern;
mod price;
mod scan;
mod tree;
mod value;

pub use budget::{Budget, Cost, MAX_BYTES, MAX_EVENT_STEPS, MAX_STEPS, Spent};
pub use gate::{MAX_DEPTH, MAX_NESTING, MAX_TOKENS};
pub use input::Input;

use compiled::Compiled;

/// The longest expression that is accepted.
pub const MAX_CHARACTERS: usize = 2_000;
/// The longest result of a transform, as JSON: the limit of an event's own data.
pub const MAX_RESULT_BYTES: usize = MAX_EVENT_BYTES;

/// Decides whether a webhook gets an event.
#[derive(Clone, PartialEq, Eq)]
pub struct Filter(Source);

/// Makes the data that a webhook gets instead of the event's own.
#[derive(Clone, PartialEq, Eq)]
pub struct Transform(Source);

/// Why a text is not accepted as an expression: where, and what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct InvalidExpression {
    /// 1 for the first.
    pub line: usize,
    /// In characters, 1 for the first.
    pub column: usize,
    pub message: String,
}

/// Why an expression has no result for an event; may be shown to the webhook's owner. It names fields
/// and types, never a value of the event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The event lacks something that the expression reads.
    #[error("{0}")]
    Missing(String),
    /// The expression does not fit the types in the event.
    #[error("{0}")]
    Wrong(String),
    /// It exceeds the limit of steps or bytes.
    #[error("{0}")]
    TooMuch(String),
    /// An earlier version of Hooklane accepted it, and this one does not.
    #[error("{0}")]
    Invalid(InvalidExpression),
}

/// What a webhook's filter and transform do with one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// `None` where the webhook has no filter.
    pub filter: Option<Result<Verdict, Failure>>,
    /// The data that the webhook would get; `None` where it has no transform.
    pub transform: Option<Result<RawJson, Failure>>,
}

/// What a filter says of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Passed,
    Rejected,
}

impl Filter {
    /// Whether the event passes.
    pub fn passes(&self, input: &Input, budget: &Budget) -> Result<bool, Failure> {
        self.0.compiled()?.decide(input, budget)
    }

    /// An expression that was accepted when it was saved. If this version does not accept it, every
    /// evaluation fails with [`Failure::Invalid`].
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(Source::new(text))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// What it can need on the largest event.
    #[must_use]
    pub fn cost(&self) -> Cost {
        self.0.cost()
    }

    /// About the bytes that it holds in memory, compiled or not yet.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.bytes()
    }
}

impl Transform {
    /// The data that replaces the event's: a JSON object.
    pub fn apply(&self, input: &Input, budget: &Budget) -> Result<RawJson, Failure> {
        self.0.compiled()?.transform(input, budget)
    }

    /// An expression that was accepted when it was saved. If this version does not accept it, every
    /// evaluation fails with [`Failure::Invalid`].
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(Source::new(text))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// What it can need on the largest event.
    #[must_use]
    pub fn cost(&self) -> Cost {
        self.0.cost()
    }

    /// About the bytes that it holds in memory, compiled or not yet.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.bytes()
    }
}

/// Runs a webhook's filter and transform on an event, each whatever the other's result is.
#[must_use]
pub fn preview(
    filter: Option<&Filter>,
    transform: Option<&Transform>,
    input: &Input,
    budget: &Budget,
) -> Preview {
    let verdict = |passes| if passes { Verdict::Passed } else { Verdict::Rejected };
    Preview {
        filter: filter.map(|filter| filter.passes(input, budget).map(verdict)),
        transform: transform.map(|transform| transform.apply(input, budget)),
    }
}

/// The text as its tenant wrote it, and its compiled form.
#[derive(Clone)]
struct Source {
    text: String,
    compiled: Result<Arc<Compiled>, InvalidExpression>,
}

impl Source {
    fn new(text: String) -> Self {
        let compiled = Compiled::parse(&text).map(Arc::new);
        Self { text, compiled }
    }

    fn checked(text: &str) -> Result<Self, InvalidExpression> {
        let source = Self::new(text.to_owned());
        match source.compiled {
            Err(invalid) => Err(invalid),
            Ok(_) => Ok(source),
        }
    }

    fn cost(&self) -> Cost {
        Cost(if self.compiled.is_ok() { MAX_STEPS } else { 0 })
    }

    fn bytes(&self) -> usize {
        self.text.len() * 20
    }

    fn compiled(&self) -> Result<&Compiled, Failure> {
        self.compiled.as_deref().map_err(|invalid| Failure::Invalid(invalid.clone()))
    }
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Source {}

impl std::str::FromStr for Filter {
    type Err = InvalidExpression;
    fn from_str(text: &str) -> Result<Self, InvalidExpression> {
        Source::checked(text).map(Self)
    }
}

impl std::str::FromStr for Transform {
    type Err = InvalidExpression;
    fn from_str(text: &str) -> Result<Self, InvalidExpression> {
        Source::checked(text).map(Self)
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Filter({:?})", self.as_str())
    }
}

impl fmt::Debug for Transform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Transform({:?})", self.as_str())
    }
}

#[cfg(test)]
mod tests;
