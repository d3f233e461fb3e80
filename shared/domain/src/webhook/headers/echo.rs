//! What an answer repeats of its request's header values. Who reads deliveries may not read those.

use super::{CustomHeaders, MASK};
use crate::delivery::outcome::Response;

/// Shorter texts are no credentials, and an answer may contain them by chance.
const MIN_BYTES: usize = 8;

/// The answer with [`MASK`] in place of each custom header's value, and of each word of one: of
/// `Bearer abcdefgh` a receiver may repeat the second word alone. Also the beginning of a value at the end of
/// the body, which was cut there.
#[must_use]
pub fn without_echoes(mut response: Response, headers: &CustomHeaders) -> Response {
    let mut values: Vec<&str> = headers
        .iter()
        .flat_map(|(_, value)| std::iter::once(value.trim()).chain(value.split_ascii_whitespace()))
        .filter(|value| value.len() >= MIN_BYTES)
        .collect();
    // A value is masked before one that is a part of it.
    values.sort_by_key(|value| std::cmp::Reverse(value.len()));
    values.dedup();
    for value in values {
        mask(&mut response.body, value);
        let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
        if quoted != value {
            mask(&mut response.body, &quoted);
        }
        for (_, text) in &mut response.headers {
            mask(text, value);
        }
        mask_cut(&mut response.body, value);
    }
    response
}

fn mask(text: &mut String, value: &str) {
    if text.contains(value) {
        *text = text.replace(value, MASK);
    }
}

/// Masks the longest beginning of the value that the text ends with.
fn mask_cut(text: &mut String, value: &str) {
    let longest = value.len().min(text.len());
    let cut = (MIN_BYTES..=longest).rev().find(|length| text.ends_with(&value[..*length]));
    if let Some(length) = cut {
        text.truncate(text.len() - length);
        text.push_str(MASK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(headers: &[(&str, &str)], body: &str) -> String {
        let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).into())).collect();
        let response = Response {
            status: 200,
            status_text: "OK".to_owned(),
            headers: vec![
                ("x-echo".to_owned(), body.to_owned()),
                ("x-b".to_owned(), "b".to_owned()),
            ],
            body: body.to_owned(),
        };
        let masked = without_echoes(response, &CustomHeaders::from_stored(headers));
        assert_eq!(masked.headers[1].1, "b");
        // A header is never cut, and quoting is JSON's. Otherwise both are treated alike.
        if !body.contains('\\') && !masked.body.ends_with(MASK) {
            assert_eq!(masked.headers[0].1, masked.body);
        }
        masked.body
    }

    #[test]
    fn finding_11_values_that_a_receiver_repeats_are_masked() {
        let bearer = &[("Authorization", "Bearer s3cr3t-t0ken"), ("X-Team", "a")][..];
        for (headers, body, expected) in [
            (bearer, r#"{"got":"Bearer s3cr3t-t0ken","ok":1}"#, r#"{"got":"***","ok":1}"#),
            (bearer, "token s3cr3t-t0ken, token s3cr3t-t0ken.", "token ***, token ***."),
            (bearer, "a Bearer says nothing", "a Bearer says nothing"),
            (bearer, "cut at Bearer s3c", "cut at ***"),
            (bearer, "cut at s3cr3t-t0k", "cut at ***"),
            (bearer, "cut at s3cr3t", "cut at s3cr3t"),
            (bearer, "", ""),
            (&[("X-Key", "12345678")], "<12345678>", "<***>"),
            (&[("X-Key", "1234567")], "<1234567>", "<1234567>"),
            (&[("X-Key", "with\"quote\\")], r#""with\"quote\\"."#, r#""***"."#),
            (&[("A", "abcdefgh"), ("B", "abcdefghij")], "abcdefghij abcdefgh.", "*** ***."),
            (&[], "Bearer s3cr3t-t0ken", "Bearer s3cr3t-t0ken"),
        ] {
            assert_eq!(masked(headers, body), expected, "{body}");
        }
    }
}
