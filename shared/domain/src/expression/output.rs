//! Writes the result of a transform as JSON.
//!
//! A part of the event that the expression does not change is copied as it was published: number text,
//! escapes and the order of keys stay. So maps, lists, conditionals and paths into the event are
//! written part by part. Everything else is computed and written in one form, with sorted keys, so that
//! every attempt sends the same bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cel::common::ast::{EntryExpr, Expr, operators};
use cel::objects::Key;
use cel::{IdedExpr, Value};

use super::budget::Budget;
use super::compiled::Compiled;
use super::evaluate::{Evaluation, Lookup};
use super::input::Input;
use super::{Failure, MAX_RESULT_BYTES};
use crate::json::{RawJson, write_string};

impl Compiled {
    /// The result of a transform.
    pub(super) fn transform(&self, input: &Input, budget: &Budget) -> Result<RawJson, Failure> {
        let lookup = Lookup::new(self, input);
        let mut output = Output::default();
        let written = output.write(&self.expr, &Evaluation::new(&lookup));
        lookup.charge(budget);
        written?;
        output.into_object()
    }
}

#[derive(Default)]
struct Output(String);

impl Output {
    fn write(&mut self, expr: &IdedExpr, evaluation: &Evaluation<'_>) -> Result<(), Failure> {
        match &expr.expr {
            Expr::Ident(name) => match evaluation.published(name) {
                Some(published) => self.push(published?),
                None => self.push_value(&evaluation.value(expr)?),
            },
            Expr::Map(map) => {
                let mut keys: Vec<String> = Vec::with_capacity(map.entries.len());
                self.push("{")?;
                for entry in &map.entries {
                    let EntryExpr::MapEntry(entry) = &entry.expr else {
                        return Err(Failure::Wrong("does not return a map".to_owned()));
                    };
                    let Value::String(key) = evaluation.value(&entry.key)? else {
                        return Err(Failure::Wrong("a key must be a string".to_owned()));
                    };
                    if keys.contains(&key) {
                        return Err(Failure::Wrong("a map has a duplicate key".to_owned()));
                    }
                    self.push_key(&key, keys.is_empty())?;
                    keys.push(key.as_str().to_owned());
                    self.write(&entry.value, evaluation)?;
                }
                self.push("}")
            }
            Expr::List(list) => {
                self.push("[")?;
                for (i, element) in list.elements.iter().enumerate() {
                    self.push(if i == 0 { "" } else { "," })?;
                    self.write(element, evaluation)?;
                }
                self.push("]")
            }
            Expr::Call(call) if call.func_name == operators::CONDITIONAL => {
                let [condition, yes, no] = call.args.as_slice() else {
                    return Err(Failure::Wrong("is not a conditional".to_owned()));
                };
                match evaluation.value(condition)? {
                    Value::Bool(true) => self.write(yes, evaluation),
                    Value::Bool(false) => self.write(no, evaluation),
                    other => {
                        let message =
                            format!("a condition must be a bool, not {}", other.type_of());
                        Err(Failure::Wrong(message))
                    }
                }
            }
            _ => self.push_value(&evaluation.value(expr)?),
        }
    }

    fn into_object(self) -> Result<RawJson, Failure> {
        if !self.0.starts_with('{') {
            return Err(Failure::Wrong("must return a map".to_owned()));
        }
        RawJson::parse(&self.0).map_err(|e| Failure::Wrong(format!("its result {e}")))
    }

    fn push(&mut self, text: &str) -> Result<(), Failure> {
        self.0.push_str(text);
        if self.0.len() > MAX_RESULT_BYTES {
            let message = format!("returns more than {MAX_RESULT_BYTES} bytes of JSON");
            return Err(Failure::TooMuch(message));
        }
        Ok(())
    }

    fn push_text(&mut self, text: &str) -> Result<(), Failure> {
        let mut json = String::new();
        write_string(&mut json, text);
        self.push(&json)
    }

    fn push_key(&mut self, key: &str, first: bool) -> Result<(), Failure> {
        self.push(if first { "" } else { "," })?;
        self.push_text(key)?;
        self.push(":")
    }

    fn push_value(&mut self, value: &Value) -> Result<(), Failure> {
        match value {
            Value::Null => self.push("null"),
            Value::Bool(bool) => self.push(if *bool { "true" } else { "false" }),
            Value::Int(int) => self.push(&int.to_string()),
            Value::UInt(uint) => self.push(&uint.to_string()),
            Value::Float(double) if double.is_finite() => {
                self.push(&serde_json::Value::from(*double).to_string())
            }
            Value::Float(_) => {
                Err(Failure::Wrong("makes a number that JSON cannot represent".to_owned()))
            }
            Value::String(text) => self.push_text(text),
            // *Common Expression Language*, "JSON Data Conversion".
            Value::Bytes(bytes) => self.push_text(&STANDARD.encode(bytes.as_slice())),
            Value::List(list) => {
                self.push("[")?;
                for (i, item) in list.iter().enumerate() {
                    self.push(if i == 0 { "" } else { "," })?;
                    self.push_value(item)?;
                }
                self.push("]")
            }
            Value::Map(map) => {
                let mut entries: Vec<(&Key, &Value)> = map.map.iter().collect();
                entries.sort_unstable_by_key(|(key, _)| *key);
                self.push("{")?;
                for (i, (key, value)) in entries.into_iter().enumerate() {
                    let Key::String(key) = key else {
                        return Err(Failure::Wrong("a key must be a string".to_owned()));
                    };
                    self.push_key(key, i == 0)?;
                    self.push_value(value)?;
                }
                self.push("}")
            }
            Value::Function(..) | Value::Opaque(_) | Value::Struct(_) => {
                let message = format!("a {} cannot be written as JSON", value.type_of());
                Err(Failure::Wrong(message))
            }
        }
    }
}
