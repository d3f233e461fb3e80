//! Functions and methods.

use super::{Evaluation, Made};
use crate::expression::compiled::{Function, Node, Text};
use crate::expression::error::Error;
use crate::expression::price;
use crate::expression::value::{Shared, Value, entries_of};

impl<'a> Evaluation<'a> {
    pub(super) fn call(&self, function: Function, of: Value<'a>) -> Made<'a> {
        let made = match function {
            Function::Size => return self.size(&of),
            Function::Type => Some(Value::Type(of.type_name())),
            Function::Dyn => Some(of),
            Function::Text => return self.string(of),
            Function::Bytes => match of {
                Value::Bytes(bytes) => Some(Value::Bytes(bytes)),
                Value::Text(Shared::Borrowed(text)) => {
                    Some(Value::Bytes(Shared::Borrowed(text.as_bytes())))
                }
                Value::Text(Shared::Owned(text)) => Some(Value::Bytes(Shared::Owned(text.into()))),
                _ => None,
            },
            Function::Bool => match &of {
                Value::Bool(bool) => Some(Value::Bool(*bool)),
                Value::Text(text) => match &**text {
                    "1" | "t" | "true" | "TRUE" | "True" => Some(Value::Bool(true)),
                    "0" | "f" | "false" | "FALSE" | "False" => Some(Value::Bool(false)),
                    _ => None,
                },
                _ => None,
            },
            Function::Int | Function::UInt | Function::Double => {
                if let Value::Text(text) = &of {
                    self.meter.steps(price::scan(text.len() as u64))?;
                }
                match function {
                    Function::Int => int(&of).map(Value::Int),
                    Function::UInt => uint(&of).map(Value::UInt),
                    _ => double(&of).map(Value::Double),
                }
            }
        };
        made.ok_or(Error::Argument(function.name()))
    }

    fn size(&self, of: &Value<'a>) -> Made<'a> {
        let size = match of {
            Value::Text(text) => {
                self.meter.steps(price::copy(text.len() as u64))?;
                text.chars().count() as u64
            }
            Value::Bytes(bytes) => bytes.len() as u64,
            Value::List(_) | Value::JsonList(_) => self.count(of)?,
            Value::Map(map) => map.0.len() as u64,
            // As many as there are, if no key is there twice, which is only known when they are sorted.
            Value::JsonMap(json) => {
                self.meter.steps(price::scan(json.len() as u64))?;
                match entries_of(json) {
                    few @ (0 | 1) => few as u64,
                    _ => self.entries(json)?.0.len() as u64,
                }
            }
            _ => return Err(Error::Argument("size")),
        };
        i64::try_from(size).map(Value::Int).map_err(|_| Error::Argument("size"))
    }

    fn string(&self, of: Value<'a>) -> Made<'a> {
        match of {
            Value::Text(text) => Ok(Value::Text(text)),
            Value::Bool(bool) => {
                Ok(Value::Text(Shared::Borrowed(if bool { "true" } else { "false" })))
            }
            Value::Bytes(bytes) => {
                let length = bytes.len() as u64;
                self.meter.steps(price::scan(length))?;
                self.meter.block(length)?;
                match std::str::from_utf8(&bytes) {
                    Ok(text) => Ok(Value::Text(Shared::Owned(text.into()))),
                    Err(_) => Err(Error::Argument("string")),
                }
            }
            Value::Int(_) | Value::UInt(_) | Value::Double(_) => {
                self.meter.steps(price::read(price::NUMBER_BYTES))?;
                let text = match of {
                    Value::Int(int) => int.to_string(),
                    Value::UInt(uint) => uint.to_string(),
                    Value::Double(double) => double.to_string(),
                    _ => String::new(),
                };
                // It is short, so it is paid for when its length is known: the text, and its copy that
                // can be shared.
                self.meter.block((text.capacity() + text.len()) as u64 + price::BLOCK_BYTES)?;
                Ok(Value::text(text))
            }
            _ => Err(Error::Argument("string")),
        }
    }

    pub(super) fn question(
        &self,
        question: Text,
        parts: &'a [Node; 2],
        element: Option<&Value<'a>>,
    ) -> Made<'a> {
        let [text, part] = parts;
        let text = self.value(text, element)?;
        let part = self.value(part, element)?;
        let (Value::Text(text), Value::Text(part)) = (&text, &part) else {
            return Err(Error::Overload(question.name(), [text.type_name(), part.type_name()]));
        };
        let (length, of_part) = (text.len() as u64, part.len() as u64);
        Ok(Value::Bool(match question {
            Text::Contains => {
                self.meter.steps(price::scan(length) + price::scan(of_part))?;
                text.contains(&**part)
            }
            Text::StartsWith => {
                self.meter.steps(price::copy(of_part))?;
                text.starts_with(&**part)
            }
            Text::EndsWith => {
                self.meter.steps(price::copy(of_part))?;
                text.ends_with(&**part)
            }
        }))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "CEL cuts off what is behind the point, and the range is checked"
)]
fn int(of: &Value<'_>) -> Option<i64> {
    match of {
        Value::Int(int) => Some(*int),
        Value::UInt(uint) => i64::try_from(*uint).ok(),
        Value::Double(double) => {
            let fits = *double > i64::MIN as f64 && *double < i64::MAX as f64;
            fits.then_some(*double as i64)
        }
        Value::Text(text) => text.parse().ok(),
        _ => None,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "CEL cuts off what is behind the point, and the range is checked"
)]
fn uint(of: &Value<'_>) -> Option<u64> {
    match of {
        Value::UInt(uint) => Some(*uint),
        Value::Int(int) => u64::try_from(*int).ok(),
        Value::Double(double) => {
            (*double >= 0.0 && *double < u64::MAX as f64).then_some(*double as u64)
        }
        Value::Text(text) => text.parse().ok(),
        _ => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "CEL takes the nearest double")]
fn double(of: &Value<'_>) -> Option<f64> {
    match of {
        Value::Double(double) => Some(*double),
        Value::Int(int) => Some(*int as f64),
        Value::UInt(uint) => Some(*uint as f64),
        Value::Text(text) => text.parse().ok(),
        _ => None,
    }
}
