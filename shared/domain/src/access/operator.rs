//! Passes to the operator's pages: a link, and the session that a link or the operator key itself is exchanged for.
//! Each is a JWT of a purpose of its own (`access::jwt`), signed with the key of tokens.
//!
//! A pass carries a mark of the operator key that it was given for, and is valid as long as that key is. So taking a
//! key out of the secret ends all sessions that it began.

use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::access::jwt::{self, InvalidToken};
use crate::access::key_mark::KeyMark;
use crate::access::key_ring::KeyRing;
use crate::access::portal::{FormToken, LINK_LASTS, SESSION_LASTS};

/// A browser keeps no cookie of more than 4,096 bytes.
const MAX_PASS_BYTES: usize = 1_000;
const ISSUER: &str = "hooklane";

/// What a pass is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Link,
    Session,
}

impl Purpose {
    pub const ALL: [Self; 2] = [Self::Link, Self::Session];

    fn header(self) -> &'static str {
        match self {
            Self::Link => r#"{"alg":"HS256","typ":"hooklane-operator-link+jwt"}"#,
            Self::Session => r#"{"alg":"HS256","typ":"hooklane-operator-session+jwt"}"#,
        }
    }
}

/// What a pass says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorPass {
    pub key: KeyMark,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
    /// Of a session: the text that every form repeats.
    pub form: Option<FormToken>,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    key: KeyMark,
    iat: i64,
    exp: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    form: Option<FormToken>,
}

impl OperatorPass {
    /// The link that can be exchanged for a session from now on.
    #[must_use]
    pub fn link(key: KeyMark, now: Timestamp) -> Self {
        let expires_at = now.saturating_add(LINK_LASTS).unwrap_or(now);
        Self { key, issued_at: now, expires_at, form: None }
    }

    /// A session that begins now.
    #[must_use]
    pub fn session(key: KeyMark, form: FormToken, now: Timestamp) -> Self {
        let expires_at = now.saturating_add(SESSION_LASTS).unwrap_or(now);
        Self { key, issued_at: now, expires_at, form: Some(form) }
    }

    /// The signed pass. The purpose is not a part of it, so that whoever signs has to say it.
    #[must_use]
    pub fn sign(&self, purpose: Purpose, key: &SecretString) -> SecretString {
        let claims = Claims {
            iss: ISSUER.to_owned(),
            key: self.key.clone(),
            iat: self.issued_at.as_second(),
            exp: self.expires_at.as_second(),
            form: self.form.clone(),
        };
        jwt::signed(purpose.header(), &claims, key).into()
    }

    /// What a pass for this purpose says, if one of the keys of tokens signed it and it has not expired at `now`. The
    /// caller checks whether its operator key is still one.
    pub fn verify(
        purpose: Purpose,
        text: &str,
        tokens: &KeyRing,
        now: Timestamp,
    ) -> Result<Self, InvalidToken> {
        let claims: Claims = jwt::read(purpose.header(), text, MAX_PASS_BYTES, tokens)?;
        let pass = claims.read().ok_or(InvalidToken::Shape)?;
        match pass.form.is_some() == (purpose == Purpose::Session) {
            false => Err(InvalidToken::Shape),
            true if now < pass.expires_at => Ok(pass),
            true => Err(InvalidToken::Expired),
        }
    }
}

impl Claims {
    fn read(self) -> Option<OperatorPass> {
        Some(OperatorPass {
            key: self.key,
            issued_at: Timestamp::from_second(self.iat).ok()?,
            expires_at: Timestamp::from_second(self.exp).ok()?,
            form: self.form,
        })
        .filter(|_| self.iss == ISSUER)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn ring(text: &str) -> KeyRing {
        KeyRing::parse(text).unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).unwrap()
    }

    fn pass(purpose: Purpose) -> OperatorPass {
        let key = KeyMark::of(&"the-key-of-the-operator".into(), &"the-key-of-tokens".into());
        match purpose {
            Purpose::Link => OperatorPass::link(key, at(0)),
            Purpose::Session => OperatorPass::session(key, FormToken::new(7), at(0)),
        }
    }

    #[test]
    fn a_pass_is_read_for_its_own_purpose_until_it_expires() {
        let tokens = ring("the-key-of-tokens");
        for (purpose, seconds) in [(Purpose::Link, 300), (Purpose::Session, 8 * 3600)] {
            let text = pass(purpose).sign(purpose, tokens.current());
            let text = text.expose_secret();
            let read = |purpose, now| OperatorPass::verify(purpose, text, &tokens, now);
            assert_eq!(read(purpose, at(seconds - 1)), Ok(pass(purpose)));
            assert_eq!(read(purpose, at(seconds)), Err(InvalidToken::Expired));
            for other in Purpose::ALL.into_iter().filter(|other| *other != purpose) {
                assert_eq!(read(other, at(1)), Err(InvalidToken::Shape), "{other:?}");
            }
            for other in crate::access::portal::Purpose::ALL {
                let read = crate::access::portal::Pass::verify(other, text, &tokens, at(1));
                assert_eq!(read, Err(InvalidToken::Shape), "{other:?}");
            }
            let stranger =
                OperatorPass::verify(purpose, text, &ring("some-other-token-key"), at(1));
            assert_eq!(stranger, Err(InvalidToken::Signature));
            assert!(text.len() < MAX_PASS_BYTES / 2, "{}", text.len());
        }
    }
}
