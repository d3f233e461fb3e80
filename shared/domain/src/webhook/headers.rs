//! The headers a webhook adds to its deliveries.

use secrecy::{ExposeSecret, SecretString};

use crate::ids::ContractName;

/// What is shown in place of a header's value.
pub const MASK: &str = "***";

const MAX_HEADERS: usize = 20;
const MAX_NAME: usize = 128;
const MAX_VALUE: usize = 2048;

/// Names and values together: what common servers take of all headers, less what a contract sets.
const MAX_TOTAL: usize = 6_144;

/// Headers that are not a webhook's to set: those of the connection (RFC 9110 §7.6.1, RFC 9113 §8.2.2),
/// those that frame or describe the body, and those that would change what the request is. A receiver
/// that trusts Hooklane's addresses must not be told by a tenant where a request came from, either.
const RESERVED: [&str; 28] = [
    "accept-encoding",
    "connection",
    "cf-connecting-ip",
    "cookie",
    "cookie2",
    "date",
    "early-data",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "max-forwards",
    "range",
    "te",
    "set-cookie",
    "trailer",
    "transfer-encoding",
    "true-client-ip",
    "upgrade",
    "via",
    "x-client-ip",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-url",
    "x-real-ip",
    "x-rewrite-url",
];

/// The same for whole families.
const RESERVED_PREFIXES: [&str; 3] = ["content-", "proxy-", "x-forwarded-"];

/// Custom headers in the order given. Their values carry credentials: they are secrets.
#[derive(Debug, Clone, Default)]
pub struct CustomHeaders(Vec<(String, SecretString)>);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHeader {
    #[error("at most {MAX_HEADERS} headers")]
    TooMany,
    #[error("at most {MAX_TOTAL} characters of names and values together")]
    TooLarge,
    #[error("is not a header name")]
    Name,
    #[error("is a header of the protocol")]
    Reserved,
    #[error("is a header that the contract {0} sets")]
    OfContract(ContractName),
    #[error("is there twice (header names know no case, and many receivers take _ for -)")]
    Twice,
    #[error("must be visible ASCII characters, spaces and tabs, at most {MAX_VALUE}")]
    Value,
}

impl CustomHeaders {
    /// Checks the headers against the protocol and the contract. `set_by` names the contract that sets a
    /// header, given in lower case with `-` for `_`. An error comes with the name of its header.
    pub fn new(
        headers: Vec<(String, String)>,
        set_by: impl Fn(&str) -> Option<ContractName>,
    ) -> Result<Self, Vec<(String, InvalidHeader)>> {
        let mut errors = Vec::new();
        let mut kept: Vec<(String, SecretString)> = Vec::new();
        if headers.len() > MAX_HEADERS {
            errors.push((String::new(), InvalidHeader::TooMany));
        }
        if headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > MAX_TOTAL {
            errors.push((String::new(), InvalidHeader::TooLarge));
        }
        for (name, value) in headers {
            let twice = kept.iter().any(|(other, _)| as_read(other) == as_read(&name));
            match check(&name, &value, &set_by) {
                Some(error) => errors.push((name, error)),
                None if twice => errors.push((name, InvalidHeader::Twice)),
                None => kept.push((name, value.into())),
            }
        }
        if errors.is_empty() { Ok(Self(kept)) } else { Err(errors) }
    }

    /// Headers that were checked when they were saved.
    #[must_use]
    pub fn from_stored(headers: Vec<(String, SecretString)>) -> Self {
        Self(headers)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.expose_secret()))
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Whether a text is a header's name (`token`, RFC 9110 §5.6.2).
#[must_use]
pub fn is_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// Whether a text may be a header's value: nothing that could end the line.
#[must_use]
pub fn is_value(text: &str) -> bool {
    text.len() <= MAX_VALUE && text.bytes().all(|b| matches!(b, b'\t' | b' '..=b'~'))
}

/// Names know no case, and a receiver behind CGI (RFC 3875 §4.1.18) reads `_` and `-` as the same.
fn as_read(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

fn check(
    name: &str,
    value: &str,
    set_by: impl Fn(&str) -> Option<ContractName>,
) -> Option<InvalidHeader> {
    let lower = as_read(name);
    if !is_name(name) {
        Some(InvalidHeader::Name)
    } else if RESERVED.contains(&lower.as_str())
        || RESERVED_PREFIXES.iter().any(|prefix| lower.starts_with(prefix))
    {
        Some(InvalidHeader::Reserved)
    } else if let Some(contract) = set_by(&lower) {
        Some(InvalidHeader::OfContract(contract))
    } else if !is_value(value) {
        Some(InvalidHeader::Value)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A contract that sets three headers.
    fn set_by(lower: &str) -> Option<ContractName> {
        let own = ["x-webhook-event", "x-webhook-signature", "x-webhook-signature-next"];
        own.contains(&lower).then(|| "virtual-queue".parse().unwrap())
    }

    fn errors(headers: &[(&str, &str)]) -> Vec<InvalidHeader> {
        let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let judged = CustomHeaders::new(headers, set_by);
        judged.err().into_iter().flatten().map(|(_, error)| error).collect()
    }

    #[test]
    fn what_a_webhook_may_not_set() {
        use InvalidHeader::{Name, Reserved, Value};
        let of_contract = || InvalidHeader::OfContract("virtual-queue".parse().unwrap());
        for (name, value, expected) in [
            ("Host", "evil.example", Reserved),
            ("hOsT", "evil.example", Reserved),
            ("X_Real_IP", "10.0.0.1", Reserved),
            ("Content_Length", "0", Reserved),
            ("x_forwarded_FOR", "10.0.0.1", Reserved),
            ("X_Webhook_Signature", "forged", of_contract()),
            ("True-Client-IP", "10.0.0.1", Reserved),
            ("CF-Connecting-IP", "10.0.0.1", Reserved),
            ("X-Original-URL", "/admin", Reserved),
            ("Set-Cookie", "a=b", Reserved),
            ("Connection", "close, X-Webhook-Signature", Reserved),
            ("Keep-Alive", "timeout=5", Reserved),
            ("Transfer-Encoding", "chunked", Reserved),
            ("TE", "trailers", Reserved),
            ("Trailer", "X-A", Reserved),
            ("Upgrade", "h2c", Reserved),
            ("HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA", Reserved),
            ("Expect", "100-continue", Reserved),
            ("Content-Length", "0", Reserved),
            ("Content-Type", "text/plain", Reserved),
            ("Content-Encoding", "gzip", Reserved),
            ("Content-Digest", "sha-256=:x:", Reserved),
            ("Content-Location", "/other", Reserved),
            ("Proxy-Authorization", "Basic x", Reserved),
            ("Proxy-Authenticate", "Basic", Reserved),
            ("Proxy-Connection", "keep-alive", Reserved),
            ("Proxy-Anything", "x", Reserved),
            ("Accept-Encoding", "gzip", Reserved),
            ("Cookie", "session=1", Reserved),
            ("Date", "Mon, 15 Jan 2024 10:30:00 GMT", Reserved),
            ("Via", "1.1 proxy", Reserved),
            ("Range", "bytes=0-1", Reserved),
            ("Max-Forwards", "1", Reserved),
            ("Early-Data", "1", Reserved),
            ("Forwarded", "for=10.0.0.1", Reserved),
            ("X-Forwarded-For", "10.0.0.1", Reserved),
            ("X-Forwarded-Host", "internal", Reserved),
            ("X-Real-IP", "10.0.0.1", Reserved),
            ("X-HTTP-Method-Override", "DELETE", Reserved),
            ("X-Webhook-Signature", "sha256=00", of_contract()),
            ("x-webhook-signature", "sha256=00", of_contract()),
            ("X-Webhook-Signature-Next", "sha256=00", of_contract()),
            ("X-Webhook-Event", "other", of_contract()),
            ("", "x", Name),
            (" X-A", "x", Name),
            ("X A", "x", Name),
            ("X-A:", "x", Name),
            (":authority", "evil.example", Name),
            ("X-A\r\nHost: evil", "x", Name),
            ("X-A\n", "x", Name),
            ("X-Ä", "x", Name),
            ("X-A\0", "x", Name),
            ("X-A", "x\r\nHost: evil", Value),
            ("X-A", "x\n folded", Value),
            ("X-A", "x\r", Value),
            ("X-A", "x\0", Value),
            ("X-A", "x\u{7f}", Value),
            ("X-A", "\u{1b}[0m", Value),
            ("X-A", "snow\u{2603}", Value),
            ("X-A", "x\u{85}y", Value),
        ] {
            assert_eq!(errors(&[(name, value)]), [expected], "{name:?}: {value:?}");
        }
    }

    #[test]
    fn what_a_webhook_may_set() {
        for (name, value) in [
            ("Authorization", "Bearer abc"),
            ("User-Agent", "YourApp/1.0"),
            ("X-Api-Key", "key"),
            ("X-Webhook-Token", "t"),
            ("Accept", "application/json"),
            ("X-Tab", "a\tb"),
            ("X-Empty", ""),
            ("x-forwarded", "not of the family"),
            ("X-Next", "1"),
            ("!#$%&'*+-.^_`|~09azAZ", "every character a name may have"),
        ] {
            assert_eq!(errors(&[(name, value)]), [], "{name}");
        }
    }

    #[test]
    fn limits_of_count_and_size() {
        use InvalidHeader::{Name, TooLarge, TooMany, Twice, Value};
        let many = |count: usize, value: &str| -> Vec<InvalidHeader> {
            let names: Vec<_> = (0..count).map(|n| format!("X-{n}")).collect();
            let headers: Vec<_> = names.iter().map(|name| (name.as_str(), value)).collect();
            errors(&headers)
        };
        assert_eq!(many(MAX_HEADERS, "x"), []);
        assert_eq!(many(MAX_HEADERS + 1, "x"), [TooMany]);
        let longest = "x".repeat(MAX_VALUE);
        assert_eq!(many(2, &longest), []);
        assert_eq!(many(3, &longest), [TooLarge]);
        assert_eq!(errors(&[("X-A", &format!("{longest}x"))]), [Value]);
        assert_eq!(errors(&[(&"n".repeat(MAX_NAME), "x")]), []);
        assert_eq!(errors(&[(&"n".repeat(MAX_NAME + 1), "x")]), [Name]);
        assert_eq!(errors(&[("X-A", "1"), ("x-a", "2")]), [Twice]);
    }

    proptest! {
        /// Whatever is taken is one line: no second header, no end of the headers.
        #[test]
        fn nothing_that_is_taken_breaks_its_line(name in any::<String>(), value in any::<String>()) {
            let written = format!("{name}: {value}");
            if errors(&[(&name, &value)]).is_empty() {
                prop_assert!(!written.chars().any(|c| c != '\t' && c.is_control()));
                prop_assert_eq!(written.split(':').next(), Some(name.as_str()));
            }
        }
    }
}
