//! Operators of two operands, and what they take.

use std::cmp::Ordering;

use super::{Evaluation, Made};
use crate::expression::compiled::{Binary, Node};
use crate::expression::error::Error;
use crate::expression::price;
use crate::expression::value::{Element, Shared, Value};

const OVERFLOW: Error<'static> = Error::Other("has a result that is out of range");
const BY_ZERO: Error<'static> = Error::Other("divides by zero");

impl<'a> Evaluation<'a> {
    pub(super) fn binary(
        &self,
        operator: Binary,
        parts: &'a [Node; 2],
        element: Option<&Value<'a>>,
    ) -> Made<'a> {
        let [left, right] = parts;
        let left = self.value(left, element)?;
        if let (Binary::In, Node::List(elements)) = (operator, right) {
            return self.in_literal(&left, elements, element);
        }
        let right = self.value(right, element)?;
        match operator {
            Binary::Add => self.sum(&left, &right),
            Binary::Subtract | Binary::Multiply | Binary::Divide | Binary::Remainder => {
                arithmetic(operator, &left, &right)
            }
            Binary::Equal => Ok(Value::Bool(self.equal(&left, &right)?)),
            Binary::NotEqual => Ok(Value::Bool(!self.equal(&left, &right)?)),
            Binary::In => self.is_in(&left, &right),
            Binary::Less | Binary::LessOrEqual | Binary::Greater | Binary::GreaterOrEqual => {
                let order = self.order(&left, &right)?;
                let order = order.ok_or_else(|| Error::overload(operator.name(), &left, &right))?;
                Ok(Value::Bool(match operator {
                    Binary::Less => order == Ordering::Less,
                    Binary::LessOrEqual => order != Ordering::Greater,
                    Binary::Greater => order == Ordering::Greater,
                    _ => order != Ordering::Less,
                }))
            }
        }
    }

    fn sum(&self, a: &Value<'a>, b: &Value<'a>) -> Made<'a> {
        match (a, b) {
            (_, Value::Map(_) | Value::JsonMap(_)) => Err(Error::Other("a map cannot be added")),
            (Value::Int(a), Value::Int(b)) => a.checked_add(*b).map(Value::Int).ok_or(OVERFLOW),
            (Value::UInt(a), Value::UInt(b)) => a.checked_add(*b).map(Value::UInt).ok_or(OVERFLOW),
            (Value::Double(a), Value::Double(b)) => Ok(Value::Double(a + b)),
            (Value::Text(a), Value::Text(b)) => {
                self.pay_for_joined(a.len(), b.len())?;
                Ok(Value::text([&**a, &**b].concat()))
            }
            (Value::Bytes(a), Value::Bytes(b)) => {
                self.pay_for_joined(a.len(), b.len())?;
                Ok(Value::Bytes(Shared::Owned([&**a, &**b].concat().into())))
            }
            _ => match (a.elements(), b.elements()) {
                (Some(left), Some(right)) => self.joined(a, b, left.chain(right)),
                _ => Err(Error::arithmetic("add", a, b)),
            },
        }
    }

    /// The texts are joined, and then copied to where the result can be shared.
    fn pay_for_joined(&self, a: usize, b: usize) -> Result<(), Error<'a>> {
        let bytes = (a + b) as u64;
        self.meter.steps(2 * price::copy(bytes))?;
        self.meter.block(bytes)?;
        self.meter.block(bytes)
    }

    fn joined<'v>(
        &self,
        a: &'v Value<'a>,
        b: &'v Value<'a>,
        elements: impl Iterator<Item = Element<'v, 'a>>,
    ) -> Made<'a> {
        let count = self.count(a)? + self.count(b)?;
        self.meter.block(count * price::VALUE_BYTES)?;
        let mut list = Vec::with_capacity(usize::try_from(count).unwrap_or(usize::MAX));
        for element in elements {
            list.push(self.element(element)?);
        }
        self.shared(list)
    }

    /// The number of elements of a list.
    pub(super) fn count(&self, list: &Value<'a>) -> Result<u64, Error<'a>> {
        match list {
            Value::List(list) => Ok(list.len() as u64),
            Value::JsonList(json) => {
                self.meter.steps(price::scan(json.len() as u64))?;
                Ok(crate::json::parts::items(json).count() as u64)
            }
            _ => Ok(0),
        }
    }

    fn is_in(&self, value: &Value<'a>, container: &Value<'a>) -> Made<'a> {
        if let Some(elements) = container.elements() {
            for element in elements {
                if self.equal(&self.element(element)?, value)? {
                    return Ok(Value::Bool(true));
                }
            }
            return Ok(Value::Bool(false));
        }
        let found = self.looked_up(container, value);
        let no_overload = || Error::overload("@in", value, container);
        Ok(Value::Bool(found?.ok_or_else(no_overload)?.is_some()))
    }

    /// Like `in` of the list that the elements make, without making it.
    fn in_literal(
        &self,
        value: &Value<'a>,
        elements: &'a [Node],
        element: Option<&Value<'a>>,
    ) -> Made<'a> {
        self.meter.steps(price::PART)?;
        let mut found = false;
        for part in elements {
            let candidate = self.value(part, element)?;
            found = found || self.equal(&candidate, value)?;
        }
        Ok(Value::Bool(found))
    }
}

fn arithmetic<'a>(operator: Binary, a: &Value<'a>, b: &Value<'a>) -> Made<'a> {
    let by_zero = matches!(
        (operator, b),
        (Binary::Divide | Binary::Remainder, Value::Int(0) | Value::UInt(0))
    );
    let made = match (a, b) {
        (Value::Int(_), Value::Int(_)) | (Value::UInt(_), Value::UInt(_)) if by_zero => {
            return Err(BY_ZERO);
        }
        (Value::Int(a), Value::Int(b)) => match operator {
            Binary::Subtract => a.checked_sub(*b),
            Binary::Multiply => a.checked_mul(*b),
            Binary::Divide => a.checked_div(*b),
            _ => a.checked_rem(*b),
        }
        .map(Value::Int),
        (Value::UInt(a), Value::UInt(b)) => match operator {
            Binary::Subtract => a.checked_sub(*b),
            Binary::Multiply => a.checked_mul(*b),
            Binary::Divide => a.checked_div(*b),
            _ => a.checked_rem(*b),
        }
        .map(Value::UInt),
        (Value::Double(a), Value::Double(b)) if operator != Binary::Remainder => {
            Some(Value::Double(match operator {
                Binary::Subtract => a - b,
                Binary::Multiply => a * b,
                _ => a / b,
            }))
        }
        _ => return Err(Error::arithmetic(operator.name(), a, b)),
    };
    made.ok_or(OVERFLOW)
}

pub(super) fn negated<'a>(value: &Value<'a>) -> Made<'a> {
    match value {
        Value::Int(int) => int.checked_neg().map(Value::Int).ok_or(OVERFLOW),
        Value::Double(double) => Ok(Value::Double(-double)),
        _ => Err(Error::Argument("-")),
    }
}

impl Binary {
    const fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Subtract => "sub",
            Self::Multiply => "mul",
            Self::Divide => "div",
            Self::Remainder => "rem",
            Self::Equal => "_==_",
            Self::NotEqual => "_!=_",
            Self::Less => "_<_",
            Self::LessOrEqual => "_<=_",
            Self::Greater => "_>_",
            Self::GreaterOrEqual => "_>=_",
            Self::In => "@in",
        }
    }
}
