//! How the bytes that a receiver checked differ from those that were sent, and what usually makes them differ so.

use serde_json::Value;

/// The bytes that are shown before and after a difference.
const AROUND: usize = 24;

/// Where two bodies differ first, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The number of bytes before it, which are the same in both.
    pub offset: usize,
    pub cause: Cause,
    pub sent: Around,
    pub received: Around,
}

/// What makes a body another one on its way into a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// There is none: something read the stream before.
    Empty,
    /// Only the ends of lines differ: CR LF, or LF alone.
    LineEnds,
    /// Only a byte order mark at the beginning differs.
    ByteOrderMark,
    /// Only white space at the end differs, such as a line end that an editor or `echo` adds.
    Ending,
    /// It is the beginning of what was sent.
    Cut,
    /// It was decoded as another encoding than UTF-8, or encoded as one.
    Encoding,
    /// It is the same JSON written anew: parsed, and then serialised.
    Rewritten,
    /// It is something else.
    Other,
}

/// What is around a difference in one of two bodies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Around {
    /// The byte that differs; `None` if the body ends here.
    pub byte: Option<u8>,
    /// The text up to it. What is not UTF-8 is replaced.
    pub before: String,
    /// The text from it on.
    pub after: String,
}

impl Difference {
    /// `None` if both are the same, byte for byte.
    #[must_use]
    pub fn between(sent: &str, received: &[u8]) -> Option<Self> {
        let bytes = sent.as_bytes();
        if bytes == received {
            return None;
        }
        let offset = bytes.iter().zip(received).take_while(|(one, other)| one == other).count();
        Some(Self {
            offset,
            cause: Cause::of(sent, received),
            sent: Around::of(bytes, offset),
            received: Around::of(received, offset),
        })
    }
}

impl Around {
    fn of(body: &[u8], offset: usize) -> Self {
        // A character is shown whole, so that what is before it can be read.
        let is_within = |at: usize| body.get(at).is_some_and(|byte| byte & 0xc0 == 0x80);
        let back = |mut at: usize| {
            while at > 0 && is_within(at) {
                at -= 1;
            }
            at
        };
        let (start, middle) = (back(offset.saturating_sub(AROUND)), back(offset));
        let mut end = (offset + AROUND).min(body.len());
        while is_within(end) {
            end += 1;
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            byte: body.get(offset).copied(),
            before: text(&body[start..middle]),
            after: text(&body[middle..end]),
        }
    }
}

impl Cause {
    fn of(sent: &str, received: &[u8]) -> Self {
        if received.is_empty() {
            return Self::Empty;
        }
        let Ok(text) = std::str::from_utf8(received) else {
            let is_latin = latin(sent).is_some_and(|bytes| bytes == received);
            let is_cut = sent.as_bytes().starts_with(received);
            return match (is_latin, is_cut) {
                (true, _) => Self::Encoding,
                (false, true) => Self::Cut,
                (false, false) => Self::Other,
            };
        };
        let unmarked = |text: &str| text.trim_start_matches('\u{feff}').to_owned();
        match text {
            text if lines(sent) == lines(text) => Self::LineEnds,
            text if unmarked(sent) == unmarked(text) => Self::ByteOrderMark,
            text if sent.trim_ascii_end() == text.trim_ascii_end() => Self::Ending,
            text if sent.starts_with(text) => Self::Cut,
            text if latin(text).is_some_and(|bytes| bytes == sent.as_bytes()) => Self::Encoding,
            text if is_same_json(sent, text) => Self::Rewritten,
            _ => Self::Other,
        }
    }
}

/// The text with one kind of line end.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// The text in ISO 8859-1, if that has all of its characters.
fn latin(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|one| u8::try_from(u32::from(one)).ok()).collect()
}

fn is_same_json(one: &str, other: &str) -> bool {
    let read = |text: &str| serde_json::from_str::<Value>(text.trim_start_matches('\u{feff}')).ok();
    let (Some(one), Some(other)) = (read(one), read(other)) else { return false };
    is_same_value(&one, &other)
}

/// Whether both say the same to a program: numbers as most languages have them, keys in any order.
fn is_same_value(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            one == other || one.as_f64() == other.as_f64()
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|(one, other)| is_same_value(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, value)| {
                    other.get(key).is_some_and(|other| is_same_value(value, other))
                })
        }
        (one, other) => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_does_not_differ() {
        for body in ["", "{}", "{\"a\":\"é\"}\n"] {
            assert_eq!(Difference::between(body, body.as_bytes()), None, "{body}");
        }
    }

    #[test]
    fn the_first_difference_has_its_place_and_its_cause() {
        let sent = r#"{"id":"o-1","total":149.90,"name":"Müller"}"#;
        let rows: [(&str, &[u8], usize, Cause); 17] = [
            (sent, b"", 0, Cause::Empty),
            ("{\n}\n", b"{\r\n}\r\n", 1, Cause::LineEnds),
            ("{\r\n}", b"{\n}", 1, Cause::LineEnds),
            (
                sent,
                "\u{feff}{\"id\":\"o-1\",\"total\":149.90,\"name\":\"Müller\"}".as_bytes(),
                0,
                Cause::ByteOrderMark,
            ),
            ("{}", b"{}\n", 2, Cause::Ending),
            ("{}", b"{} \r\n", 2, Cause::Ending),
            ("{}\n", b"{}", 2, Cause::Ending),
            (sent, &sent.as_bytes()[..20], 20, Cause::Cut),
            ("\"é\"", &"\"é\"".as_bytes()[..2], 2, Cause::Cut),
            ("\"é\"", b"\"\xe9\"", 1, Cause::Encoding),
            ("\"é\"", "\"Ã©\"".as_bytes(), 2, Cause::Encoding),
            (
                sent,
                r#"{"id":"o-1","total":149.9,"name":"Müller"}"#.as_bytes(),
                25,
                Cause::Rewritten,
            ),
            (
                sent,
                r#"{"id": "o-1", "total": 149.90, "name": "Müller"}"#.as_bytes(),
                6,
                Cause::Rewritten,
            ),
            (sent, br#"{"id":"o-1","total":149.90,"name":"M\u00fcller"}"#, 36, Cause::Rewritten),
            (
                sent,
                r#"{"total":149.90,"id":"o-1","name":"Müller"}"#.as_bytes(),
                2,
                Cause::Rewritten,
            ),
            (sent, r#"{"id":"o-2","total":149.90,"name":"Müller"}"#.as_bytes(), 9, Cause::Other),
            (sent, b"\xff", 0, Cause::Other),
        ];
        for (sent, received, offset, cause) in rows {
            let found = Difference::between(sent, received).unwrap();
            let received = String::from_utf8_lossy(received);
            assert_eq!((found.offset, found.cause), (offset, cause), "{received}");
        }
    }

    #[test]
    fn what_is_around_it_is_shown_in_whole_characters() {
        let sent = format!("{}é{}", "ü".repeat(20), "b".repeat(40));
        let received = format!("{}è{}", "ü".repeat(20), "b".repeat(40));
        let found = Difference::between(&sent, received.as_bytes()).unwrap();
        assert_eq!(found.offset, 41, "é and è begin with the same byte");
        assert_eq!((found.sent.byte, found.received.byte), (Some(0xa9), Some(0xa8)));
        assert_eq!(found.sent.before, "ü".repeat(12));
        assert_eq!(found.sent.after, format!("é{}", "b".repeat(23)));
        assert_eq!(found.received.after, format!("è{}", "b".repeat(23)));
        let ended = Difference::between("ab", b"a").unwrap();
        assert_eq!((ended.sent.byte, ended.received.byte), (Some(b'b'), None));
        assert_eq!((&*ended.received.before, &*ended.received.after), ("a", ""));
    }
}
