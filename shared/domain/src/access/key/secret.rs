//! The secret of a key, and the hash that is stored in its place.

use std::fmt;
use std::str::FromStr;

use secrecy::{ExposeSecret as _, SecretBox};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// 256 random bits.
#[derive(Debug)]
pub struct KeySecret(SecretBox<[u8; 32]>);

impl KeySecret {
    /// The secret of these bytes, which must be unpredictable.
    #[must_use]
    pub fn new(random: [u8; 32]) -> Self {
        Self(SecretBox::new(Box::new(random)))
    }

    /// Its SHA-256. A hash that is slow on purpose protects secrets that can be guessed. Nobody guesses 256
    /// random bits, whatever a guess costs.
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        SecretHash(Sha256::digest(self.expose()).into())
    }

    pub(super) fn expose(&self) -> &[u8; 32] {
        self.0.expose_secret()
    }
}

/// The SHA-256 of a secret. Two are compared in constant time, wherever that is.
#[derive(Clone, Copy, Eq)]
pub struct SecretHash([u8; 32]);

/// The text is not 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is not a hash")]
pub struct InvalidHash;

impl PartialEq for SecretHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl FromStr for SecretHash {
    type Err = InvalidHash;
    fn from_str(text: &str) -> Result<Self, InvalidHash> {
        let mut hash = [0; 32];
        hex::decode_to_slice(text, &mut hash).map_err(|_| InvalidHash)?;
        Ok(Self(hash))
    }
}

impl fmt::Display for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// Prints nothing of itself.
impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash")
    }
}
