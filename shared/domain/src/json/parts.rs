//! Goes through JSON text that is known to be valid, without reading more of it than where its parts begin
//! and end.

use std::borrow::Cow;

/// The elements of a list.
pub(crate) fn items(list: &str) -> impl Iterator<Item = &str> {
    let mut parts = Parts::inside(list);
    std::iter::from_fn(move || parts.value())
}

/// The keys of an object, still JSON, and their values.
pub(crate) fn entries(object: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut parts = Parts::inside(object);
    std::iter::from_fn(move || Some((parts.value()?, parts.value()?)))
}

/// The value of a key. Of a duplicate key, the last entry counts.
pub(crate) fn member<'a>(object: &'a str, key: &str) -> Option<&'a str> {
    entries(object).filter(|(known, _)| is_key(known, key)).last().map(|(_, value)| value)
}

fn is_key(json: &str, key: &str) -> bool {
    match json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(plain) if !plain.as_bytes().contains(&b'\\') => plain == key,
        _ => text(json) == key,
    }
}

/// The decoded text of a string.
pub(crate) fn text(json: &str) -> Cow<'_, str> {
    match json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(plain) if !plain.as_bytes().contains(&b'\\') => Cow::Borrowed(plain),
        _ => Cow::Owned(serde_json::from_str(json).unwrap_or_default()),
    }
}

/// The values of a list or an object, one after the other.
struct Parts<'a> {
    json: &'a str,
    at: usize,
}

impl<'a> Parts<'a> {
    fn inside(json: &'a str) -> Self {
        Self { json, at: 1 }
    }

    /// The next value; `None` at the closing bracket.
    fn value(&mut self) -> Option<&'a str> {
        let bytes = self.json.as_bytes();
        while let b' ' | b'\t' | b'\n' | b'\r' | b',' | b':' = *bytes.get(self.at)? {
            self.at += 1;
        }
        let start = self.at;
        self.at += match bytes[start] {
            b']' | b'}' => return None,
            b'"' => string(&bytes[start..])?,
            b'[' | b'{' => nested(&bytes[start..])?,
            _ => bytes[start..].iter().position(|byte| b",]} \t\n\r".contains(byte))?,
        };
        self.json.get(start..self.at)
    }
}

/// The length of the string that the text begins with.
fn string(json: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        match json.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// The length of the list or object that the text begins with.
fn nested(json: &[u8]) -> Option<usize> {
    let (mut open, mut at) = (0usize, 0);
    loop {
        match json.get(at)? {
            b'"' => {
                at += string(&json[at..])?;
                continue;
            }
            b'[' | b'{' => open += 1,
            b']' | b'}' => open -= 1,
            _ => {}
        }
        at += 1;
        if open == 0 {
            return Some(at);
        }
    }
}
