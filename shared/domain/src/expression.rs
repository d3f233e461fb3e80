//! Filters and transforms: expressions in CEL over one event.
//!
//! They are written by tenants and run between the queues, so nothing about them is open-ended: the gate
//! (`gate`) bounds what is accepted, and an evaluation counts its steps (`evaluate`). `docs/filters.md`
//! is what tenants read. Source of the language: *Common Expression Language*, "Language Definition".

use std::fmt;
use std::sync::Arc;

use crate::event::MAX_EVENT_BYTES;
use crate::json::RawJson;

mod compiled;
mod evaluate;
mod gate;
mod input;
mod output;
mod scan;
mod tree;

pub use input::Input;

use compiled::Compiled;

/// An expression has at most so many characters.
pub const MAX_CHARACTERS: usize = 2_000;
/// A transform's result is at most so long, as JSON: as long as an event may be.
pub const MAX_RESULT_BYTES: usize = MAX_EVENT_BYTES;

/// Decides whether a webhook gets an event.
#[derive(Clone, PartialEq, Eq)]
pub struct Filter(Source);

/// Makes the data that a webhook gets in place of the event's.
#[derive(Clone, PartialEq, Eq)]
pub struct Transform(Source);

/// Why a text is no expression that is accepted: where, and what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct InvalidExpression {
    /// 1 for the first.
    pub line: usize,
    /// In characters, 1 for the first.
    pub column: usize,
    pub message: String,
}

/// Why an expression has no result on an event; fit to be shown to the webhook's owner. It names fields
/// and types, and no value of the event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The event does not have what the expression asks for.
    #[error("{0}")]
    Missing(String),
    /// The expression does not fit what is there.
    #[error("{0}")]
    Wrong(String),
    /// It would take more steps, or more bytes, than any expression may.
    #[error("{0}")]
    TooMuch(String),
    /// It was accepted by another version of Hooklane, and is not any more.
    #[error("{0}")]
    Invalid(InvalidExpression),
}

/// What a webhook's expressions make of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// `None` where the webhook has no filter.
    pub filter: Option<Result<Verdict, Failure>>,
    /// The data as the webhook would get it; `None` where it has no transform.
    pub transform: Option<Result<RawJson, Failure>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Passed,
    Rejected,
}

impl Filter {
    /// Whether the event passes.
    pub fn passes(&self, input: &Input) -> Result<bool, Failure> {
        self.0.compiled()?.decide(input)
    }

    /// One that was accepted when it was saved. Where this version does not, its evaluations say so.
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(Source::new(text))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0.text
    }
}

impl Transform {
    /// The data that takes the place of the event's: a JSON object.
    pub fn apply(&self, input: &Input) -> Result<RawJson, Failure> {
        self.0.compiled()?.transform(input)
    }

    /// One that was accepted when it was saved. Where this version does not, its evaluations say so.
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(Source::new(text))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0.text
    }
}

/// Says what a webhook's expressions make of an event, both of them whatever comes of the other.
#[must_use]
pub fn preview(filter: Option<&Filter>, transform: Option<&Transform>, input: &Input) -> Preview {
    let verdict = |passes| if passes { Verdict::Passed } else { Verdict::Rejected };
    Preview {
        filter: filter.map(|filter| filter.passes(input).map(verdict)),
        transform: transform.map(|transform| transform.apply(input)),
    }
}

/// The text as it was written, and what became of it.
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
