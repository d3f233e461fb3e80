//! The one value of an event's metadata that its tenant can search for.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::json::RawJson;
use crate::json::parts::{member, text};

/// The key of events' metadata whose value a tenant can search for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SearchKey(String);

const MAX_KEY: usize = 64;
/// The longest value that can be searched for, in bytes.
const MAX_VALUE: usize = 256;

/// A text that is no search key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {MAX_KEY} of the characters A-Z a-z 0-9 _ . -")]
pub struct NoSearchKey;

/// The values of one key are told apart by this many bytes of a digest. Of forty thousand events, about as many as one
/// request looks through, one in seven thousand million requests meets another value with the same digest.
const BYTES: usize = 6;

/// A digest of a key and its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueDigest([u8; BYTES]);

impl SearchKey {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digest of a value that is searched for; `None` if it is too long to be found.
    #[must_use]
    pub fn digest(&self, value: &str) -> Option<ValueDigest> {
        if value.is_empty() || value.len() > MAX_VALUE {
            return None;
        }
        let mut hash = Sha256::new();
        hash.update(self.0.as_bytes());
        hash.update([0]);
        hash.update(value.as_bytes());
        let digest: [u8; 32] = hash.finalize().into();
        let mut first = [0; BYTES];
        first.copy_from_slice(&digest[..BYTES]);
        Some(ValueDigest(first))
    }

    /// The digest of the value that an event's metadata has under this key: of a text itself, of a number or `true` or
    /// `false` as it is written. Nothing else can be searched for.
    #[must_use]
    pub fn digest_in(&self, metadata: &RawJson) -> Option<ValueDigest> {
        let json = metadata.as_str();
        if !json.starts_with('{') {
            return None;
        }
        let value = member(json, &self.0)?;
        match value.as_bytes().first()? {
            b'"' => self.digest(&text(value)),
            b'{' | b'[' | b'n' => None,
            _ => self.digest(value),
        }
    }
}

impl std::str::FromStr for SearchKey {
    type Err = NoSearchKey;
    fn from_str(text: &str) -> Result<Self, NoSearchKey> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
        let is_key = (1..=MAX_KEY).contains(&text.len()) && text.bytes().all(fits);
        is_key.then(|| Self(text.to_owned())).ok_or(NoSearchKey)
    }
}

impl TryFrom<String> for SearchKey {
    type Error = NoSearchKey;
    fn try_from(text: String) -> Result<Self, NoSearchKey> {
        text.parse()
    }
}

impl From<SearchKey> for String {
    fn from(key: SearchKey) -> Self {
        key.0
    }
}

impl ValueDigest {
    #[must_use]
    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }

    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        hex::decode(text).ok()?.try_into().ok().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn key(text: &str) -> SearchKey {
        text.parse().unwrap()
    }

    #[test]
    fn a_value_is_found_as_it_is_written() {
        let order = key("orderId");
        for (metadata, value) in [
            (r#"{"orderId":"A-1"}"#, Some("A-1")),
            (r#"{"other":1,"orderId":4711}"#, Some("4711")),
            (r#"{"orderId":1.50}"#, Some("1.50")),
            (r#"{"orderId":true}"#, Some("true")),
            (r#"{"orderId":"\u0041-1"}"#, Some("A-1")),
            // Of a key that is given twice, the last counts, as for filters.
            (r#"{"orderId":"x","orderId":"A-1"}"#, Some("A-1")),
            (r#"{"orderId":null}"#, None),
            (r#"{"orderId":""}"#, None),
            (r#"{"orderId":["A-1"]}"#, None),
            (r#"{"orderId":{"a":1}}"#, None),
            (r#"{"orderid":"A-1"}"#, None),
            (r#"{"nested":{"orderId":"A-1"}}"#, None),
            ("{}", None),
            ("[]", None),
            ("7", None),
        ] {
            let metadata = RawJson::parse(metadata).unwrap();
            let expected = value.map(|value| order.digest(value).unwrap());
            assert_eq!(order.digest_in(&metadata), expected, "{metadata:?}");
        }
        let long = "x".repeat(MAX_VALUE + 1);
        assert_eq!(order.digest(&long), None);
        let metadata = RawJson::parse(&format!(r#"{{"orderId":"{long}"}}"#)).unwrap();
        assert_eq!(order.digest_in(&metadata), None);
    }

    #[test]
    fn digests_tell_keys_and_values_apart() {
        let mut seen = BTreeSet::new();
        for name in ["a", "b", "ab"] {
            for value in ["1", "2", "a1", "b1", "b\u{0}1"] {
                let digest = key(name).digest(value).unwrap();
                assert!(seen.insert(digest), "{name} {value}");
                assert_eq!(ValueDigest::from_hex(&digest.to_hex()), Some(digest));
            }
        }
        for text in ["", "zz", "00", "00112233445566"] {
            assert_eq!(ValueDigest::from_hex(text), None, "{text}");
        }
    }

    #[test]
    fn a_key_is_a_short_plain_name() {
        for text in ["orderId", "order.id", "x-1", "_", &"k".repeat(64)] {
            assert_eq!(key(text).as_str(), text);
        }
        for text in ["", "order id", "ä", "a/b", &"k".repeat(65)] {
            assert_eq!(text.parse::<SearchKey>(), Err(NoSearchKey), "{text}");
        }
    }
}
