//! Tenants' tokens for the API: JWTs. Those of the portal are in [`crate::access::portal`].

use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::access::jwt;
use crate::access::key_ring::KeyRing;
use crate::access::scope::{Scope, Scopes};
use crate::ids::TenantId;

pub use crate::access::jwt::InvalidToken;

/// The claims of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenClaims {
    pub tenant: TenantId,
    pub scopes: Scopes,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
    /// The tenant's token generation when the token was issued.
    pub generation: u64,
}

/// The claims as they are in a token: registered names of RFC 7519 §4.1, and one of our own.
#[derive(Serialize, Deserialize)]
struct JwtClaims {
    iss: String,
    sub: TenantId,
    /// The scopes, separated by spaces (RFC 8693 §4.2).
    scope: String,
    iat: i64,
    exp: i64,
    #[serde(rename = "gen")]
    generation: u64,
}

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;
const ISSUER: &str = "hooklane";
/// The longest token that is read, in bytes. Every issued token is shorter.
const MAX_TOKEN_BYTES: usize = 2_048;

impl TokenClaims {
    /// The signed token with these claims.
    #[must_use]
    pub fn sign(&self, key: &SecretString) -> String {
        let written = JwtClaims {
            iss: ISSUER.to_owned(),
            sub: self.tenant.clone(),
            scope: self.scopes.iter().map(Scope::as_str).collect::<Vec<_>>().join(" "),
            iat: self.issued_at.as_second(),
            exp: self.expires_at.as_second(),
            generation: self.generation,
        };
        jwt::signed(HEADER, &written, key)
    }

    /// The claims of a token that one of these keys signed and that has not expired at `now`. The
    /// caller compares its generation with the tenant's.
    pub fn verify(token: &str, keys: &KeyRing, now: Timestamp) -> Result<Self, InvalidToken> {
        let written: JwtClaims = jwt::read(HEADER, token, MAX_TOKEN_BYTES, keys)?;
        let claims = written.read().ok_or(InvalidToken::Shape)?;
        if now < claims.expires_at { Ok(claims) } else { Err(InvalidToken::Expired) }
    }
}

impl JwtClaims {
    fn read(self) -> Option<TokenClaims> {
        let scopes = self.scope.split(' ').filter(|s| !s.is_empty()).map(str::parse::<Scope>);
        Some(TokenClaims {
            tenant: self.sub,
            scopes: scopes.collect::<Result<_, _>>().ok()?,
            issued_at: Timestamp::from_second(self.iat).ok()?,
            expires_at: Timestamp::from_second(self.exp).ok()?,
            generation: self.generation,
        })
        .filter(|_| self.iss == ISSUER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::jwt::mac;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn key(text: &str) -> SecretString {
        text.into()
    }

    fn ring(text: &str) -> KeyRing {
        KeyRing::parse(text).unwrap()
    }

    fn claims() -> TokenClaims {
        TokenClaims {
            tenant: "acme".parse().unwrap(),
            scopes: [Scope::ReadWebhooks, Scope::PublishEvents].into_iter().collect(),
            issued_at: at(1_000),
            expires_at: at(2_000),
            generation: 3,
        }
    }

    #[test]
    fn a_token_is_valid_until_it_expires() {
        let token = claims().sign(&key("the-key-of-tokens"));
        assert_eq!(
            TokenClaims::verify(&token, &ring("the-key-of-tokens"), at(1_999)),
            Ok(claims())
        );
        let expired = TokenClaims::verify(&token, &ring("the-key-of-tokens"), at(2_000));
        assert_eq!(expired, Err(InvalidToken::Expired));
        let other = TokenClaims::verify(&token, &ring("another-key-of-tokens"), at(1_500));
        assert_eq!(other, Err(InvalidToken::Signature));
        let rotated = TokenClaims::verify(
            &token,
            &ring("a-newer-key-of-tokens\nthe-key-of-tokens"),
            at(1_500),
        );
        assert_eq!(rotated, Ok(claims()), "a former key is still accepted");
    }

    /// Every JWT library reads this form: RFC 7519 §3.1.
    #[test]
    fn a_token_is_a_jwt() {
        let token = claims().sign(&key("the-key-of-tokens"));
        let parts: Vec<_> = token.split('.').collect();
        assert_eq!(parts[0], "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9");
        let body = URL_SAFE_NO_PAD.decode(parts[1]).unwrap();
        assert_eq!(
            String::from_utf8(body).unwrap(),
            r#"{"iss":"hooklane","sub":"acme","scope":"webhooks:read events:publish","iat":1000,"exp":2000,"gen":3}"#
        );
    }

    #[test]
    fn a_token_with_another_algorithm_is_invalid() {
        let good = claims().sign(&key("a-key-that-signs"));
        let (_, rest) = good.split_once('.').unwrap();
        let (body, _) = rest.split_once('.').unwrap();
        for header in [r#"{"alg":"none","typ":"JWT"}"#, r#"{"alg":"HS512","typ":"JWT"}"#, "{}"] {
            let signed = format!("{}.{body}", URL_SAFE_NO_PAD.encode(header));
            for signature in
                [String::new(), URL_SAFE_NO_PAD.encode(mac(&key("a-key-that-signs"), &signed))]
            {
                let forged = format!("{signed}.{signature}");
                let refused = TokenClaims::verify(&forged, &ring("a-key-that-signs"), at(1_500));
                assert_eq!(refused, Err(InvalidToken::Shape), "{header}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_other_text_is_invalid(text in "\\PC{0,200}") {
            prop_assert!(TokenClaims::verify(&text, &ring("a-key-that-signs"), at(0)).is_err());
        }

        #[test]
        fn a_changed_token_is_invalid(at_char in 0usize..150, with in "[A-Za-z0-9_-]") {
            let token = claims().sign(&key("a-key-that-signs"));
            let at_char = at_char % token.len();
            let mut changed = token.clone();
            changed.replace_range(at_char..=at_char, &with);
            // The decoder refuses unused bits in the last character of a part.
            prop_assume!(changed != token);
            prop_assert!(TokenClaims::verify(&changed, &ring("a-key-that-signs"), at(1_500)).is_err());
        }
    }
}
