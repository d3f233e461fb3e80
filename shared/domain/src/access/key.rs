//! Keys of tenants: lasting credentials that can be listed, rotated and revoked. Only a hash of a key's secret
//! is stored, and its text is shown once.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;

use crate::access::scope::Scopes;
use crate::ids::{KeyId, TenantId};
use crate::time::later;
use crate::webhook::Overlap;

mod secret;
mod text;

pub use secret::{InvalidHash, KeySecret, SecretHash};
pub use text::KeyText;

/// A key as the registry stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    pub id: KeyId,
    pub tenant: TenantId,
    pub name: KeyName,
    pub scopes: Scopes,
    pub hash: SecretHash,
    /// The secret before the last rotation.
    pub former: Option<FormerSecret>,
    pub created_at: Timestamp,
    /// From then on it is refused; `None` for never.
    pub expires_at: Option<Timestamp>,
    /// When it was used, with a precision of [`USE_NOTED_EVERY`].
    pub last_used_at: Option<Timestamp>,
    /// Counts its changes. Noting its use is none.
    pub revision: u64,
}

/// A secret that a rotation replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormerSecret {
    pub hash: SecretHash,
    /// From then on it is refused.
    pub until: Timestamp,
}

/// Why a key is refused. A client learns only that it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    #[error("its secret is not that of the key")]
    Secret,
    #[error("it has expired")]
    Expired,
}

/// The overlap of the last rotation has not ended. A third secret would lock out who still has the first one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the overlap of the previous rotation lasts until {0}; rotate with an overlap of 0 to end it"
)]
pub struct Overlapping(pub Timestamp);

/// The use of a key is written at most once in this time.
pub const USE_NOTED_EVERY: Duration = Duration::from_secs(3_600);

impl Key {
    /// Whether this is the key's secret, or the one before it during an overlap, and the key has not expired.
    pub fn verify(&self, secret: &KeySecret, now: Timestamp) -> Result<(), InvalidKey> {
        let hash = secret.hash();
        let is_former = self.former.as_ref().is_some_and(|former| {
            let same = former.hash == hash;
            same & (now < former.until)
        });
        if !(is_former | (self.hash == hash)) {
            return Err(InvalidKey::Secret);
        }
        if self.expires_at.is_some_and(|end| end <= now) {
            return Err(InvalidKey::Expired);
        }
        Ok(())
    }

    /// The key with another secret. The one it had is valid until the overlap ends. An overlap of 0 ends every
    /// older secret, as needed after a leak.
    pub fn rotated(
        self,
        secret: &KeySecret,
        overlap: Overlap,
        now: Timestamp,
    ) -> Result<Self, Overlapping> {
        let former = match &self.former {
            _ if overlap.duration().is_zero() => None,
            Some(former) if now < former.until => return Err(Overlapping(former.until)),
            _ => Some(FormerSecret { hash: self.hash, until: later(now, overlap.duration()) }),
        };
        Ok(Self { hash: secret.hash(), former, ..self })
    }

    /// Whether its use now is to be written.
    #[must_use]
    pub fn use_is_due(&self, now: Timestamp) -> bool {
        self.last_used_at.is_none_or(|last| later(last, USE_NOTED_EVERY) <= now)
    }
}

/// What people call a key: 1 to 100 characters, none of them a control character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyName(String);

/// The text is not the name of a key; may be shown to the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must have 1 to {MAX_NAME} characters, none of them a control character")]
pub struct InvalidName;

const MAX_NAME: usize = 100;

impl KeyName {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyName {
    type Err = InvalidName;
    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let fits = (1..=MAX_NAME).contains(&text.chars().count());
        let is_name = fits && !text.chars().any(char::is_control);
        is_name.then(|| Self(text.to_owned())).ok_or(InvalidName)
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
