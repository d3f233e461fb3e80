//! Marks of operator keys, by which sessions end with the key that began them.
//!
//! A mark is keyed with the key of tokens: who holds a pass cannot try out operator keys with it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use crate::access::jwt;
use crate::access::key_ring::KeyRing;

/// The mark of an operator key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyMark(String);

impl KeyMark {
    /// The mark of an operator key under a key of tokens.
    #[must_use]
    pub fn of(operator: &SecretString, token: &SecretString) -> Self {
        let text = format!("operator key\n{}", operator.expose_secret());
        Self(URL_SAFE_NO_PAD.encode(jwt::mac(token, &text)))
    }

    /// Whether it is the mark of one of these operator keys, under one of these keys of tokens.
    #[must_use]
    pub fn is_of(&self, operators: &KeyRing, tokens: &KeyRing) -> bool {
        let is_same = |operator, token| {
            let Self(known) = Self::of(operator, token);
            bool::from(self.0.as_bytes().ct_eq(known.as_bytes()))
        };
        operators.all().any(|operator| tokens.all().any(|token| is_same(operator, token)))
    }
}

/// Not shown, as other parts of passes are not.
impl fmt::Debug for KeyMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyMark(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_of_one_operator_key_and_of_none_of_the_others() {
        let ring = |text: &str| KeyRing::parse(text).unwrap();
        let mark = KeyMark::of(&"the-key-of-the-operator".into(), &"the-key-of-tokens".into());
        for (operators, tokens, is_known) in [
            ("the-key-of-the-operator", "the-key-of-tokens", true),
            ("the-next-of-the-operator\nthe-key-of-the-operator", "the-key-of-tokens", true),
            ("the-key-of-the-operator", "the-next-key-of-tokens\nthe-key-of-tokens", true),
            ("the-next-of-the-operator", "the-key-of-tokens", false),
            ("the-key-of-the-operator", "the-next-key-of-tokens", false),
            ("the-key-of-tokens", "the-key-of-the-operator", false),
        ] {
            assert_eq!(mark.is_of(&ring(operators), &ring(tokens)), is_known, "{operators}");
        }
        assert_eq!(format!("{mark:?}"), "KeyMark(…)");
    }
}
