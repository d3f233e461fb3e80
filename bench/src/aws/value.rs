//! Attribute values, kept in DynamoDB's JSON: `{"S": "text"}`, `{"N": "5"}`.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

/// An item: its attributes by name.
pub type Item = Map<String, Value>;

/// The type and the content of an attribute value.
#[must_use]
pub fn typed(value: &Value) -> Option<(&str, &Value)> {
    value.as_object()?.iter().next().map(|(kind, content)| (kind.as_str(), content))
}

/// The text of a `S` attribute.
#[must_use]
pub fn text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)?.get("S")?.as_str()
}

/// Compares two values of the same type; values of different types have no order.
#[must_use]
pub fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    let ((kind_a, a), (kind_b, b)) = (typed(a)?, typed(b)?);
    if kind_a != kind_b {
        return None;
    }
    match kind_a {
        "N" => {
            let (a, b) = (a.as_str()?, b.as_str()?);
            match (a.parse::<i128>(), b.parse::<i128>()) {
                (Ok(a), Ok(b)) => Some(a.cmp(&b)),
                _ => a.parse::<f64>().ok()?.partial_cmp(&b.parse().ok()?),
            }
        }
        "S" | "B" => Some(a.as_str()?.as_bytes().cmp(b.as_str()?.as_bytes())),
        _ => (a == b).then_some(Ordering::Equal),
    }
}

/// Whether two values are equal. Numbers are compared as numbers at every depth.
#[must_use]
pub fn equal(a: &Value, b: &Value) -> bool {
    match (typed(a), typed(b)) {
        (Some(("M", Value::Object(a))), Some(("M", Value::Object(b)))) => {
            a.len() == b.len() && a.iter().all(|(k, v)| b.get(k).is_some_and(|w| equal(v, w)))
        }
        (Some(("L", Value::Array(a))), Some(("L", Value::Array(b)))) => {
            a.len() == b.len() && a.iter().zip(b).all(|(v, w)| equal(v, w))
        }
        _ => compare(a, b) == Some(Ordering::Equal),
    }
}

/// The sum of two numbers, or their difference.
#[must_use]
pub fn sum(a: &Value, b: &Value, subtract: bool) -> Option<Value> {
    let (a, b) = (a.get("N")?.as_str()?, b.get("N")?.as_str()?);
    let digits = match (a.parse::<i128>(), b.parse::<i128>()) {
        (Ok(a), Ok(b)) => (if subtract { a - b } else { a + b }).to_string(),
        _ => {
            let (a, b): (f64, f64) = (a.parse().ok()?, b.parse().ok()?);
            (if subtract { a - b } else { a + b }).to_string()
        }
    };
    Some(json!({"N": digits}))
}

/// The size that DynamoDB charges for (*DynamoDB Developer Guide*, "DynamoDB item sizes and formats").
#[must_use]
pub fn size(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + value_size(value)).sum()
}

#[must_use]
pub fn value_size(value: &Value) -> usize {
    match typed(value) {
        Some(("S", Value::String(text))) => text.len(),
        Some(("B", Value::String(base64))) => base64.len() / 4 * 3,
        Some(("N", Value::String(digits))) => digits.len().div_ceil(2) + 1,
        Some(("L", Value::Array(items))) => {
            3 + items.iter().map(|v| 1 + value_size(v)).sum::<usize>()
        }
        Some(("M", Value::Object(map))) => 3 + size(map) + map.len(),
        Some((_, Value::Array(set))) => set.iter().map(|v| v.as_str().map_or(1, str::len)).sum(),
        _ => 1,
    }
}
