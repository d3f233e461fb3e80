//! Reads the part of a response that is kept, and drops the rest with its connection.

use hooklane_domain::delivery::outcome::{Outcome, Response};
use http::header::{HeaderMap, RETRY_AFTER, SET_COOKIE};
use hyper::body::Incoming;

use crate::classify;
use crate::connection::Connection;

/// The number of bytes of a body that are kept.
const MAX_BODY: usize = 1_000;
/// The number of bytes of headers that are kept, names and values together.
const MAX_HEADERS: usize = 2_000;
/// The longest `Retry-After` that is kept, in bytes.
const MAX_RETRY_AFTER: usize = 64;

/// The part of an answer that is kept, and whether the answer is complete.
pub(crate) async fn answer(
    connection: &mut Connection,
    response: http::Response<Incoming>,
) -> (Outcome, bool) {
    let (head, mut incoming) = response.into_parts();
    let mut body = Vec::new();
    let mut complete = false;
    while body.len() < MAX_BODY && !complete {
        match connection.data(&mut incoming).await {
            Some(Ok(data)) => {
                body.extend_from_slice(&data[..data.len().min(MAX_BODY - body.len())]);
            }
            None => complete = true,
            Some(Err(error)) => return (Outcome::Error(classify::answering(&error)), false),
        }
    }
    let answered = Outcome::Answered(Response {
        status: head.status.as_u16(),
        status_text: head.status.canonical_reason().unwrap_or_default().to_owned(),
        headers: kept_headers(&head.headers),
        body: to_text(&body),
    });
    (answered, complete)
}

/// The bytes as text. A character that was cut at the end is left out; other bytes that are not UTF-8
/// become U+FFFD.
fn to_text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(e) if e.error_len().is_none() => {
            String::from_utf8_lossy(&bytes[..e.valid_up_to()]).into_owned()
        }
        Err(_) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

fn kept_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let mut left = MAX_HEADERS;
    let mut kept = Vec::new();
    for (name, value) in headers {
        // Cookies are never kept: no later request sends them.
        if name == SET_COOKIE {
            continue;
        }
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        let size = name.as_str().len() + value.len();
        // `Retry-After` decides about the next attempt, so it is kept even beyond the budget. Its length is
        // limited to what a number or a date takes.
        let decides = name == RETRY_AFTER && value.len() <= MAX_RETRY_AFTER;
        if size > left && !decides {
            continue;
        }
        left = left.saturating_sub(size);
        kept.push((name.as_str().to_owned(), value));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_character_is_left_out() {
        assert_eq!(to_text("aé".as_bytes()), "aé");
        assert_eq!(to_text(&"aé".as_bytes()[..2]), "a");
        assert_eq!(to_text(b"a\xffb"), "a\u{fffd}b");
    }
}
