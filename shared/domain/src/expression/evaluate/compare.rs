//! Equality and order.

use std::cmp::Ordering;
use std::rc::Rc;

use super::Evaluation;
use crate::expression::error::Error;
use crate::expression::price;
use crate::expression::value::{Element, Entries, Value};

impl<'a> Evaluation<'a> {
    /// Whether two values are equal. Numbers compare by their value, whatever their types.
    pub(super) fn equal(&self, a: &Value<'a>, b: &Value<'a>) -> Result<bool, Error<'a>> {
        self.meter.steps(price::ELEMENT)?;
        Ok(match (a, b) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Type(a), Value::Type(b)) => a == b,
            (Value::Text(a), Value::Text(b)) => {
                a.len() == b.len() && {
                    self.meter.steps(price::copy(a.len() as u64))?;
                    **a == **b
                }
            }
            (Value::Bytes(a), Value::Bytes(b)) => {
                a.len() == b.len() && {
                    self.meter.steps(price::copy(a.len() as u64))?;
                    **a == **b
                }
            }
            (Value::Map(a), Value::Map(b)) => self.equal_entries(a, b)?,
            (Value::Map(a), Value::JsonMap(b)) => self.equal_entries(a, &self.entries(b)?)?,
            (Value::JsonMap(a), Value::Map(b)) => self.equal_entries(&self.entries(a)?, b)?,
            (Value::JsonMap(a), Value::JsonMap(b)) => {
                self.meter.steps(price::copy(a.len() as u64))?;
                a == b || self.equal_entries(&self.entries(a)?, &self.entries(b)?)?
            }
            _ => match (a.elements(), b.elements()) {
                (Some(mut a), Some(mut b)) => loop {
                    match (a.next(), b.next()) {
                        (None, None) => break true,
                        (Some(a), Some(b))
                            if self.equal(&self.element(a)?, &self.element(b)?)? => {}
                        _ => break false,
                    }
                },
                (None, None) => numbers(a, b) == Some(Ordering::Equal),
                _ => false,
            },
        })
    }

    fn equal_entries(&self, a: &Rc<Entries<'a>>, b: &Rc<Entries<'a>>) -> Result<bool, Error<'a>> {
        if a.0.len() != b.0.len() {
            return Ok(false);
        }
        for (key, value) in &a.0 {
            match self.entry(b, key)? {
                Some(other) if self.equal(value, &other)? => {}
                _ => return Ok(false),
            }
        }
        Ok(true)
    }

    /// An element of a list, read where it is JSON.
    pub(super) fn element(&self, element: Element<'_, 'a>) -> Result<Value<'a>, Error<'a>> {
        match element {
            Element::Computed(value) => {
                self.meter.steps(price::ELEMENT)?;
                Ok(value.clone())
            }
            Element::Json(json) => {
                self.meter.steps(price::ELEMENT + price::scan(json.len() as u64))?;
                self.json(json)
            }
        }
    }

    /// The order of two values; `None` where they have none.
    pub(super) fn order(
        &self,
        a: &Value<'a>,
        b: &Value<'a>,
    ) -> Result<Option<Ordering>, Error<'a>> {
        Ok(match (a, b) {
            (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
            (Value::Text(a), Value::Text(b)) => {
                self.meter.steps(price::copy(a.len().min(b.len()) as u64))?;
                Some((**a).cmp(&**b))
            }
            (Value::Bytes(a), Value::Bytes(b)) => {
                self.meter.steps(price::copy(a.len().min(b.len()) as u64))?;
                Some((**a).cmp(&**b))
            }
            _ => numbers(a, b),
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "CEL compares an integer with a double as doubles")]
fn numbers(a: &Value<'_>, b: &Value<'_>) -> Option<Ordering> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::UInt(a), Value::UInt(b)) => Some(a.cmp(b)),
        (Value::Int(a), Value::UInt(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
        (Value::UInt(a), Value::Int(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
        (Value::Double(a), Value::Double(b)) => a.partial_cmp(b),
        (Value::Double(a), Value::Int(b)) => a.partial_cmp(&(*b as f64)),
        (Value::Double(a), Value::UInt(b)) => a.partial_cmp(&(*b as f64)),
        (Value::Int(a), Value::Double(b)) => (*a as f64).partial_cmp(b),
        (Value::UInt(a), Value::Double(b)) => (*a as f64).partial_cmp(b),
        _ => None,
    }
}
