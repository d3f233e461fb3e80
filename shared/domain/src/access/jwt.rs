//! JWTs (RFC 7519) in compact form, signed with HMAC-SHA256 (RFC 7518 §3.2).
//!
//! The header names what a token is for (RFC 8725 §3.11). A reader accepts exactly one header, so that no token
//! can stand for one of another purpose, and none with another algorithm, or without one, is read at all.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq as _;

use crate::access::key_ring::KeyRing;
use crate::webhook::signature::hmac_sha256;

/// Why a token is invalid. Only the log says which of these it is, never an answer to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidToken {
    #[error("it is not a token of this service")]
    Shape,
    #[error("its signature matches none of the keys")]
    Signature,
    #[error("it has expired")]
    Expired,
}

/// The signed token with these claims. `header` is the whole header, as JSON.
pub(super) fn signed(header: &str, claims: &impl Serialize, key: &SecretString) -> String {
    let claims = serde_json::to_string(claims)
        .unwrap_or_else(|_| unreachable!("texts and numbers are representable in JSON"));
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(mac(key, &signed));
    format!("{signed}.{signature}")
}

/// The claims of a token that has this header and that one of these keys signed. A token of more than `most`
/// bytes is not read.
pub(super) fn read<T: DeserializeOwned>(
    header: &str,
    token: &str,
    most: usize,
    keys: &KeyRing,
) -> Result<T, InvalidToken> {
    if token.len() > most {
        return Err(InvalidToken::Shape);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(InvalidToken::Shape)?;
    let (its_header, claims) = signed.split_once('.').ok_or(InvalidToken::Shape)?;
    if its_header != URL_SAFE_NO_PAD.encode(header) {
        return Err(InvalidToken::Shape);
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| InvalidToken::Shape)?;
    if !keys.all().any(|key| signature.ct_eq(&mac(key, signed)).into()) {
        return Err(InvalidToken::Signature);
    }
    let claims = URL_SAFE_NO_PAD.decode(claims).map_err(|_| InvalidToken::Shape)?;
    serde_json::from_slice(&claims).map_err(|_| InvalidToken::Shape)
}

pub(super) fn mac(key: &SecretString, signed: &str) -> [u8; 32] {
    let key = key.expose_secret().as_bytes().to_vec().into();
    hmac_sha256(&key, &[signed.as_bytes()])
}
