//! Reads the part of a response that is kept, and drops the rest with its connection.

use hooklane_domain::delivery::outcome::{Outcome, Response};

use crate::classify;

/// The number of bytes of a body that are kept.
const MAX_BODY: usize = 1_000;
/// The number of bytes of headers that are kept, names and values together.
const MAX_HEADERS: usize = 2_000;
/// The longest `Retry-After` that is kept, in bytes.
const MAX_RETRY_AFTER: usize = 64;

pub(crate) async fn response(mut response: reqwest::Response) -> Outcome {
    let status = response.status();
    let headers = kept_headers(response.headers());
    let mut body = Vec::new();
    while body.len() < MAX_BODY {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                body.extend_from_slice(&chunk[..chunk.len().min(MAX_BODY - body.len())]);
            }
            Ok(None) => break,
            Err(error) => return Outcome::Error(classify::error(&error)),
        }
    }
    Outcome::Answered(Response {
        status: status.as_u16(),
        status_text: status.canonical_reason().unwrap_or_default().to_owned(),
        headers,
        body: to_text(&body),
    })
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

fn kept_headers(headers: &reqwest::header::HeaderMap) -> Vec<(String, String)> {
    let mut left = MAX_HEADERS;
    let mut kept = Vec::new();
    for (name, value) in headers {
        // Cookies are never kept: no later request sends them.
        if name == reqwest::header::SET_COOKIE {
            continue;
        }
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        let size = name.as_str().len() + value.len();
        // `Retry-After` decides about the next attempt, so it is kept even beyond the budget. Its length is
        // limited to what a number or a date takes.
        let decides = name == reqwest::header::RETRY_AFTER && value.len() <= MAX_RETRY_AFTER;
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
