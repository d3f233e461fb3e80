//! The headers a webhook adds to its deliveries.

use secrecy::{ExposeSecret, SecretString};

use crate::ids::ContractName;

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
mod tests;
