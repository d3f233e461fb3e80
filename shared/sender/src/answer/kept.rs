//! What is kept of an answer.

/// The number of bytes of a body that are kept.
pub(super) const MAX_BODY: usize = 1_000;
/// The number of bytes of headers that are kept, names and values together.
const MAX_HEADERS: usize = 2_000;
/// The longest `Retry-After` that is kept, in bytes.
const MAX_RETRY_AFTER: usize = 64;
/// The most `Retry-After` that are kept beyond the bytes for all headers.
const MAX_RETRY_AFTERS: usize = 8;

/// The bytes as text. A character that was cut at the end is left out; other bytes that are not UTF-8
/// become U+FFFD.
pub(super) fn to_text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(e) if e.error_len().is_none() => {
            String::from_utf8_lossy(&bytes[..e.valid_up_to()]).into_owned()
        }
        Err(_) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// The headers that are kept, in their order, each as often as it came.
pub(super) fn headers(all: impl Iterator<Item = (String, Vec<u8>)>) -> Vec<(String, String)> {
    let mut left = MAX_HEADERS;
    let mut decisive = MAX_RETRY_AFTERS;
    let mut kept = Vec::new();
    for (name, value) in all {
        let value = value_text(&value);
        let size = name.len() + value.len();
        // `Retry-After` decides about the next attempt, so it is kept even beyond the budget. Its length is
        // limited to what a number or a date takes.
        let decides = name == "retry-after" && value.len() <= MAX_RETRY_AFTER && decisive > 0;
        if size > left && !decides {
            continue;
        }
        decisive -= usize::from(decides);
        left = left.saturating_sub(size);
        kept.push((name, value));
    }
    kept
}

/// A value as text, with blanks for control characters.
fn value_text(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    text.chars().map(|c| if c.is_control() && c != '\t' { ' ' } else { c }).collect()
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

    fn kept(all: &[(&str, &str)]) -> Vec<(String, String)> {
        headers(all.iter().map(|(n, v)| ((*n).to_owned(), v.as_bytes().to_vec())))
    }

    #[test]
    fn headers_that_come_twice_are_both_kept_within_their_bytes() {
        let twice = [("set-cookie", "a=1"), ("x-a", "b\0c"), ("set-cookie", "b=2")];
        let expected = [("set-cookie", "a=1"), ("x-a", "b c"), ("set-cookie", "b=2")];
        let expected: Vec<_> =
            expected.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        assert_eq!(kept(&twice), expected);
        let long = "x".repeat(1_990);
        let mut all = vec![("x-a", long.as_str()), ("x-b", "not kept any more")];
        all.extend([("retry-after", "7"); 100]);
        let kept = kept(&all);
        assert_eq!((kept.len(), kept[1].1.as_str()), (1 + MAX_RETRY_AFTERS, "7"));
    }
}
