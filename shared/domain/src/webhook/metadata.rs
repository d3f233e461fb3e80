//! What a tenant keeps beside a webhook: short texts under keys. Hooklane only stores and compares them.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Up to [`MAX_ENTRIES`] short texts. Stored as is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Metadata(BTreeMap<String, String>);

/// The most entries of one webhook.
pub const MAX_ENTRIES: usize = 20;
const MAX_KEY_BYTES: usize = 64;
const MAX_VALUE_CHARACTERS: usize = 256;

/// An entry is not allowed; the message may be shown to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMetadata {
    #[error("must have at most {MAX_ENTRIES} entries")]
    TooMany,
    #[error("the key must be 1 to {MAX_KEY_BYTES} of the characters A-Z a-z 0-9 _ -")]
    Key,
    #[error("must have at most {MAX_VALUE_CHARACTERS} characters")]
    Value,
}

impl Metadata {
    /// Checks every entry. Each mistake comes with its key, or without one if it is about them all.
    pub fn new(
        entries: BTreeMap<String, String>,
    ) -> Result<Self, Vec<(Option<String>, InvalidMetadata)>> {
        if entries.len() > MAX_ENTRIES {
            return Err(vec![(None, InvalidMetadata::TooMany)]);
        }
        let wrong = entries.iter().filter_map(|(key, value)| {
            let error = if !is_key(key) {
                InvalidMetadata::Key
            } else if value.chars().count() > MAX_VALUE_CHARACTERS {
                InvalidMetadata::Value
            } else {
                return None;
            };
            Some((Some(key.clone()), error))
        });
        let wrong: Vec<_> = wrong.collect();
        if wrong.is_empty() { Ok(Self(entries)) } else { Err(wrong) }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The entries in order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    #[must_use]
    pub fn has(&self, entry: &Entry) -> bool {
        self.0.get(&entry.key).is_some_and(|value| *value == entry.value)
    }
}

fn is_key(text: &str) -> bool {
    (1..=MAX_KEY_BYTES).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

/// An entry that a filter looks for, as `key:value`. No key has a colon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    key: String,
    value: String,
}

/// The text is not an entry; the message may be shown to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a key, a colon and a value, such as team:payments")]
pub struct InvalidEntry;

impl FromStr for Entry {
    type Err = InvalidEntry;
    fn from_str(text: &str) -> Result<Self, InvalidEntry> {
        let (key, value) =
            text.split_once(':').filter(|(key, _)| is_key(key)).ok_or(InvalidEntry)?;
        Ok(Self { key: key.to_owned(), value: value.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(key: &str, value: &str) -> Result<Metadata, Vec<(Option<String>, InvalidMetadata)>> {
        Metadata::new(BTreeMap::from([(key.to_owned(), value.to_owned())]))
    }

    #[test]
    fn entries_have_limits() {
        for (key, value, expected) in [
            ("team", "payments", None),
            ("Team_1-b", "", None),
            (&"k".repeat(64), &"ä".repeat(256), None),
            (&"k".repeat(65), "", Some(InvalidMetadata::Key)),
            ("", "", Some(InvalidMetadata::Key)),
            ("a.b", "", Some(InvalidMetadata::Key)),
            ("a:b", "", Some(InvalidMetadata::Key)),
            ("ä", "", Some(InvalidMetadata::Key)),
            ("k", &"v".repeat(257), Some(InvalidMetadata::Value)),
        ] {
            let wrong = of(key, value).err().map(|wrong| wrong[0].clone());
            assert_eq!(wrong, expected.map(|error| (Some(key.to_owned()), error)), "{key}");
        }
        let many = |n: usize| (0..n).map(|i| (format!("k{i}"), String::new())).collect();
        assert!(Metadata::new(many(20)).is_ok());
        assert_eq!(Metadata::new(many(21)).unwrap_err(), [(None, InvalidMetadata::TooMany)]);
    }

    #[test]
    fn a_filter_names_a_key_and_a_value() {
        let metadata = of("team", "a:b").unwrap();
        for (text, expected) in [
            ("team:a:b", Some(true)),
            ("team:a", Some(false)),
            ("team:", Some(false)),
            ("Team:a:b", Some(false)),
            ("team", None),
            (":a", None),
            ("te.am:a", None),
        ] {
            let found = text.parse().ok().map(|entry| metadata.has(&entry));
            assert_eq!(found, expected, "{text}");
        }
    }
}
