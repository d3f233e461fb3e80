//! Reads an answer's status line and its headers, and passes over lines that are neither, as curl and
//! browsers do.

use std::ops::RangeInclusive;

/// What a final answer's status can be.
const STATUSES: RangeInclusive<u16> = 100..=999;

/// What a status line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StatusLine {
    pub(super) status: u16,
    /// Whether the connection stays open unless the headers say otherwise.
    pub(super) keeps_alive: bool,
}

impl StatusLine {
    /// Whether another head follows: 1xx, except for a change of protocols, which was not asked for.
    pub(super) fn is_informational(self) -> bool {
        (100..=199).contains(&self.status) && self.status != 101
    }
}

/// Whether a text can be, or become, the beginning of a status line.
pub(super) fn may_begin(bytes: &[u8]) -> bool {
    let length = bytes.len().min(5);
    bytes[..length].eq_ignore_ascii_case(&b"HTTP/"[..length])
}

/// Reads a status line (RFC 9112 §4). Blanks may be more than one, and what follows the code may be anything
/// but a fourth digit.
pub(super) fn status_line(line: &[u8]) -> Option<StatusLine> {
    if !may_begin(line) || line.len() < 5 {
        return None;
    }
    let rest = &line[5..];
    let blank = rest.iter().position(|b| matches!(b, b' ' | b'\t'))?;
    let version = &rest[..blank];
    if version.is_empty() || !version.iter().all(|b| b.is_ascii_digit() || *b == b'.') {
        return None;
    }
    let rest = rest[blank..].trim_ascii_start();
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    if digits != 3 {
        return None;
    }
    let status = rest[..3].iter().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
    STATUSES.contains(&status).then_some(StatusLine { status, keeps_alive: version != b"1.0" })
}

/// The headers of a block of complete lines, with names in lower case. Blanks before a colon are dropped, and a
/// folded line (RFC 9112 §5.2) goes on with the value before it. Lines without a colon, and those whose name is no
/// `token`, are passed over.
pub(super) fn fields(block: &[u8]) -> impl Iterator<Item = (String, Vec<u8>)> {
    let mut lines = block.split(|b| *b == b'\n').peekable();
    std::iter::from_fn(move || {
        loop {
            let line = lines.next()?;
            let mut folded = Vec::new();
            while let Some(more) = lines.next_if(|line| matches!(line.first(), Some(b' ' | b'\t')))
            {
                folded.push(more.trim_ascii());
            }
            let Some(colon) = line.iter().position(|b| *b == b':') else { continue };
            let name = line[..colon].trim_ascii_end();
            let Some(name) = token(name) else { continue };
            let mut value = line[colon + 1..].trim_ascii().to_vec();
            for more in folded {
                value.push(b' ');
                value.extend_from_slice(more);
            }
            return Some((name, value));
        }
    })
}

/// A header's name in lower case.
fn token(name: &[u8]) -> Option<String> {
    http::HeaderName::from_bytes(name).ok().map(|name| name.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(block: &str) -> Vec<(String, String)> {
        fields(block.as_bytes()).map(|(n, v)| (n, String::from_utf8(v).unwrap())).collect()
    }

    #[test]
    fn odd_header_lines_are_read_as_curl_reads_them_or_passed_over() {
        for (block, expected) in [
            ("X-A: b\r\n", &[("x-a", "b")][..]),
            ("X-A : b\r\n", &[("x-a", "b")]),
            ("X-A\t:b\r\n", &[("x-a", "b")]),
            ("X-A:b\nX-B: c \n", &[("x-a", "b"), ("x-b", "c")]),
            ("X A: b\r\nX-B: c\r\n", &[("x-b", "c")]),
            ("no colon\r\nX-B: c\r\n", &[("x-b", "c")]),
            (": b\r\nX-B: c\r\n", &[("x-b", "c")]),
            ("X(A): b\r\nX-B: c\r\n", &[("x-b", "c")]),
            ("X-A:\r\n", &[("x-a", "")]),
            ("X-A: b:c\r\n", &[("x-a", "b:c")]),
            ("X-A: b\r\n  c\r\n\td\r\nX-B: e\r\n", &[("x-a", "b c d"), ("x-b", "e")]),
            (" folded first\r\nX-B: c\r\n", &[("x-b", "c")]),
            ("no colon\r\n X-A: b\r\nX-B: c\r\n", &[("x-b", "c")]),
            ("X-A: b\r\r\nX-B: c\r\n", &[("x-a", "b"), ("x-b", "c")]),
            ("X-A: 1\r\nx-a: 2\r\n", &[("x-a", "1"), ("x-a", "2")]),
            ("", &[]),
        ] {
            let expected: Vec<_> =
                expected.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            assert_eq!(read(block), expected, "{block:?}");
        }
    }

    #[test]
    fn a_status_line_is_what_curl_takes_for_one() {
        for (line, expected) in [
            ("HTTP/1.1 200 OK", Some(200)),
            ("HTTP/1.1 200", Some(200)),
            ("HTTP/1.1 200 ", Some(200)),
            ("HTTP/1.1  410   Gone", Some(410)),
            ("HTTP/1.1 200OK", Some(200)),
            ("HTTP/1.0 503 x", Some(503)),
            ("HTTP/2 204", Some(204)),
            ("http/1.1 200 OK", Some(200)),
            ("HTTP/1.1 999 x", Some(999)),
            ("HTTP/1.1 2000 OK", None),
            ("HTTP/1.1 20 OK", None),
            ("HTTP/1.1 099 OK", None),
            ("HTTP/1.1 OK", None),
            ("HTTP/1.1", None),
            ("HTTP/ 200 OK", None),
            ("HTTP/x 200 OK", None),
            (" HTTP/1.1 200 OK", None),
            ("ICY 200 OK", None),
            ("220 mail.example.com ESMTP", None),
            ("", None),
        ] {
            assert_eq!(status_line(line.as_bytes()).map(|l| l.status), expected, "{line:?}");
        }
    }
}
