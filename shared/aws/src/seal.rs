//! Encryption of secrets at rest: AES-256-GCM. Each ciphertext names the data key it was made with.

use std::collections::HashMap;

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

const NONCE: usize = 12;

/// Data keys by name, as the secret holds them:
/// `{"current": "k2", "k1": "<random text>", "k2": "<random text>"}`.
///
/// The SHA-256 of a key's text is the AES key. A rotation adds a key under a new name and makes it
/// current; an old key stays as long as something is encrypted with it.
pub struct DataKeys {
    current: String,
    keys: HashMap<String, Aes256Gcm>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error(
        "the data key secret is not an object of texts with a current one of 32 or more characters"
    )]
    Keys,
    #[error("no data key has the name that the ciphertext gives")]
    UnknownKey,
    #[error("the ciphertext was not made with this key for this owner")]
    Ciphertext,
}

impl DataKeys {
    pub fn parse(secret: &str) -> Result<Self, SealError> {
        let mut texts: HashMap<String, SecretString> =
            serde_json::from_str::<HashMap<String, String>>(secret)
                .map_err(|_| SealError::Keys)?
                .into_iter()
                .map(|(name, text)| (name, text.into()))
                .collect();
        let current = texts.remove("current").ok_or(SealError::Keys)?.expose_secret().to_owned();
        if texts.get(&current).is_none_or(|text| text.expose_secret().len() < 32) {
            return Err(SealError::Keys);
        }
        let keys = texts.into_iter().map(|(name, text)| (name, cipher(&text))).collect();
        Ok(Self { current, keys })
    }

    /// Encrypts with the current key and returns `name.base64(nonce and ciphertext)`. Only the same
    /// `owner` can open it again, so a ciphertext that is copied to another item is useless there. A
    /// nonce must be used only once.
    pub fn seal(&self, plain: &str, owner: &str, nonce: [u8; NONCE]) -> Result<String, SealError> {
        let cipher = self.keys.get(&self.current).ok_or(SealError::UnknownKey)?;
        let payload = Payload { msg: plain.as_bytes(), aad: owner.as_bytes() };
        let sealed =
            cipher.encrypt(&Nonce::from(nonce), payload).map_err(|_| SealError::Ciphertext)?;
        let bytes = [nonce.as_slice(), &sealed].concat();
        Ok(format!("{}.{}", self.current, STANDARD_NO_PAD.encode(bytes)))
    }

    pub fn open(&self, sealed: &str, owner: &str) -> Result<SecretString, SealError> {
        let (name, encoded) = sealed.rsplit_once('.').ok_or(SealError::Ciphertext)?;
        let cipher = self.keys.get(name).ok_or(SealError::UnknownKey)?;
        let bytes = STANDARD_NO_PAD.decode(encoded).map_err(|_| SealError::Ciphertext)?;
        let (nonce, msg) = bytes.split_first_chunk::<NONCE>().ok_or(SealError::Ciphertext)?;
        let payload = Payload { msg, aad: owner.as_bytes() };
        let plain =
            cipher.decrypt(&Nonce::from(*nonce), payload).map_err(|_| SealError::Ciphertext)?;
        String::from_utf8(plain).map(SecretString::from).map_err(|_| SealError::Ciphertext)
    }
}

fn cipher(text: &SecretString) -> Aes256Gcm {
    let key: [u8; 32] = Sha256::digest(text.expose_secret().as_bytes()).into();
    Aes256Gcm::new(&Key::<Aes256Gcm>::from(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = r#"{"current":"k1","k1":"0123456789012345678901234567890123456789"}"#;
    const TWO: &str = r#"{"current":"k2","k1":"0123456789012345678901234567890123456789",
        "k2":"9876543210987654321098765432109876543210"}"#;

    #[test]
    fn a_sealed_text_opens_for_its_owner_only() {
        let keys = DataKeys::parse(ONE).unwrap();
        let sealed = keys.seal("secret", "wh_1", [1; 12]).unwrap();
        assert!(sealed.starts_with("k1.") && !sealed.contains("secret"));
        assert_eq!(keys.open(&sealed, "wh_1").unwrap().expose_secret(), "secret");
        assert_eq!(keys.open(&sealed, "wh_2").unwrap_err(), SealError::Ciphertext);
        let mut broken = sealed.clone();
        broken.replace_range(10..11, if &sealed[10..11] == "A" { "B" } else { "A" });
        assert_eq!(keys.open(&broken, "wh_1").unwrap_err(), SealError::Ciphertext);
        assert_eq!(keys.open("nonsense", "wh_1").unwrap_err(), SealError::Ciphertext);
    }

    #[test]
    fn after_a_rotation_the_new_key_seals_and_the_old_one_still_opens() {
        let old = DataKeys::parse(ONE).unwrap();
        let new = DataKeys::parse(TWO).unwrap();
        let sealed = old.seal("secret", "wh_1", [1; 12]).unwrap();
        assert_eq!(new.open(&sealed, "wh_1").unwrap().expose_secret(), "secret");
        let newer = new.seal("secret", "wh_1", [2; 12]).unwrap();
        assert!(newer.starts_with("k2."));
        assert_eq!(old.open(&newer, "wh_1").unwrap_err(), SealError::UnknownKey);
    }

    #[test]
    fn a_secret_without_usable_keys_is_refused() {
        for text in ["", "{}", "[]", r#"{"current":"k1"}"#, r#"{"current":"k1","k1":"short"}"#] {
            assert!(DataKeys::parse(text).is_err(), "{text}");
        }
    }
}
