//! Writes the result of a transform as JSON.
//!
//! A part of the event that the expression does not change is copied as it was published: number text,
//! escapes and the order of keys stay. So maps, lists, conditionals and paths into the event are
//! written part by part. Everything else is computed and written in one form, with sorted keys, so that
//! every attempt sends the same bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::budget::Budget;
use super::compiled::{Compiled, Node};
use super::error::Error;
use super::evaluate::Evaluation;
use super::input::Input;
use super::value::{Key, Value};
use super::{Failure, MAX_RESULT_BYTES, price};
use crate::json::parts::items;
use crate::json::{RawJson, write_string};

impl Compiled {
    /// The result of a transform.
    pub(super) fn transform(&self, input: &Input, budget: &Budget) -> Result<RawJson, Failure> {
        let evaluation = Evaluation::new(self, input, budget);
        let mut output = Output { text: String::new(), evaluation: &evaluation };
        let made = output.write(&self.node).and_then(|()| output.into_object());
        evaluation.meter.settle(budget)?;
        made
    }
}

/// The text of the result so far. What it grows by is paid for.
struct Output<'e, 'a> {
    text: String,
    evaluation: &'e Evaluation<'a>,
}

impl<'a> Output<'_, 'a> {
    fn write(&mut self, node: &'a Node) -> Result<(), Failure> {
        let evaluation = self.evaluation;
        let value = |node| evaluation.value(node, None).map_err(|error| error.failure());
        match node {
            Node::Reference(number) => match evaluation.published(*number) {
                Some(published) => self.push(published?),
                None => self.push_value(&value(node)?),
            },
            Node::Map(entries) => {
                let mut keys = Vec::with_capacity(entries.len());
                self.push("{")?;
                for (key, of_key) in entries {
                    let Value::Text(key) = value(key)? else {
                        return Err(Failure::Wrong("a key must be a string".to_owned()));
                    };
                    if keys.iter().any(|known: &super::value::Shared<'_, str>| **known == *key) {
                        return Err(Failure::Wrong("a map has a duplicate key".to_owned()));
                    }
                    self.push_key(&key, keys.is_empty())?;
                    keys.push(key);
                    self.write(of_key)?;
                }
                self.push("}")
            }
            Node::List(elements) => {
                self.push("[")?;
                for (i, element) in elements.iter().enumerate() {
                    self.push(if i == 0 { "" } else { "," })?;
                    self.write(element)?;
                }
                self.push("]")
            }
            Node::Conditional(parts) => {
                let [condition, yes, no] = parts.as_ref();
                match value(condition)? {
                    Value::Bool(true) => self.write(yes),
                    Value::Bool(false) => self.write(no),
                    other => {
                        let message =
                            format!("a condition must be a bool, not {}", other.type_name());
                        Err(Failure::Wrong(message))
                    }
                }
            }
            _ => self.push_value(&value(node)?),
        }
    }

    fn into_object(self) -> Result<RawJson, Failure> {
        let Self { text, evaluation } = self;
        if !text.starts_with('{') {
            return Err(Failure::Wrong("must return a map".to_owned()));
        }
        // It is checked, and copied.
        let length = text.len() as u64;
        paid(evaluation.meter.steps(3 * price::scan(length)))?;
        paid(evaluation.meter.block(length))?;
        RawJson::parse(&text).map_err(|e| Failure::Wrong(format!("its result {e}")))
    }

    fn push(&mut self, text: &str) -> Result<(), Failure> {
        let meter = &self.evaluation.meter;
        paid(meter.steps(price::copy(text.len() as u64)))?;
        let length = self.text.len() + text.len();
        if length > MAX_RESULT_BYTES {
            let message = format!("returns more than {MAX_RESULT_BYTES} bytes of JSON");
            return Err(Failure::TooMuch(message));
        }
        if length > self.text.capacity() {
            let capacity = length.max(2 * self.text.capacity());
            paid(meter.block(capacity as u64))?;
            self.text.reserve_exact(capacity - self.text.len());
        }
        self.text.push_str(text);
        Ok(())
    }

    fn push_text(&mut self, text: &str) -> Result<(), Failure> {
        // An escape takes up to six times the space, and a text that is longer than the result may be
        // does not fit anyway.
        if text.len() > MAX_RESULT_BYTES {
            return self.push(text);
        }
        let length = text.len() as u64;
        paid(self.evaluation.meter.steps(3 * price::read(length)))?;
        paid(self.evaluation.meter.block(9 * length))?;
        let mut json = String::new();
        write_string(&mut json, text);
        self.push(&json)
    }

    fn push_key(&mut self, key: &str, first: bool) -> Result<(), Failure> {
        self.push(if first { "" } else { "," })?;
        self.push_text(key)?;
        self.push(":")
    }

    fn push_value(&mut self, value: &Value<'a>) -> Result<(), Failure> {
        paid(self.evaluation.meter.steps(price::ELEMENT))?;
        match value {
            Value::Null => self.push("null"),
            Value::Bool(bool) => self.push(if *bool { "true" } else { "false" }),
            Value::Int(int) => self.push_number(&int.to_string()),
            Value::UInt(uint) => self.push_number(&uint.to_string()),
            Value::Double(double) if double.is_finite() => {
                self.push_number(&serde_json::Value::from(*double).to_string())
            }
            Value::Double(_) => {
                Err(Failure::Wrong("makes a number that JSON cannot represent".to_owned()))
            }
            Value::Text(text) => self.push_text(text),
            // *Common Expression Language*, "JSON Data Conversion".
            Value::Bytes(bytes) => {
                let length = bytes.len() as u64;
                paid(self.evaluation.meter.steps(price::read(length)))?;
                paid(self.evaluation.meter.block(2 * length))?;
                self.push_text(&STANDARD.encode(&**bytes))
            }
            Value::List(list) => {
                self.push("[")?;
                for (i, item) in list.iter().enumerate() {
                    self.push(if i == 0 { "" } else { "," })?;
                    self.push_value(item)?;
                }
                self.push("]")
            }
            Value::JsonList(json) => {
                self.push("[")?;
                for (i, item) in items(json).enumerate() {
                    self.push(if i == 0 { "" } else { "," })?;
                    self.push_json(item)?;
                }
                self.push("]")
            }
            Value::Map(map) => {
                self.push("{")?;
                for (i, (key, value)) in map.0.iter().enumerate() {
                    let Key::Text(key) = key else {
                        return Err(Failure::Wrong("a key must be a string".to_owned()));
                    };
                    self.push_key(key, i == 0)?;
                    self.push_value(value)?;
                }
                self.push("}")
            }
            Value::JsonMap(json) => self.push_object(json),
            Value::Type(name) => self.push_text(name),
        }
    }

    fn push_number(&mut self, number: &str) -> Result<(), Failure> {
        paid(self.evaluation.meter.steps(price::read(number.len() as u64)))?;
        self.push(number)
    }

    /// A value of the event that went through a macro.
    fn push_json(&mut self, json: &'a str) -> Result<(), Failure> {
        paid(self.evaluation.meter.steps(price::scan(json.len() as u64)))?;
        let value = self.evaluation.json(json).map_err(|error| error.failure())?;
        self.push_value(&value)
    }

    fn push_object(&mut self, json: &'a str) -> Result<(), Failure> {
        let sorted = self.evaluation.entries(json).map_err(|error| error.failure())?;
        self.push("{")?;
        for (i, (key, value)) in sorted.0.iter().enumerate() {
            let Key::Text(key) = key else { continue };
            self.push_key(key, i == 0)?;
            self.push_value(value)?;
        }
        self.push("}")
    }
}

fn paid(paid: Result<(), Error<'_>>) -> Result<(), Failure> {
    paid.map_err(|error| error.failure())
}
