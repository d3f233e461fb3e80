//! Custom headers: those that a webhook adds to its requests.

use secrecy::{ExposeSecret, SecretString};

use crate::ids::ContractName;
use crate::unseen::Unseen;

mod echo;
mod reserved;

pub use echo::without_echoes;
use reserved::is_reserved;

/// The most custom headers of a webhook.
pub const MAX_HEADERS: usize = 20;
const MAX_NAME_BYTES: usize = 128;
const MAX_VALUE_BYTES: usize = 2048;
/// The most bytes of all names and values: what common servers accept, minus what a contract sets.
const MAX_TOTAL_BYTES: usize = 6_144;

/// What is stored and shown in place of a custom header's value.
pub const MASK: &str = "***";

/// Custom headers in the order given. Their values may be credentials, so they are secrets.
#[derive(Debug, Clone, Default)]
pub struct CustomHeaders(Vec<(String, SecretString)>);

/// Why a custom header is refused; may be shown to the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHeader {
    #[error("must have at most {MAX_HEADERS} headers")]
    TooMany,
    #[error("must have at most {MAX_TOTAL_BYTES} characters in all names and values together")]
    TooLarge,
    #[error("is not a header name")]
    Name,
    #[error("is a reserved header")]
    Reserved,
    #[error("is set by the contract {0}")]
    OfContract(ContractName),
    #[error("is given twice (header names are case-insensitive, and many receivers read _ as -)")]
    Twice,
    #[error("must have at most {MAX_VALUE_BYTES} bytes")]
    Value,
    #[error("must have visible ASCII, spaces and tabs only, but {0}")]
    Character(Unseen),
}

impl CustomHeaders {
    /// The headers of a request with the values of the webhook's own masked: answers never show them.
    #[must_use]
    pub fn masked_in(&self, headers: Vec<(String, String)>) -> Vec<(String, String)> {
        let is_own = |name: &str| self.names().any(|own| own.eq_ignore_ascii_case(name));
        let shown = |(name, value): (String, String)| {
            let value = if is_own(&name) { MASK.to_owned() } else { value };
            (name, value)
        };
        headers.into_iter().map(shown).collect()
    }

    /// Checks the headers. `set_by` returns the contract that sets a header, given in lower case with
    /// `-` for `_`. Each error has the name of its header, empty for the headers as a whole.
    pub fn new(
        headers: Vec<(String, String)>,
        set_by: impl Fn(&str) -> Option<ContractName>,
    ) -> Result<Self, Vec<(String, InvalidHeader)>> {
        let mut errors = Vec::new();
        let mut kept: Vec<(String, SecretString)> = Vec::new();
        // No header is looked at then: each is compared with all before it.
        if headers.len() > MAX_HEADERS {
            return Err(vec![(String::new(), InvalidHeader::TooMany)]);
        }
        if headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>()
            > MAX_TOTAL_BYTES
        {
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

    /// Takes headers that were checked when they were saved.
    #[must_use]
    pub fn from_stored(headers: Vec<(String, SecretString)>) -> Self {
        Self(headers)
    }

    /// The names, in the order given.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// The names and the secret values, in the order given.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.expose_secret()))
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Whether a text is a header name (`token`, RFC 9110 §5.6.2).
#[must_use]
pub fn is_name(text: &str) -> bool {
    (1..=MAX_NAME_BYTES).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// Whether a text may be the value of a header: it has no character that could end the line.
#[must_use]
pub fn is_value(text: &str) -> bool {
    text.len() <= MAX_VALUE_BYTES && text.chars().all(may_stand_in_values)
}

fn may_stand_in_values(c: char) -> bool {
    matches!(c, '\t' | ' '..='~')
}

/// A name as a receiver reads it: case-insensitive, and with CGI (RFC 3875 §4.1.18) `_` and `-` are the
/// same.
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
    } else if is_reserved(&lower) {
        Some(InvalidHeader::Reserved)
    } else if let Some(contract) = set_by(&lower) {
        Some(InvalidHeader::OfContract(contract))
    } else if value.len() > MAX_VALUE_BYTES {
        Some(InvalidHeader::Value)
    } else {
        Unseen::first(value, |_, c| !may_stand_in_values(c)).map(InvalidHeader::Character)
    }
}

#[cfg(test)]
mod tests;
