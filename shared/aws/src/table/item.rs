//! Items: their keys, their attributes and their size.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use hooklane_app::ports::Unavailable;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::{corrupt, unreadable};

pub(crate) type Item = HashMap<String, AttributeValue>;

/// The primary key of an item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

impl Key {
    pub(crate) fn attributes(&self) -> Item {
        HashMap::from([
            ("pk".to_owned(), AttributeValue::S(self.pk.clone())),
            ("sk".to_owned(), AttributeValue::S(self.sk.clone())),
        ])
    }

    /// The key that an item has.
    pub(crate) fn of(item: &Item) -> Option<Self> {
        Some(Self { pk: text(item, "pk")?, sk: text(item, "sk")? })
    }
}

/// The item under `key` whose attributes are the fields of `value`.
pub(crate) fn to_item(key: &Key, value: &impl Serialize) -> Result<Item, Unavailable> {
    let mut item: Item = serde_dynamo::to_item(value).map_err(|e| corrupt("an item", e))?;
    item.extend(key.attributes());
    Ok(item)
}

pub(crate) fn from_item<T: DeserializeOwned>(item: Item) -> Result<T, Unavailable> {
    let sk = text(&item, "sk").unwrap_or_default();
    let kind = sk.split('#').next().unwrap_or_default().to_owned();
    serde_dynamo::from_item(item).map_err(|e| unreadable(format!("a stored {kind} item"), &e))
}

/// `value` as one attribute. `what` names it in an error.
pub(crate) fn value(what: &str, value: impl Serialize) -> Result<AttributeValue, Unavailable> {
    serde_dynamo::to_attribute_value(value).map_err(|e| corrupt(what, e))
}

pub(crate) fn text(item: &Item, name: &str) -> Option<String> {
    item.get(name).and_then(|value| value.as_s().ok()).cloned()
}

pub(crate) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(crate) fn string(value: impl ToString) -> AttributeValue {
    AttributeValue::S(value.to_string())
}

/// A binary attribute. Serde has no type for it, so it is added by hand.
pub(crate) fn binary(bytes: Vec<u8>) -> AttributeValue {
    AttributeValue::B(bytes.into())
}

/// About the size that DynamoDB charges for (*DynamoDB Developer Guide*, "DynamoDB item sizes and
/// formats").
pub(crate) fn size(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + value_size(value)).sum()
}

fn value_size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(digits) => digits.len().div_ceil(2) + 1,
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::L(items) => 3 + items.iter().map(|v| 1 + value_size(v)).sum::<usize>(),
        AttributeValue::M(map) => 3 + size(map) + map.len(),
        _ => 1,
    }
}
