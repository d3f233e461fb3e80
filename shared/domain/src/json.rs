//! JSON kept as it was published: number text, escapes and the order of keys stay.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use memchr::{memchr, memchr2};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub mod fields;
mod javascript;
pub(crate) mod parts;
pub(crate) mod surrogates;
pub mod whole;

pub use javascript::as_javascript;

/// A JSON value as text, without the white space between its tokens.
///
/// Nothing else is changed: `1234567890123456789` and `1.0` stay as they are, where parsing them as
/// `f64` would change them. It is stored and sent as JSON itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Box<RawValue>", into = "Box<RawValue>")]
pub struct RawJson(String);

/// Deeper values are refused, so that every later reader can use an ordinary recursive parser.
const MAX_LEVELS: usize = 100;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidJson {
    #[error("is not JSON ({0})")]
    Syntax(String),
    #[error("nests deeper than {MAX_LEVELS} levels")]
    TooDeep,
}

impl RawJson {
    pub fn parse(text: &str) -> Result<Self, InvalidJson> {
        let raw: &RawValue =
            serde_json::from_str(text).map_err(|e| InvalidJson::Syntax(position(&e)))?;
        Self::from_raw(raw)
    }

    /// Takes a value that serde has already parsed.
    pub fn from_raw(raw: &RawValue) -> Result<Self, InvalidJson> {
        compact(raw.get()).map(Self).ok_or(InvalidJson::TooDeep)
    }

    /// The decoded text, where the value is a string.
    #[must_use]
    pub fn as_text(&self) -> Option<String> {
        serde_json::from_str(&self.readable()).ok()
    }

    /// The text for parsers that make Rust strings of it: with U+FFFD for each lone surrogate.
    #[must_use]
    pub fn readable(&self) -> Cow<'_, str> {
        surrogates::readable(&self.0).map_or(Cow::Borrowed(&*self.0), Cow::Owned)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Payloads never reach a log.
        write!(f, "RawJson({} bytes)", self.0.len())
    }
}

impl TryFrom<Box<RawValue>> for RawJson {
    type Error = InvalidJson;
    fn try_from(raw: Box<RawValue>) -> Result<Self, InvalidJson> {
        Self::from_raw(&raw)
    }
}

impl From<RawJson> for Box<RawValue> {
    fn from(json: RawJson) -> Self {
        RawValue::from_string(json.0).unwrap_or_else(|_| RawValue::NULL.to_owned())
    }
}

/// Valid JSON without the white space between its tokens; `None` if it nests too deeply.
fn compact(json: &str) -> Option<String> {
    let mut text = String::with_capacity(json.len());
    let (mut level, mut rest) = (0usize, json);
    while let Some(quote) = memchr(b'"', rest.as_bytes()) {
        let (between, string) = rest.split_at(quote);
        push_tokens(&mut text, between, &mut level)?;
        let (string, after) = string.split_at(end_of_string(string));
        push_accepted(&mut text, string);
        rest = after;
    }
    push_tokens(&mut text, rest, &mut level)?;
    Some(text)
}

/// Where the string ends that the JSON begins with.
fn end_of_string(json: &str) -> usize {
    let bytes = json.as_bytes();
    let mut at = 1;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        at += found + 1;
        if bytes[at - 1] == b'"' {
            return at;
        }
        // What is escaped is ASCII.
        at += 1;
    }
    json.len()
}

/// Takes over what stands between two strings, which is ASCII.
fn push_tokens(text: &mut String, between: &str, level: &mut usize) -> Option<()> {
    let mut kept = 0;
    for (at, byte) in between.bytes().enumerate() {
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => {
                text.push_str(&between[kept..at]);
                kept = at + 1;
            }
            b'{' | b'[' if *level == MAX_LEVELS => return None,
            b'{' | b'[' => *level += 1,
            b'}' | b']' => *level = level.saturating_sub(1),
            _ => {}
        }
    }
    text.push_str(&between[kept..]);
    Some(())
}

/// Takes over a string. SQS refuses two characters; as escapes they mean the same.
fn push_accepted(text: &mut String, mut string: &str) {
    // Both begin with this byte in UTF-8, and few others do.
    if memchr(0xef, string.as_bytes()).is_some() {
        while let Some(at) = string.find(['\u{fffe}', '\u{ffff}']) {
            let (before, refused) = string.split_at(at);
            text.push_str(before);
            text.push_str(if refused.starts_with('\u{fffe}') { "\\ufffe" } else { "\\uffff" });
            string = &refused['\u{ffff}'.len_utf8()..];
        }
    }
    text.push_str(string);
}

/// The text without a byte order mark at its beginning, which some editors and libraries write before JSON. A
/// reader may ignore it (RFC 8259 §8.1).
#[must_use]
pub fn without_byte_order_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Where parsing failed. The parser's own message may quote the text there, which may be a payload or a
/// secret.
#[must_use]
pub fn position(error: &serde_json::Error) -> String {
    format!("line {}, column {}", error.line(), error.column())
}

/// Writes `text` as a JSON string, quotes included.
pub fn write_string(out: &mut String, text: &str) {
    out.push('"');
    text.chars().for_each(|c| write_char(out, c));
    out.push('"');
}

/// Writes a character of a JSON string: escaped only where it must be, in the short form where there is
/// one, as `serde_json` and JavaScript do.
fn write_char(out: &mut String, c: char) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        // Writing to a string cannot fail.
        c if c < ' ' => drop(write!(out, "\\u{:04x}", u32::from(c))),
        c => out.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hooklane_fuzz::any_json;
    use proptest::prelude::*;

    #[test]
    fn numbers_escapes_and_order_stay() {
        let text =
            "{ \"b\" : 1234567890123456789,\n\t\"a\": [1.0, 1e5, \"a \\\" b\\\\\", \"\\u00e9 \"] }";
        let json = RawJson::parse(text).unwrap();
        assert_eq!(
            json.as_str(),
            r#"{"b":1234567890123456789,"a":[1.0,1e5,"a \" b\\","\u00e9 "]}"#
        );
    }

    #[test]
    fn characters_that_sqs_refuses_are_escaped() {
        let json = RawJson::parse("[\"a\u{fffe}b\u{ffff}\u{fffd}\"]").unwrap();
        assert_eq!(json.as_str(), "[\"a\\ufffeb\\uffff\u{fffd}\"]");
    }

    #[test]
    fn a_value_nests_at_most_a_hundred_levels() {
        let nest = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(RawJson::parse(&nest(100)).is_ok());
        assert_eq!(RawJson::parse(&nest(101)), Err(InvalidJson::TooDeep));
        assert!(RawJson::parse("\"[[[[\"").is_ok());
    }

    #[test]
    fn serde_keeps_the_text() {
        let json: RawJson = serde_json::from_str(" [1.10, 2] ").unwrap();
        assert_eq!(serde_json::to_string(&json).unwrap(), "[1.10,2]");
    }

    proptest! {
        #[test]
        fn compacting_pretty_json_gives_what_serde_writes_compactly(value in any_json()) {
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            let json = RawJson::parse(&pretty).unwrap();
            prop_assert_eq!(json.as_str(), value.to_string());
        }
    }
}
