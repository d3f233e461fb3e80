//! A request as an inbox keeps it: headers and body, cut where they are long.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use super::{KEPT, Verdict};

/// The most bytes of a body that are kept.
pub const MOST_BODY_BYTES: usize = 16 * 1024;
/// The most bytes of all names and values of headers that are kept.
const MOST_HEADER_BYTES: usize = 4 * 1024;

/// What the gateway in front of the API adds. It is not what the sender sent.
const ADDED: [&str; 5] =
    ["x-amzn-trace-id", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "via"];

/// The place of a request among all that its inbox ever took, from 1: `req_17`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestNumber(pub u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not the id of a request")]
pub struct InvalidNumber;

impl RequestNumber {
    /// Where it is kept: one of [`KEPT`] slots, whose request before it takes over.
    #[must_use]
    pub fn slot(self) -> u64 {
        self.0 % KEPT
    }
}

impl fmt::Display for RequestNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "req_{}", self.0)
    }
}

impl FromStr for RequestNumber {
    type Err = InvalidNumber;

    fn from_str(text: &str) -> Result<Self, InvalidNumber> {
        let digits = text.strip_prefix("req_").filter(|digits| {
            digits.len() <= 18
                && digits.bytes().all(|b| b.is_ascii_digit())
                && !digits.starts_with('0')
        });
        digits.and_then(|digits| digits.parse().ok()).map(Self).ok_or(InvalidNumber)
    }
}

/// A request as it arrives. Names of headers are in lower case.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    pub method: &'a str,
    pub headers: &'a [(String, String)],
    pub body: &'a [u8],
    pub at: Timestamp,
}

/// A request that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRequest {
    pub number: RequestNumber,
    pub at: Timestamp,
    pub method: String,
    pub headers: Vec<(String, String)>,
    /// Whether headers were left out because there were too many.
    pub headers_cut: bool,
    /// The beginning of the body, or all of it.
    pub body: Vec<u8>,
    /// The bytes of the whole body.
    pub size: u64,
    pub verdict: Verdict,
}

impl KeptRequest {
    #[must_use]
    pub fn of(arrival: Arrival<'_>, number: RequestNumber, verdict: Verdict) -> Self {
        let (headers, headers_cut) = headers_of(arrival.headers);
        Self {
            number,
            at: arrival.at,
            method: arrival.method.to_owned(),
            headers,
            headers_cut,
            body: beginning(arrival.body).to_vec(),
            size: arrival.body.len() as u64,
            verdict,
        }
    }

    /// Whether only the beginning of the body is kept.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        (self.body.len() as u64) < self.size
    }
}

fn headers_of(all: &[(String, String)]) -> (Vec<(String, String)>, bool) {
    let (mut kept, mut room, mut is_cut) = (Vec::new(), MOST_HEADER_BYTES, false);
    for (name, value) in all.iter().filter(|(name, _)| !ADDED.contains(&name.as_str())) {
        let size = name.len() + value.len();
        if size > room {
            is_cut = true;
            continue;
        }
        room -= size;
        kept.push((name.clone(), value.clone()));
    }
    (kept, is_cut)
}

/// The bytes that are kept. A text is not cut within a character.
fn beginning(body: &[u8]) -> &[u8] {
    let Some(cut) = body.get(..MOST_BODY_BYTES) else { return body };
    match std::str::from_utf8(body) {
        Ok(text) => &body[..text.floor_char_boundary(MOST_BODY_BYTES)],
        Err(_) => cut,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(headers: &[(String, String)], body: &[u8]) -> KeptRequest {
        let arrival = Arrival { method: "POST", headers, body, at: Timestamp::UNIX_EPOCH };
        KeptRequest::of(arrival, RequestNumber(7), Verdict::NotSigned)
    }

    #[test]
    fn a_body_is_cut_at_its_limit_and_between_characters() {
        for (body, length, cut) in [
            (b"{}".to_vec(), 2, false),
            (Vec::new(), 0, false),
            (vec![b'a'; MOST_BODY_BYTES], MOST_BODY_BYTES, false),
            (vec![b'a'; MOST_BODY_BYTES + 1], MOST_BODY_BYTES, true),
            (vec![0xff; MOST_BODY_BYTES + 1], MOST_BODY_BYTES, true),
            (
                ["a".repeat(MOST_BODY_BYTES - 1), "é".to_owned()].concat().into_bytes(),
                MOST_BODY_BYTES - 1,
                true,
            ),
        ] {
            let kept = kept(&[], &body);
            assert_eq!((kept.body.len(), kept.is_cut()), (length, cut), "{} bytes", body.len());
            assert_eq!(kept.size, body.len() as u64);
        }
    }

    #[test]
    fn headers_are_kept_up_to_their_limit_without_those_of_the_gateway() {
        let header = |name: &str, length: usize| (name.to_owned(), "v".repeat(length));
        let some = kept(&[header("a", 3), header("x-forwarded-for", 9), header("b", 0)], b"");
        assert_eq!(some.headers, [header("a", 3), header("b", 0)]);
        assert!(!some.headers_cut);
        let many = kept(&[header("a", 4_000), header("b", 200), header("c", 90)], b"");
        assert_eq!(many.headers, [header("a", 4_000), header("c", 90)]);
        assert!(many.headers_cut);
    }

    #[test]
    fn a_request_has_one_id() {
        assert_eq!("req_17".parse(), Ok(RequestNumber(17)));
        assert_eq!(RequestNumber(17).to_string(), "req_17");
        for wrong in ["", "17", "req_", "req_0", "req_017", "req_+1", "req_-1", "req_1 ", "REQ_1"] {
            assert_eq!(wrong.parse::<RequestNumber>(), Err(InvalidNumber), "{wrong}");
        }
        assert_eq!((RequestNumber(1).slot(), RequestNumber(101).slot()), (1, 1));
    }
}
