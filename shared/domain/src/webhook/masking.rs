//! A webhook's URL as it is shown to those who may only read. Many receivers know their callers by a token in
//! the URL, so whoever sees it whole can send what only Hooklane should.

use url::{Position, Url};

use super::headers::MASK;
use super::target::TargetUrl;

/// The longest word of a path that is shown.
const MAX_WORD: usize = 15;

/// The URL with its host and the words of its path. Everything that may be a token is masked: each segment
/// that is not a short word, and the value of each query parameter.
#[must_use]
pub fn masked(target: &TargetUrl) -> String {
    let Ok(url) = Url::parse(target.as_str()) else { return MASK.to_owned() };
    let path: Vec<_> = url.path().split('/').map(shown).collect();
    let mut text = format!("{}{}", &url[..Position::BeforePath], path.join("/"));
    if let Some(query) = url.query() {
        let parameters: Vec<_> = query.split('&').map(parameter).collect();
        text = format!("{text}?{}", parameters.join("&"));
    }
    text
}

fn shown(segment: &str) -> &str {
    if segment.is_empty() || is_word(segment) || is_version(segment) { segment } else { MASK }
}

/// A parameter without a value may be a token itself.
fn parameter(text: &str) -> String {
    match text.split_once('=') {
        Some((name, _)) => format!("{}={MASK}", shown(name)),
        None => MASK.to_owned(),
    }
}

/// Tokens have digits or are long.
fn is_word(text: &str) -> bool {
    text.len() <= MAX_WORD
        && text.bytes().all(|b| b.is_ascii_alphabetic() || matches!(b, b'-' | b'_' | b'.'))
}

/// `v1`
fn is_version(text: &str) -> bool {
    let digits = text.strip_prefix('v').unwrap_or_default();
    (1..=3).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(url: &str) -> String {
        masked(&TargetUrl::from_stored(url).unwrap())
    }

    #[test]
    fn what_may_be_a_token_is_masked() {
        for (url, expected) in [
            ("https://example.com/", "https://example.com/"),
            ("https://example.com/hooks/orders", "https://example.com/hooks/orders"),
            ("https://example.com:8443/api/v1/in_box/", "https://example.com:8443/api/v1/in_box/"),
            (
                "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
                "https://hooks.slack.com/services/***/***/***",
            ),
            (
                "https://hooks.zapier.com/hooks/catch/123456/o2xy5fd/",
                "https://hooks.zapier.com/hooks/catch/***/***/",
            ),
            ("https://example.com/in?token=s3cret&b=", "https://example.com/in?token=***&b=***"),
            ("https://example.com/in?s3cret", "https://example.com/in?***"),
            ("https://example.com/in?0123456789abcdef=x", "https://example.com/in?***=***"),
            ("https://[2001:db8::1]/%73ecret", "https://[2001:db8::1]/***"),
        ] {
            assert_eq!(of(url), expected, "{url}");
        }
    }

    proptest! {
        #[test]
        fn no_token_is_shown(
            token in "[A-Za-z0-9_-]{16,40}", before in "(/[a-z]{1,9}){0,3}", after in "(/[a-z]{1,9}){0,3}",
        ) {
            for url in [
                format!("https://example.com{before}/{token}{after}"),
                format!("https://example.com{before}?key={token}"),
                format!("https://example.com{before}?{token}"),
            ] {
                prop_assert!(!of(&url).contains(&token), "{}", url);
            }
        }
    }
}
