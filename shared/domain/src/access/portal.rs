//! Passes of the portal: the link that the operator asks for, the session that it is exchanged for, and the link
//! to one delivery that a tenant shares. Each is a JWT of a purpose of its own (`access::jwt`).

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::access::jwt::{self, InvalidToken};
use crate::access::key_mark::KeyMark;
use crate::access::key_ring::KeyRing;
use crate::ids::{DeliveryId, TenantId};
use crate::words;

mod font;
mod logo;
mod look;

pub use font::Font;
pub use logo::{Logo, LogoHash, LogoMark, MAX_LOGO_BYTES, NoLogo};
pub use look::{Accent, Locale, Look, Mode, ReturnUrl, TooFaint};

/// How long a link of the operator's can be exchanged for a session.
pub const LINK_LASTS: SignedDuration = SignedDuration::from_mins(5);
/// How long a session lasts, whatever is done in it.
pub const SESSION_LASTS: SignedDuration = SignedDuration::from_hours(8);
/// A browser keeps no cookie of more than 4,096 bytes; its name and attributes need some of them.
const MAX_PASS_BYTES: usize = 3_500;
const ISSUER: &str = "hooklane";

/// What a pass is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Link,
    Session,
    Share,
}

impl Purpose {
    pub const ALL: [Self; 3] = [Self::Link, Self::Session, Self::Share];

    fn header(self) -> &'static str {
        match self {
            Self::Link => r#"{"alg":"HS256","typ":"hooklane-portal-link+jwt"}"#,
            Self::Session => r#"{"alg":"HS256","typ":"hooklane-portal-session+jwt"}"#,
            Self::Share => r#"{"alg":"HS256","typ":"hooklane-portal-share+jwt"}"#,
        }
    }
}

/// What the holder of a session may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// See webhooks and deliveries, with what may be a token in an address masked.
    Read,
    /// Also change them, see secrets, retry and cancel.
    Manage,
}

impl Access {
    pub const ALL: [Self; 2] = [Self::Read, Self::Manage];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Manage => "manage",
        }
    }
}

impl FromStr for Access {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        words::parse(Self::ALL, Self::as_str, text)
    }
}

/// The text in a session that every form repeats. A page of another site cannot know it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormToken(String);

impl FormToken {
    #[must_use]
    pub fn new(random: u128) -> Self {
        Self(format!("{random:032x}"))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the text. How long that takes does not tell how much of it is right.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        use subtle::ConstantTimeEq as _;
        self.0.as_bytes().ct_eq(text.as_bytes()).into()
    }
}

/// Not shown: who knows it can act in the session.
impl fmt::Debug for FormToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FormToken(…)")
    }
}

/// What a pass says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    pub tenant: TenantId,
    pub access: Access,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
    /// The tenant's token generation when the pass was issued. Revoking the tenant's tokens revokes its passes.
    pub generation: u64,
    /// Of a session.
    pub form: Option<FormToken>,
    pub look: Look,
    /// Where "back" leads, if the platform wants such a link.
    pub back: Option<ReturnUrl>,
    /// The one delivery that a shared link shows.
    pub delivery: Option<DeliveryId>,
    /// The operator key of whoever looks at the tenant's pages as the operator.
    pub operator: Option<KeyMark>,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: TenantId,
    access: Access,
    iat: i64,
    exp: i64,
    #[serde(rename = "gen")]
    generation: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    form: Option<FormToken>,
    #[serde(default, skip_serializing_if = "Look::is_default")]
    look: Look,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    back: Option<ReturnUrl>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delivery: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    operator: Option<KeyMark>,
}

impl Pass {
    /// The signed pass. The purpose is not a part of it, so that whoever signs has to say it.
    #[must_use]
    pub fn sign(&self, purpose: Purpose, key: &SecretString) -> String {
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: self.tenant.clone(),
            access: self.access,
            iat: self.issued_at.as_second(),
            exp: self.expires_at.as_second(),
            generation: self.generation,
            form: self.form.clone(),
            look: self.look.clone(),
            back: self.back.clone(),
            delivery: self.delivery.as_ref().map(ToString::to_string),
            operator: self.operator.clone(),
        };
        jwt::signed(purpose.header(), &claims, key)
    }

    /// What a pass for this purpose says, if one of the keys signed it and it has not expired at `now`. The
    /// caller compares its generation with the tenant's.
    pub fn verify(
        purpose: Purpose,
        text: &str,
        keys: &KeyRing,
        now: Timestamp,
    ) -> Result<Self, InvalidToken> {
        let claims: Claims = jwt::read(purpose.header(), text, MAX_PASS_BYTES, keys)?;
        let pass = claims.read().ok_or(InvalidToken::Shape)?;
        let is_whole = match purpose {
            Purpose::Link => {
                pass.form.is_none() && pass.delivery.is_none() && pass.operator.is_none()
            }
            Purpose::Session => pass.form.is_some() && pass.delivery.is_none(),
            Purpose::Share => pass.form.is_none() && pass.delivery.is_some(),
        };
        match is_whole {
            false => Err(InvalidToken::Shape),
            true if now < pass.expires_at => Ok(pass),
            true => Err(InvalidToken::Expired),
        }
    }

    /// The session that a link is exchanged for.
    #[must_use]
    pub fn session(self, form: FormToken, now: Timestamp) -> Self {
        let expires_at = now.saturating_add(SESSION_LASTS).unwrap_or(now);
        Self { form: Some(form), issued_at: now, expires_at, delivery: None, ..self }
    }

    /// A link to one delivery, for somebody without a session. It permits reading, whatever its maker may do.
    #[must_use]
    pub fn share(&self, delivery: DeliveryId, now: Timestamp, lasts: SignedDuration) -> Self {
        Self {
            access: Access::Read,
            issued_at: now,
            expires_at: now.saturating_add(lasts).unwrap_or(now),
            form: None,
            // Whoever opens it has no session, to which alone a logo is served.
            look: Look { logo: None, logo_dark: None, ..self.look.clone() },
            back: None,
            delivery: Some(delivery),
            operator: None,
            ..self.clone()
        }
    }
}

impl Claims {
    fn read(self) -> Option<Pass> {
        Some(Pass {
            tenant: self.sub,
            access: self.access,
            issued_at: Timestamp::from_second(self.iat).ok()?,
            expires_at: Timestamp::from_second(self.exp).ok()?,
            generation: self.generation,
            form: self.form,
            look: self.look,
            back: self.back,
            delivery: self.delivery.map(|text| text.parse()).transpose().ok()?,
            operator: self.operator,
        })
        .filter(|_| self.iss == ISSUER)
    }
}

#[cfg(test)]
mod tests;
