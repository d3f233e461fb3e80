//! A compiled expression: its tree, the places in the event that it names, and its patterns.
//!
//! The gate puts a variable `@slot0`, `@slot1`, … in place of each path into the event, and wraps what
//! an evaluation has to check in calls of `@range` and `@addend`. No expression can write these names.

use std::collections::BTreeMap;

use cel::IdedExpr;
use regex_lite::Regex;

use super::input::{EVENT, Step};

/// The function around the range of a macro.
pub(super) const RANGE: &str = "@range";
/// The function around the right side of a sum.
pub(super) const ADDEND: &str = "@addend";
const SLOT: &str = "@slot";

/// An expression that is accepted.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) expr: IdedExpr,
    pub(super) slots: Vec<Slot>,
    /// By their text.
    pub(super) patterns: BTreeMap<String, Regex>,
}

/// A place in the event that the expression names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) path: Vec<Step>,
    /// `has(…)`: not the value, but whether the object there has this key.
    pub(super) has: Option<String>,
}

impl Slot {
    /// As the expression would write it.
    pub(super) fn text(&self) -> String {
        let step = |step: &Step| match step {
            Step::Key(key) => format!(".{key}"),
            Step::Index(index) => format!("[{index}]"),
        };
        EVENT.to_owned() + &self.path.iter().map(step).collect::<String>()
    }
}

/// The variable that stands for a slot.
pub(super) fn slot_variable(number: usize) -> String {
    format!("{SLOT}{number}")
}

/// The number of the slot that a variable stands for.
pub(super) fn slot_number(variable: &str) -> Option<usize> {
    variable.strip_prefix(SLOT)?.parse().ok()
}
