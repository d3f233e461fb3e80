//! Lone surrogates: half a character, which JSON can escape (`"\ud83d"`) and no Rust string can hold. JavaScript
//! makes them where it cuts a text in the middle of an emoji (RFC 8259 §8.2). Texts keep them as escapes.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// Valid JSON with `\ufffd` in place of each escape of a lone surrogate; `None` where there is none. The
/// length stays the same.
pub(crate) fn readable(json: &str) -> Option<String> {
    let bytes = json.as_bytes();
    let unit = |at: usize| {
        let escape = json.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(escape, 16).ok()
    };
    let mut lone = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        // JSON has backslashes in strings only, and what follows one is ASCII.
        if bytes[at] != b'\\' {
            at += 1;
            continue;
        }
        match (unit(at), unit(at + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => at += 12,
            (Some(0xd800..=0xdfff), _) => {
                lone.push(at);
                at += 6;
            }
            (Some(_), _) => at += 6,
            (None, _) => at += 2,
        }
    }
    if lone.is_empty() {
        return None;
    }
    let mut text = json.to_owned();
    for at in lone {
        text.replace_range(at..at + 6, "\\ufffd");
    }
    Some(text)
}

/// The name of a member. A lone surrogate in it stands as its escape, `\ud83d`, so that two names that differ
/// stay different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name(pub(crate) String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;

        impl Visitor<'_> for Bytes {
            type Value = Name;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Name, E> {
                Ok(Name(text.to_owned()))
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Name, E> {
                Ok(Name(decoded(bytes)))
            }
        }

        // As bytes, `serde_json` gives a lone surrogate as the three bytes that UTF-8 would have for it.
        deserializer.deserialize_bytes(Bytes)
    }
}

fn decoded(mut bytes: &[u8]) -> String {
    let mut name = String::with_capacity(bytes.len());
    while !bytes.is_empty() {
        let valid = match str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
        };
        name.push_str(valid);
        bytes = &bytes[valid.len()..];
        if let [a, b, c, rest @ ..] = bytes {
            let unit =
                (u32::from(*a & 0xf) << 12) | (u32::from(*b & 0x3f) << 6) | u32::from(*c & 0x3f);
            name.push_str(&format!("\\u{unit:04x}"));
            bytes = rest;
        } else {
            bytes = &[];
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(json: &str) -> String {
        let members: Vec<(Name, u8)> = {
            struct Members;
            impl<'de> Visitor<'de> for Members {
                type Value = Vec<(Name, u8)>;
                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("an object")
                }
                fn visit_map<A: serde::de::MapAccess<'de>>(
                    self,
                    mut map: A,
                ) -> Result<Self::Value, A::Error> {
                    let mut members = Vec::new();
                    while let Some(member) = map.next_entry()? {
                        members.push(member);
                    }
                    Ok(members)
                }
            }
            serde_json::Deserializer::from_str(json).deserialize_map(Members).unwrap()
        };
        members.into_iter().map(|(Name(name), _)| name).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn half_a_character_in_a_name_stays_an_escape() {
        for (json, expected) in [
            (r#"{"a":1,"\u00fc":2,"\ud83d\ude00":3}"#, "a|ü|😀"),
            (r#"{"\ud83d":1,"\uDE00":2}"#, r"\ud83d|\ude00"),
            (r#"{"x\ud83dy\ud83d\ud83d\ude00":1}"#, r"x\ud83dy\ud83d😀"),
            (r#"{"ü\udfffü":1}"#, r"ü\udfffü"),
            (r#"{"":1}"#, ""),
        ] {
            assert_eq!(name(json), expected, "{json}");
        }
    }

    proptest! {
        #[test]
        fn a_name_without_one_is_what_json_says(text in any::<String>()) {
            let json = format!("{{{}:1}}", serde_json::to_string(&text).unwrap());
            prop_assert_eq!(name(&json), text);
        }

        #[test]
        fn what_is_readable_parses_and_has_the_same_length(
            parts in proptest::collection::vec("(\\\\u(d8|D9|dc|DF|00)[0-9a-f]{2}|\\\\\\\\|u|ü|x|\\\\n){0,3}", 0..6),
        ) {
            let json = format!("[\"{}\"]", parts.join("\",\""));
            let text = readable(&json);
            let parsed = serde_json::from_str::<Vec<String>>(text.as_deref().unwrap_or(&json));
            prop_assert!(parsed.is_ok(), "{}", json);
            prop_assert_eq!(text.as_ref().map_or(json.len(), String::len), json.len());
            let plain = serde_json::from_str::<Vec<String>>(&json).is_ok();
            prop_assert_eq!(plain, text.is_none(), "{}", json);
        }
    }
}
