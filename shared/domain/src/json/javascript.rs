//! JSON as JavaScript writes it.
//!
//! Some receivers parse the body and compute the signature over `JSON.stringify` of the result. They
//! can verify a request only if its body already has that form. Source: *ECMAScript 2024*, §25.5.1
//! `JSON.parse`, §25.5.2 `JSON.stringify`, §10.1.11.1 for the order of keys, §6.1.6.1.20 for numbers.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::write_char;

/// Valid JSON as `JSON.stringify(JSON.parse(json))` writes it:
///
/// - numbers go through a double: `1.0` is `1`, `1234567890123456789` is `1234567890123456800`, and a
///   number that overflows is `null`;
/// - a character is escaped only where JSON requires it, and a lone surrogate as `\udxxx`;
/// - keys that are array indexes come first, ascending, and the others in the order of the text; a
///   duplicate key has the place of its first and the value of its last occurrence.
#[must_use]
pub fn as_javascript(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    Reader { rest: json }.value().write(&mut out);
    out
}

/// A value whose scalars and keys already have their final text.
enum Value {
    Scalar(String),
    Array(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Value {
    fn write(&self, out: &mut String) {
        match self {
            Self::Scalar(text) => out.push_str(text),
            Self::Array(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(entries) => {
                out.push('{');
                for (i, (key, value)) in entries.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    out.push_str(key);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

/// Reads JSON that is known to be valid. On anything else it stops early, without an error or a hang.
struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    /// The next character that is not white space, without taking it.
    fn peek(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    /// Takes `c` if it is next, and says whether it was.
    fn take(&mut self, c: char) -> bool {
        let there = self.peek() == Some(c);
        if there {
            self.next();
        }
        there
    }

    fn value(&mut self) -> Value {
        match self.peek() {
            Some('{') => self.object(),
            Some('[') => self.array(),
            Some('"') => Value::Scalar(self.string()),
            _ => Value::Scalar(self.word()),
        }
    }

    fn array(&mut self) -> Value {
        let mut items = Vec::new();
        self.take('[');
        while !self.take(']') && !self.rest.is_empty() {
            items.push(self.value());
            if !self.take(',') && self.peek() != Some(']') {
                break;
            }
        }
        Value::Array(items)
    }

    fn object(&mut self) -> Value {
        let mut entries: Vec<(String, Value)> = Vec::new();
        // Keys are equal exactly where their final texts are.
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        self.take('{');
        while !self.take('}') && !self.rest.is_empty() {
            let key = self.string();
            self.take(':');
            let value = self.value();
            match places.get(&key) {
                Some(place) => entries[*place].1 = value,
                None => {
                    places.insert(key.clone(), entries.len());
                    entries.push((key, value));
                }
            }
            if !self.take(',') && self.peek() != Some('}') {
                break;
            }
        }
        // The sort is stable, so keys that are not indexes keep their order, after those that are.
        entries.sort_by_key(|(key, _)| array_index(key).map_or((true, 0), |index| (false, index)));
        Value::Object(entries)
    }

    /// A string in its final form, quotes included.
    fn string(&mut self) -> String {
        let mut out = String::from("\"");
        self.take('"');
        while let Some(c) = self.next() {
            match c {
                '"' => break,
                '\\' => self.escape(&mut out),
                c => write_char(&mut out, c),
            }
        }
        out.push('"');
        out
    }

    /// What follows a backslash.
    fn escape(&mut self, out: &mut String) {
        let c = match self.next() {
            Some('u') => return self.unicode(out),
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some(c) => c,
            None => return,
        };
        write_char(out, c);
    }

    /// What follows `\u`: a character, or a surrogate whose other half may follow.
    fn unicode(&mut self, out: &mut String) {
        let Some(unit) = hex(self.rest) else { return };
        self.rest = &self.rest[4..];
        if let Some(c) = char::from_u32(unit.into()) {
            return write_char(out, c);
        }
        let other = self.rest.strip_prefix("\\u").and_then(hex);
        match other.and_then(|other| char::decode_utf16([unit, other]).next()?.ok()) {
            Some(c) => {
                self.rest = &self.rest[6..];
                out.push(c);
            }
            // A lone surrogate, which no Rust string can hold. Writing to a string cannot fail.
            None => drop(write!(out, "\\u{unit:04x}")),
        }
    }

    /// A number, `true`, `false` or `null`.
    fn word(&mut self) -> String {
        let end =
            self.rest.find([',', ']', '}', ':', ' ', '\t', '\n', '\r']).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        match word.parse::<f64>() {
            Ok(number) if number.is_finite() => {
                ryu_js::Buffer::new().format_finite(number).to_owned()
            }
            Ok(_) => "null".to_owned(),
            Err(_) => word.to_owned(),
        }
    }
}

/// The four hexadecimal digits that `text` begins with.
fn hex(text: &str) -> Option<u16> {
    u16::from_str_radix(text.get(..4)?, 16).ok()
}

/// The number of a key, quotes included, that is an array index: 0 to 2³² − 2, written without a
/// leading zero (*ECMAScript 2024*, §6.1.7).
fn array_index(key: &str) -> Option<u32> {
    let digits = key.strip_prefix('"')?.strip_suffix('"')?;
    let canonical = digits == "0" || !digits.starts_with(['0', '+']);
    let index = digits.parse().ok().filter(|index| *index < u32::MAX);
    index.filter(|_| canonical)
}

#[cfg(test)]
mod tests;
