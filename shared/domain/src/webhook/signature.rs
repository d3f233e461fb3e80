//! The algorithms that sign requests and tokens.

use ed25519_dalek::{Signer as _, SigningKey};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// HMAC-SHA256 (RFC 2104) over the concatenation of `parts`.
#[must_use]
pub fn hmac_sha256(key: &SecretSlice<u8>, parts: &[&[u8]]) -> [u8; 32] {
    match Hmac::<Sha256>::new_from_slice(key.expose_secret()) {
        Ok(mut mac) => {
            for part in parts {
                mac.update(part);
            }
            mac.finalize().into_bytes().into()
        }
        Err(_) => unreachable!("HMAC takes a key of any length"),
    }
}

/// Whether two signatures are the same, in a time that does not tell where they differ.
#[must_use]
pub fn is_same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

/// A private key of Ed25519 (RFC 8032 §5.1).
pub struct Ed25519Key(SigningKey);

impl Ed25519Key {
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// From the seed followed by its public key; `None` where the two do not belong together.
    #[must_use]
    pub fn from_pair(pair: &[u8; 64]) -> Option<Self> {
        SigningKey::from_keypair_bytes(pair).ok().map(Self)
    }

    #[must_use]
    pub fn pair(&self) -> [u8; 64] {
        self.0.to_keypair_bytes()
    }

    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_4231_test_case_2() {
        let key: SecretSlice<u8> = b"Jefe".to_vec().into();
        let mac = hmac_sha256(&key, &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(
            hex::encode(mac),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    /// Seed, public key, message and signature of RFC 8032 §7.1, tests 1 to 3.
    const RFC_8032: [[&str; 4]; 3] = [
        [
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ],
        [
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ],
        [
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ],
    ];

    #[test]
    fn rfc_8032_test_vectors() {
        for [seed, public, message, signature] in RFC_8032 {
            let seed: [u8; 32] = hex::decode(seed).unwrap().try_into().unwrap();
            let key = Ed25519Key::from_seed(&seed);
            assert_eq!(hex::encode(key.public()), public);
            assert_eq!(hex::encode(key.sign(&hex::decode(message).unwrap())), signature);
            let again = Ed25519Key::from_pair(&key.pair()).unwrap();
            assert_eq!(again.public(), key.public());
        }
    }
}
