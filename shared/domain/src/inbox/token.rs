//! The last part of an inbox's URL: `{tenant}.{24 random bytes in base64url}`.
//!
//! The tenant leads to the inbox without a search, as in a key. The random part is what nobody guesses. It has
//! one spelling, because 24 bytes are exactly 32 characters.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

use crate::ids::TenantId;

const RANDOM: usize = 24;

/// What tells an inbox from every other. Whoever knows it can send to the inbox, and do nothing else.
#[derive(Clone)]
pub struct InboxToken {
    tenant: TenantId,
    random: [u8; RANDOM],
}

/// The text is not the token of an inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not the token of an inbox")]
pub struct InvalidToken;

impl InboxToken {
    /// A new token. The bytes must be unpredictable.
    #[must_use]
    pub fn new(tenant: TenantId, random: [u8; 32]) -> Self {
        let mut part = [0; RANDOM];
        part.copy_from_slice(&random[..RANDOM]);
        Self { tenant, random: part }
    }

    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }
}

/// In constant time, as secrets are compared.
impl PartialEq for InboxToken {
    fn eq(&self, other: &Self) -> bool {
        self.tenant == other.tenant && self.random.ct_eq(&other.random).into()
    }
}

impl Eq for InboxToken {}

impl FromStr for InboxToken {
    type Err = InvalidToken;

    fn from_str(text: &str) -> Result<Self, InvalidToken> {
        let (tenant, random) = text.split_once('.').ok_or(InvalidToken)?;
        let tenant = tenant.parse().map_err(|_| InvalidToken)?;
        let random = URL_SAFE_NO_PAD.decode(random).ok().and_then(|bytes| bytes.try_into().ok());
        Ok(Self { tenant, random: random.ok_or(InvalidToken)? })
    }
}

impl fmt::Display for InboxToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.tenant, URL_SAFE_NO_PAD.encode(self.random))
    }
}

/// Prints the tenant only.
impl fmt::Debug for InboxToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InboxToken({}.***)", self.tenant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_one_spelling() {
        let token = InboxToken::new("acme".parse().unwrap(), [0xfb; 32]);
        let text = token.to_string();
        assert_eq!(text, "acme.-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7");
        assert_eq!(text.parse(), Ok(token.clone()));
        assert_eq!(format!("{token:?}"), "InboxToken(acme.***)");
        for wrong in [
            "",
            "acme",
            "acme.",
            ".-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7",
            "acme.-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v",
            "acme.-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-",
            "acme.-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7",
            "acme.+/v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7",
            "acme.-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7/",
            "acme.-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7?a",
            "acme.-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v=",
            "ac me.-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7",
            "a/b.-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7",
            "..-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7",
        ] {
            assert_eq!(wrong.parse::<InboxToken>(), Err(InvalidToken), "{wrong}");
        }
        assert_ne!("beta.-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7".parse(), Ok(token));
    }
}
