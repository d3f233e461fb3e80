//! Evaluates expressions on items.

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::parts::{Change, Condition, Operand, Step};
use crate::aws::error::ServiceError;
use crate::aws::value::{Item, compare, equal, sum, typed, value_size};

fn find<'a>(item: &'a Item, path: &[Step]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    let Step::Name(name) = first else { return None };
    let mut value = item.get(name)?;
    for step in rest {
        value = match step {
            Step::Name(name) => value.get("M")?.get(name)?,
            Step::Index(index) => value.get("L")?.get(index)?,
        };
    }
    Some(value)
}

impl Operand {
    fn value(&self, item: &Item) -> Option<Value> {
        match self {
            Self::Path(path) => find(item, path).cloned(),
            Self::Value(value) => Some(value.clone()),
            Self::Size(path) => {
                let value = find(item, path)?;
                let size = match typed(value)? {
                    ("L" | "SS" | "NS" | "BS", content) => content.as_array()?.len(),
                    ("M", content) => content.as_object()?.len(),
                    _ => value_size(value),
                };
                Some(json!({"N": size.to_string()}))
            }
            Self::IfNotExists(path, fallback) => {
                find(item, path).cloned().or_else(|| fallback.value(item))
            }
            Self::ListAppend(left, right) => {
                let (left, right) = (left.value(item)?, right.value(item)?);
                let lists = [left.get("L")?.as_array()?, right.get("L")?.as_array()?];
                Some(json!({"L": lists.into_iter().flatten().collect::<Vec<_>>()}))
            }
            Self::Sum { left, right, subtract } => {
                sum(&left.value(item)?, &right.value(item)?, *subtract)
            }
        }
    }
}

impl Condition {
    /// Whether the condition holds for an item. An item that is not there has no attributes.
    #[must_use]
    pub fn holds(&self, item: &Item) -> bool {
        let both = |a: &Operand, b: &Operand| Some((a.value(item)?, b.value(item)?));
        match self {
            Self::Or(a, b) => a.holds(item) || b.holds(item),
            Self::And(a, b) => a.holds(item) && b.holds(item),
            Self::Not(a) => !a.holds(item),
            Self::Compare(a, operator, b) => compared(both(a, b), operator),
            Self::Between(a, low, high) => {
                compared(both(a, low), ">=") && compared(both(a, high), "<=")
            }
            Self::In(a, options) => options.iter().any(|b| compared(both(a, b), "=")),
            Self::Exists(path) => find(item, path).is_some(),
            Self::NotExists(path) => find(item, path).is_none(),
            Self::BeginsWith(a, b) => both(a, b).is_some_and(|(a, b)| {
                matches!((text_of(&a), text_of(&b)), (Some(a), Some(b)) if a.starts_with(b))
            }),
            Self::Contains(a, b) => both(a, b).is_some_and(|(a, b)| contains(&a, &b)),
        }
    }
}

fn text_of(value: &Value) -> Option<&str> {
    value.get("S").and_then(Value::as_str)
}

fn contains(whole: &Value, part: &Value) -> bool {
    match typed(whole) {
        Some(("S", Value::String(whole))) => text_of(part).is_some_and(|part| whole.contains(part)),
        Some(("L", Value::Array(items))) => items.iter().any(|item| equal(item, part)),
        Some((_, Value::Array(set))) => typed(part).is_some_and(|(_, part)| set.contains(part)),
        _ => false,
    }
}

fn compared(pair: Option<(Value, Value)>, operator: &str) -> bool {
    let Some((a, b)) = pair else {
        // An attribute that is not there is unequal to every value.
        return operator == "<>";
    };
    match operator {
        "=" => equal(&a, &b),
        "<>" => !equal(&a, &b),
        _ => match compare(&a, &b) {
            None => false,
            Some(order) => match operator {
                "<" => order == Ordering::Less,
                "<=" => order != Ordering::Greater,
                ">" => order == Ordering::Greater,
                _ => order != Ordering::Less,
            },
        },
    }
}

/// Applies changes to an item. Every right side is read from the item as it was. Returns the names of
/// the attributes that changed.
pub fn apply(changes: &[Change], item: &mut Item) -> Result<Vec<String>, ServiceError> {
    let before = item.clone();
    let mut touched = Vec::new();
    for change in changes {
        let (path, new) = match change {
            Change::Remove(path) => (path, None),
            Change::Set(path, operand) => {
                let value = operand.value(&before).ok_or_else(|| {
                    let message = "The provided expression refers to an attribute that does not exist in the item";
                    ServiceError::validation(message)
                })?;
                (path, Some(value))
            }
            Change::Add(path, value) => {
                let sum = match find(&before, path) {
                    None => value.clone(),
                    Some(old) => sum(old, value, false).ok_or_else(|| {
                        ServiceError::validation(
                            "An operand in the update expression has an incorrect data type",
                        )
                    })?,
                };
                (path, Some(sum))
            }
        };
        if let Some(Step::Name(name)) = path.first() {
            touched.push(name.clone());
        }
        put(item, path, new)?;
    }
    Ok(touched)
}

fn put(item: &mut Item, path: &[Step], new: Option<Value>) -> Result<(), ServiceError> {
    let invalid = || {
        ServiceError::validation(
            "The document path provided in the update expression is invalid for update",
        )
    };
    match path {
        [Step::Name(name)] => {
            match new {
                Some(new) => drop(item.insert(name.clone(), new)),
                None => drop(item.shift_remove(name)),
            }
            Ok(())
        }
        [Step::Name(name), rest @ ..] => {
            let inner = item.get_mut(name).and_then(|value| value.get_mut("M"));
            put(inner.and_then(Value::as_object_mut).ok_or_else(invalid)?, rest, new)
        }
        _ => Err(invalid()),
    }
}
