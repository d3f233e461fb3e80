//! `matches`, and the patterns that one evaluation compiles.

use std::cell::OnceCell;

use regex_lite::Regex;

use super::{Evaluation, Made};
use crate::expression::error::Error;
use crate::expression::price;
use crate::expression::value::Value;

/// By the number of the pattern. Small patterns stay compiled with the expression; others live as long as
/// the evaluation.
#[derive(Default)]
pub(super) struct Compiled(OnceCell<Vec<OnceCell<Option<Regex>>>>);

impl<'a> Evaluation<'a> {
    pub(super) fn matches(&self, text: &Value<'a>, number: usize) -> Made<'a> {
        let all = &self.compiled.patterns;
        let (Value::Text(text), Some(pattern)) = (text, all.get(number)) else {
            return Err(Error::Argument("matches"));
        };
        self.meter.steps(price::matching(text.len() as u64, pattern.states()))?;
        let compiled = self
            .patterns
            .0
            .get_or_init(|| std::iter::repeat_with(OnceCell::new).take(all.len()).collect());
        let Some(compiled) = compiled.get(number) else { return Err(Error::Argument("matches")) };
        if compiled.get().is_none() {
            // Whether it stays compiled or not costs the same, so that a result never depends on it.
            self.meter.steps(price::compiling(pattern.states()))?;
            self.meter.block(pattern.bytes())?;
            let own = if pattern.kept().is_some() { None } else { pattern.compile() };
            drop(compiled.set(own));
        }
        let own = compiled.get().and_then(Option::as_ref);
        match own.or_else(|| pattern.kept()) {
            Some(regex) => Ok(Value::Bool(regex.is_match(text))),
            None => Err(Error::Argument("matches")),
        }
    }
}
