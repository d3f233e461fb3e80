//! The tables, and what every call reads of its request.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::aws::error::ServiceError;
use crate::aws::table::{Key, Table, key_of};
use crate::aws::value::Item;

/// What a call answers, and the capacity units that it used.
#[derive(Debug)]
pub struct Answered {
    pub body: Value,
    pub read_units: f64,
    pub write_units: f64,
}

impl Answered {
    pub(super) fn reading(body: Value, read_units: f64) -> Self {
        Self { body, read_units, write_units: 0.0 }
    }

    pub(super) fn writing(body: Value, write_units: f64) -> Self {
        Self { body, read_units: 0.0, write_units }
    }
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) tables: HashMap<String, Table>,
    /// New events as stream records: what `template.yaml` lets through to `fanout`.
    pub(super) records: Vec<Value>,
    pub(super) sequence: u64,
}

pub(super) fn name_of(request: &Value) -> Result<&str, ServiceError> {
    let name = request.get("TableName").and_then(Value::as_str);
    name.ok_or_else(|| ServiceError::validation("TableName is missing"))
}

pub(super) fn described(request: &Value) -> Value {
    json!({"TableName": request.get("TableName"), "TableStatus": "ACTIVE"})
}

pub(super) fn object<'a>(request: &'a Value, name: &str) -> Result<&'a Item, ServiceError> {
    let found = request.get(name).and_then(Value::as_object);
    found.ok_or_else(|| ServiceError::validation(format!("{name} is missing")))
}

pub(super) fn key(attributes: &Item) -> Result<Key, ServiceError> {
    let fits = attributes.len() == 2;
    key_of(attributes).filter(|_| fits).ok_or_else(|| {
        ServiceError::validation("The provided key element does not match the schema")
    })
}

pub(super) fn missing_table() -> ServiceError {
    ServiceError::new("ResourceNotFoundException", "Cannot do operations on a non-existent table")
}

pub(super) fn expression<'a>(request: &'a Value, name: &str) -> Option<&'a str> {
    request.get(name).and_then(Value::as_str)
}

pub(super) fn is_set(request: &Value, name: &str) -> bool {
    request.get(name) == Some(&Value::Bool(true))
}

pub(super) fn projected(item: &Item, names: Option<&[String]>) -> Value {
    match names {
        None => Value::Object(item.clone()),
        Some(names) => {
            let kept =
                names.iter().filter_map(|name| Some((name.clone(), item.get(name)?.clone())));
            Value::Object(kept.collect())
        }
    }
}
