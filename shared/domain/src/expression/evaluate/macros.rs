//! The macros: what they go through, and what they gather.

use super::{Evaluation, Made};
use crate::expression::compiled::{Macro, Node};
use crate::expression::error::Error;
use crate::expression::price;
use crate::expression::value::{Element, Key, Value, entries_of};
use crate::json::parts::{entries, items};

impl<'a> Evaluation<'a> {
    pub(super) fn macro_over(&self, kind: Macro, parts: &'a [Node]) -> Made<'a> {
        let [range, steps @ ..] = parts else { return Err(Error::Other("has no range")) };
        let range = self.range(self.value(range, None)?)?;
        match (kind, steps) {
            (Macro::All, [step]) => self.folded(&range, step, false),
            (Macro::Exists, [step]) => self.folded(&range, step, true),
            (Macro::ExistsOne, [step]) => {
                let mut found = 0u64;
                self.each(&range, |element| {
                    found += u64::from(self.bool(step, Some(&element))?);
                    Ok(true)
                })?;
                Ok(Value::Bool(found == 1))
            }
            (Macro::Map, [value]) => {
                let count = self.count(&range)?;
                self.meter.block(count * price::VALUE_BYTES)?;
                let mut list = Vec::with_capacity(usize::try_from(count).unwrap_or(0));
                self.each(&range, |element| {
                    self.push(&mut list, self.value(value, Some(&element))?)?;
                    Ok(true)
                })?;
                self.shared(list)
            }
            (Macro::FilterMap, [condition, value]) => {
                let mut list = Vec::new();
                self.each(&range, |element| {
                    if self.bool(condition, Some(&element))? {
                        self.push(&mut list, self.value(value, Some(&element))?)?;
                    }
                    Ok(true)
                })?;
                self.shared(list)
            }
            _ => Err(Error::Other("is not a macro")),
        }
    }

    /// `all` and `exists`: an element that decides ends it, and makes up for those that had an error.
    fn folded(&self, range: &Value<'a>, step: &'a Node, decisive: bool) -> Made<'a> {
        let (mut decided, mut pending) = (false, None);
        self.each(range, |element| {
            match self.bool(step, Some(&element)) {
                Ok(result) if result == decisive => decided = true,
                Ok(_) => {}
                Err(Error::TooMuch) => return Err(Error::TooMuch),
                Err(Error::NotBool(other)) => {
                    let operator = if decisive { "_||_" } else { "_&&_" };
                    pending = Some(Error::Overload(operator, ["bool", other]));
                }
                Err(error) => pending = Some(error),
            }
            Ok(!decided)
        })?;
        match pending {
            Some(error) if !decided => Err(error),
            _ => Ok(Value::Bool(decided == decisive)),
        }
    }

    /// The list that a macro goes through: of a map, its sorted keys, so that every attempt has the same
    /// result.
    fn range(&self, range: Value<'a>) -> Made<'a> {
        match range {
            Value::List(_) | Value::JsonList(_) => Ok(range),
            Value::Map(map) => {
                self.meter.steps(map.0.len() as u64 * price::ELEMENT)?;
                self.meter.block(map.0.len() as u64 * price::VALUE_BYTES)?;
                self.shared(map.0.iter().map(|(key, _)| key.clone().into()).collect())
            }
            Value::JsonMap(json) => {
                self.meter.steps(2 * price::scan(json.len() as u64))?;
                let count = entries_of(json);
                self.meter.block(count as u64 * price::VALUE_BYTES)?;
                let mut keys = Vec::with_capacity(count);
                for (key, _) in entries(json) {
                    if let Value::Text(key) = self.json(key)? {
                        keys.push(Key::Text(key));
                    }
                }
                let bytes: usize = keys.iter().map(Key::len).sum();
                self.meter.steps(price::sort(count as u64, bytes as u64))?;
                keys.sort_unstable();
                keys.dedup();
                self.meter.block(keys.len() as u64 * price::VALUE_BYTES)?;
                self.shared(keys.into_iter().map(Value::from).collect())
            }
            _ => Err(Error::Other("a macro needs a list or a map")),
        }
    }

    /// Visits each element, until the visit says that it is enough.
    fn each(
        &self,
        range: &Value<'a>,
        mut visit: impl FnMut(Value<'a>) -> Result<bool, Error<'a>>,
    ) -> Result<(), Error<'a>> {
        let mut visit = |element| -> Result<bool, Error<'a>> { visit(self.element(element)?) };
        match range {
            Value::List(list) => {
                for element in list.iter() {
                    if !visit(Element::Computed(element))? {
                        break;
                    }
                }
            }
            Value::JsonList(json) => {
                for item in items(json) {
                    if !visit(Element::Json(item))? {
                        break;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}
