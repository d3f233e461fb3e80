//! Signatures over the bytes that are sent.

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;

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
}
