//! The text of a key, which its holder sends as the bearer token:
//! `hlk_{tenant}_{key id}_{secret, 43 characters}_{checksum, 6 characters}`.
//!
//! The prefix and the checksum let a scanner of secrets find a key with certainty. Tenant and id lead to the
//! item in the registry without a search, so no request with a key has to name its tenant.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};

use super::KeySecret;
use crate::ids::{KeyId, TenantId};

const PREFIX: &str = "hlk_";
/// `key_` and a ULID.
const ID: usize = 30;
/// 32 bytes in base64url.
const SECRET: usize = 43;
const CHECKSUM: usize = 6;
/// The longest text that is looked at, in bytes.
const LONGEST: usize = PREFIX.len() + 64 + 1 + ID + 1 + SECRET + 1 + CHECKSUM;

/// What the text of a key says.
#[derive(Debug)]
pub struct KeyText {
    pub tenant: TenantId,
    pub id: KeyId,
    pub secret: KeySecret,
}

impl KeyText {
    /// The text, as it is shown once.
    #[must_use]
    pub fn write(&self) -> SecretString {
        let secret = URL_SAFE_NO_PAD.encode(self.secret.expose());
        let body = format!("{PREFIX}{}_{}_{secret}", self.tenant, self.id);
        let checksum = checksum(&body);
        format!("{body}_{checksum}").into()
    }

    /// Reads a text. `None` if it is not the text of a key: then nothing has to be looked up.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let (body, sum) = split_last(text, CHECKSUM)?;
        if sum != checksum(body) {
            return None;
        }
        let (rest, secret) = split_last(body, SECRET)?;
        let (rest, id) = split_last(rest, ID)?;
        let bytes = URL_SAFE_NO_PAD.decode(secret).ok()?;
        Some(Self {
            tenant: rest.strip_prefix(PREFIX)?.parse().ok()?,
            id: id.parse().ok()?,
            secret: KeySecret::new(bytes.try_into().ok()?),
        })
    }
}

/// The beginning of the SHA-256 of what stands before it, in base64url. It finds typing errors and what only
/// looks like a key; it proves nothing.
fn checksum(body: &str) -> String {
    let mut text = URL_SAFE_NO_PAD.encode(Sha256::digest(body));
    text.truncate(CHECKSUM);
    text
}

/// The last part of this length, and what stands before the `_` in front of it.
fn split_last(text: &str, length: usize) -> Option<(&str, &str)> {
    let (rest, last) = text.split_at_checked(text.len().checked_sub(length)?)?;
    Some((rest.strip_suffix('_')?, last))
}
