//! Filters and transforms: CEL expressions over one event, written by tenants.
//!
//! They run inside the pipeline, so their cost has a limit: `gate` limits what is accepted, and
//! `evaluate` counts the steps of an evaluation. `docs/filters.md` describes them for tenants. Source
//! of the language: *Common Expression Language*, "Language Definition".

use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::event::MAX_EVENT_BYTES;
use crate::json::RawJson;

mod budget;
mod compiled;
mod cost;
mod error;
mod evaluate;
mod gate;
mod input;
mod meter;
mod output;
mod pattern;
mod price;
mod scan;
mod tree;
mod value;

pub use budget::{Budget, Cost, MAX_BATCH_STEPS, MAX_BYTES, MAX_EVENT_STEPS, MAX_STEPS, Spent};
pub use cost::MAX_COST;
pub use gate::{MAX_DEPTH, MAX_NESTING, MAX_TOKENS};
pub use input::Input;

use compiled::Compiled;
use pattern::Pattern;

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
        self.0.compiled(budget)?.decide(input, budget)
    }

    /// An expression that was accepted when it was saved. If this version does not accept it, every
    /// evaluation fails with [`Failure::Invalid`].
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(Source::new(&text))
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

    /// What an evaluation on an event of that size can need, which decides where it runs. It compiles
    /// nothing: an expression that is not compiled yet counts as one that needs all that it may take.
    #[must_use]
    pub fn likely_cost(&self, event_bytes: usize) -> Cost {
        self.0.likely_cost(event_bytes)
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
        self.0.compiled(budget)?.transform(input, budget)
    }

    /// An expression that was accepted when it was saved. If this version does not accept it, every
    /// evaluation fails with [`Failure::Invalid`].
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(Source::new(&text))
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

    /// What an evaluation on an event of that size can need, which decides where it runs. It compiles
    /// nothing: an expression that is not compiled yet counts as one that needs all that it may take.
    #[must_use]
    pub fn likely_cost(&self, event_bytes: usize) -> Cost {
        self.0.likely_cost(event_bytes)
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

/// The text as its tenant wrote it, and its compiled form from the first use on: of a tenant's many
/// filters, an instance may need few. Clones share both.
#[derive(Clone)]
struct Source {
    text: Arc<str>,
    compiled: Arc<OnceLock<Result<Compiled, InvalidExpression>>>,
}

/// A bound of what a token takes in a compiled tree.
const BYTES_PER_TOKEN: usize = 96;

impl Source {
    fn new(text: &str) -> Self {
        Self { text: text.into(), compiled: Arc::default() }
    }

    /// An expression that is not stored yet also has a limit of what it can need.
    fn checked(text: &str) -> Result<Self, InvalidExpression> {
        let source = Self::new(text);
        let compiled = source.get_or_compile().as_ref().map_err(Clone::clone)?;
        match cost::excess(compiled.need) {
            Some(message) => Err(InvalidExpression { line: 1, column: 1, message }),
            None => Ok(source),
        }
    }

    fn get_or_compile(&self) -> &Result<Compiled, InvalidExpression> {
        self.compiled.get_or_init(|| Compiled::parse(&self.text))
    }

    /// Its compiled form. Where this is the first use, the budget pays for it.
    fn compiled(&self, budget: &Budget) -> Result<&Compiled, Failure> {
        if self.compiled.get().is_none() {
            if budget.is_used_up() {
                return Err(Failure::TooMuch(meter::nothing_left()));
            }
            budget.spend(self.steps_to_compile(), 0);
        }
        self.get_or_compile().as_ref().map_err(|invalid| Failure::Invalid(invalid.clone()))
    }

    fn steps_to_compile(&self) -> u64 {
        let patterns =
            self.get_or_compile().as_ref().map_or(&[][..], |compiled| &compiled.patterns);
        let patterns = patterns.iter().map(Pattern::steps_to_know).sum::<u64>();
        price::parsing(self.text.len() as u64) + patterns
    }

    fn likely_cost(&self, event_bytes: usize) -> Cost {
        match self.compiled.get() {
            Some(_) => self.cost().on(event_bytes),
            None => Cost(MAX_STEPS),
        }
    }

    fn cost(&self) -> Cost {
        Cost(self.get_or_compile().as_ref().map_or(0, |compiled| compiled.need.steps))
    }

    fn bytes(&self) -> usize {
        let tokens = scan::tokens(&self.text);
        let patterns = tokens.iter().filter(|token| token.text == "matches").count();
        let kept =
            patterns.saturating_mul(pattern::MAX_KEPT_BYTES).min(pattern::MAX_ALL_KEPT_BYTES);
        size_of::<Result<Compiled, InvalidExpression>>()
            + self.text.len()
            + tokens.len().min(MAX_TOKENS) * BYTES_PER_TOKEN
            + kept
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
