//! The headers a webhook adds to its deliveries.

use secrecy::{ExposeSecret, SecretString};

use crate::contract::Contract;

const MAX_HEADERS: usize = 20;
const MAX_NAME: usize = 128;
const MAX_VALUE: usize = 2048;

/// Headers that belong to the protocol or to the way there, not to a webhook.
const RESERVED: [&str; 19] = [
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "date",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// Custom headers in the order given. Their values carry credentials: they are secrets.
#[derive(Debug, Clone, Default)]
pub struct CustomHeaders(Vec<(String, SecretString)>);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHeader {
    #[error("at most {MAX_HEADERS} headers")]
    TooMany,
    #[error("is not a header name")]
    Name,
    #[error("is a header of the protocol")]
    Reserved,
    #[error("is a header that the contract {0} sets")]
    OfContract(String),
    #[error("is there twice (header names know no case)")]
    Twice,
    #[error("must be visible ASCII characters, spaces and tabs, at most {MAX_VALUE}")]
    Value,
}

impl CustomHeaders {
    /// Checks the headers against the protocol and the contract; an error names the header it is of.
    pub fn new(
        headers: Vec<(String, String)>,
        contract: &Contract,
    ) -> Result<Self, Vec<(String, InvalidHeader)>> {
        let mut errors = Vec::new();
        let mut kept: Vec<(String, SecretString)> = Vec::new();
        if headers.len() > MAX_HEADERS {
            errors.push((String::new(), InvalidHeader::TooMany));
        }
        for (name, value) in headers {
            let twice = kept.iter().any(|(other, _)| other.eq_ignore_ascii_case(&name));
            match check(&name, &value, contract) {
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
pub(crate) fn is_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// Whether a text may be a header's value: nothing that could end the line.
#[must_use]
pub(crate) fn is_value(text: &str) -> bool {
    text.len() <= MAX_VALUE && text.bytes().all(|b| matches!(b, b'\t' | b' '..=b'~'))
}

fn check(name: &str, value: &str, contract: &Contract) -> Option<InvalidHeader> {
    let lower = name.to_ascii_lowercase();
    if !is_name(name) {
        Some(InvalidHeader::Name)
    } else if RESERVED.contains(&lower.as_str()) {
        Some(InvalidHeader::Reserved)
    } else if contract.sets_header(&lower) {
        Some(InvalidHeader::OfContract(contract.name().to_string()))
    } else if !is_value(value) {
        Some(InvalidHeader::Value)
    } else {
        None
    }
}
