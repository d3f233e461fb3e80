//! A compiled expression: its tree, the places in the event that it names, and its patterns.
//!
//! `gate` replaces each path into the event with a variable (`@ref0`, `@ref1`, …) and wraps what an
//! evaluation has to check in calls of `@range` and `@addend`. No expression can contain these names
//! itself, since `@` is not part of CEL.

use std::collections::BTreeMap;

use cel::IdedExpr;
use regex_lite::Regex;

use super::input::{EVENT, Step};

/// The function that wraps the range of a macro.
pub(super) const RANGE: &str = "@range";
/// The function that wraps the right side of a sum.
pub(super) const ADDEND: &str = "@addend";
const REFERENCE: &str = "@ref";

/// An expression that was accepted.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) expr: IdedExpr,
    pub(super) references: Vec<Reference>,
    /// The compiled patterns, each under its text.
    pub(super) patterns: BTreeMap<String, Regex>,
}

/// A place in the event that an expression names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) path: Vec<Step>,
    /// Set for `has(…)`, which asks whether the object at `path` has this key.
    pub(super) has: Option<String>,
}

impl Reference {
    /// The path as an expression writes it.
    pub(super) fn text(&self) -> String {
        let step = |step: &Step| match step {
            Step::Key(key) => format!(".{key}"),
            Step::Index(index) => format!("[{index}]"),
        };
        EVENT.to_owned() + &self.path.iter().map(step).collect::<String>()
    }
}

/// The variable that stands for a reference.
pub(super) fn reference_variable(number: usize) -> String {
    format!("{REFERENCE}{number}")
}

/// The number of the reference that a variable stands for.
pub(super) fn reference_number(variable: &str) -> Option<usize> {
    variable.strip_prefix(REFERENCE)?.parse().ok()
}
