//! A webhook's signing secret: a shared one, which contracts read in two ways, or an Ed25519 key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretSlice, SecretString};

use crate::unseen::Unseen;
use crate::webhook::signature::Ed25519Key;

/// How a contract reads a shared secret as the key of its signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecretForm {
    /// The key is the secret's text.
    Text,
    /// The key is what follows `whsec_`, decoded from base64 (*Standard Webhooks 1.0*, "Signature
    /// scheme"). Without that prefix, the key is the secret's text.
    Whsec,
}

const PREFIX: &str = "whsec_";
const ED25519_PREFIX: &str = "whsk_";
const PUBLIC_PREFIX: &str = "whpk_";

/// A signing secret: a text of 8 to 255 characters. Its contract says whether one that begins with `whsec_` is
/// base64, and whether one that begins with `whsk_` is an Ed25519 key in base64 (*Standard Webhooks 1.0*,
/// "Webhook Signatures"), which signs asymmetrically: see [`SigningSecret::fits`].
#[derive(Debug, Clone)]
pub struct SigningSecret(SecretString);

/// Why a secret is refused; may be shown to the caller. It never contains the secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSecret {
    #[error("must have 8 to 255 characters")]
    Length,
    /// Where it was copied from, such a character was not part of it.
    #[error("must not contain white space or invisible characters, but {0}")]
    Unseen(Unseen),
    #[error("must be whsec_ followed by 8 or more bytes in base64")]
    Whsec,
    #[error(
        "must be whsk_ followed by an Ed25519 key in base64: 32 bytes, or 64 with its public key"
    )]
    Whsk,
}

impl SigningSecret {
    /// A new secret in the form its contract reads: `whsec_` and base64, or 64 hex digits.
    #[must_use]
    pub fn generate(form: SecretForm, random: [u8; 32]) -> Self {
        let text = match form {
            SecretForm::Whsec => format!("{PREFIX}{}", STANDARD.encode(random)),
            SecretForm::Text => hex::encode(random),
        };
        Self(text.into())
    }

    /// A new Ed25519 key in the 64 bytes that most libraries call the secret key: seed and public key.
    #[must_use]
    pub fn generate_ed25519(random: [u8; 32]) -> Self {
        let pair = SecretSlice::from(Ed25519Key::from_seed(&random).pair().to_vec());
        Self(format!("{ED25519_PREFIX}{}", STANDARD.encode(pair.expose_secret())).into())
    }

    /// The Ed25519 key, where the secret is one.
    #[must_use]
    pub fn ed25519(&self) -> Option<Ed25519Key> {
        ed25519_key(self.expose().strip_prefix(ED25519_PREFIX)?)
    }

    #[must_use]
    pub fn is_ed25519(&self) -> bool {
        self.ed25519().is_some()
    }

    /// Takes a secret that was checked when it was saved, by the rules of that time.
    #[must_use]
    pub fn from_stored(text: SecretString) -> Self {
        Self(text)
    }

    /// Whether a contract that reads keys in this form, and may sign with Ed25519 keys, can read this one.
    /// Where it has no such form, what begins like it is a text like any other.
    pub fn fits(&self, form: SecretForm, with_ed25519: bool) -> Result<(), InvalidSecret> {
        let text = self.expose();
        if form == SecretForm::Whsec
            && let Some(encoded) = text.strip_prefix(PREFIX)
            && STANDARD.decode(encoded).map_or(0, |key| key.len()) < 8
        {
            return Err(InvalidSecret::Whsec);
        }
        if with_ed25519 && text.starts_with(ED25519_PREFIX) && !self.is_ed25519() {
            return Err(InvalidSecret::Whsk);
        }
        Ok(())
    }

    /// The public key with which receivers verify: `whpk_` and base64. It is not a secret.
    #[must_use]
    pub fn public_key(&self) -> Option<String> {
        self.ed25519().map(|key| format!("{PUBLIC_PREFIX}{}", STANDARD.encode(key.public())))
    }

    /// The secret as it was given. It is stored encrypted and shown only on creation.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The secret as clients of a contract expect it: for `Whsec` always with that prefix, which every
    /// library of the standard reads.
    #[must_use]
    pub fn shown(&self, form: SecretForm) -> SecretString {
        let text = self.expose();
        match form {
            SecretForm::Whsec if !text.starts_with(PREFIX) && !self.is_ed25519() => {
                format!("{PREFIX}{}", STANDARD.encode(text)).into()
            }
            _ => text.into(),
        }
    }

    /// The key of the signature.
    #[must_use]
    pub fn key(&self, form: SecretForm) -> SecretSlice<u8> {
        let text = self.expose();
        let decoded = match form {
            SecretForm::Whsec => text.strip_prefix(PREFIX).and_then(|b| STANDARD.decode(b).ok()),
            SecretForm::Text => None,
        };
        decoded.unwrap_or_else(|| text.as_bytes().to_vec()).into()
    }
}

impl std::str::FromStr for SigningSecret {
    type Err = InvalidSecret;
    fn from_str(text: &str) -> Result<Self, InvalidSecret> {
        if !(8..=255).contains(&text.chars().count()) {
            return Err(InvalidSecret::Length);
        }
        match Unseen::first_in(text) {
            Some(unseen) => Err(InvalidSecret::Unseen(unseen)),
            None => Ok(Self(text.into())),
        }
    }
}

fn ed25519_key(encoded: &str) -> Option<Ed25519Key> {
    let bytes = SecretSlice::from(STANDARD.decode(encoded).ok()?);
    match bytes.expose_secret().len() {
        32 => bytes.expose_secret().try_into().ok().map(Ed25519Key::from_seed),
        _ => Ed25519Key::from_pair(bytes.expose_secret().try_into().ok()?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_a_key_in_each_form() {
        let text: SigningSecret = "your-webhook-secret".parse().unwrap();
        assert_eq!(text.key(SecretForm::Text).expose_secret(), b"your-webhook-secret");
        assert_eq!(text.key(SecretForm::Whsec).expose_secret(), b"your-webhook-secret");
        let shown = text.shown(SecretForm::Whsec);
        let again: SigningSecret = shown.expose_secret().parse().unwrap();
        assert_eq!(again.key(SecretForm::Whsec).expose_secret(), b"your-webhook-secret");

        let generated = SigningSecret::generate(SecretForm::Whsec, [7; 32]);
        assert_eq!(generated.key(SecretForm::Whsec).expose_secret(), [7; 32]);
        assert!(generated.expose().parse::<SigningSecret>().is_ok());
        let hex = SigningSecret::generate(SecretForm::Text, [7; 32]);
        assert_eq!(hex.key(SecretForm::Text).expose_secret(), "07".repeat(32).as_bytes());
    }

    #[test]
    fn an_ed25519_key_is_a_seed_or_a_matching_pair() {
        let pair = SigningSecret::generate_ed25519([7; 32]);
        let seed: SigningSecret = format!("whsk_{}", STANDARD.encode([7; 32])).parse().unwrap();
        assert_eq!(pair.public_key(), seed.public_key());
        assert!(pair.public_key().unwrap().starts_with("whpk_"));
        assert!(pair.expose().parse::<SigningSecret>().unwrap().is_ed25519());
        assert_eq!(pair.shown(SecretForm::Whsec).expose_secret(), pair.expose());
        let other = [[7; 32], [8; 32]].concat();
        let mixed = format!("whsk_{}", STANDARD.encode(other));
        let mixed: SigningSecret = mixed.parse().unwrap();
        assert_eq!(mixed.fits(SecretForm::Whsec, true), Err(InvalidSecret::Whsk));
        assert!(!mixed.is_ed25519());
        let shared: SigningSecret = "your-webhook-secret".parse().unwrap();
        assert!(shared.public_key().is_none() && !shared.is_ed25519());
    }

    #[test]
    fn malformed_secrets_are_refused_and_debug_shows_none() {
        for text in ["", "short", "whsec_", "whsk_", &"x".repeat(256)] {
            assert_eq!(text.parse::<SigningSecret>().unwrap_err(), InvalidSecret::Length, "{text}");
        }
        let secret: SigningSecret = "your-webhook-secret".parse().unwrap();
        assert!(!format!("{secret:?}").contains("webhook"));
    }

    /// A contract says how a key is read: where it is a text, any text is a key.
    #[test]
    fn a_text_secret_that_begins_with_whsec_is_a_text_under_a_text_contract() {
        use InvalidSecret::{Whsec, Whsk};
        let bytes = format!("whsec_{}", STANDARD.encode([7; 8]));
        let key = format!("whsk_{}", STANDARD.encode([7; 32]));
        for (text, by_standard) in [
            ("whsec_test_secret", Err(Whsec)),
            ("whsec_AAAA", Err(Whsec)),
            ("whsec_%%%%%%%%", Err(Whsec)),
            (bytes.as_str(), Ok(())),
            ("whsk_AAAAAAAA", Err(Whsk)),
            (key.as_str(), Ok(())),
            ("WHSEC_test", Ok(())),
            ("your-webhook-secret", Ok(())),
        ] {
            let secret: SigningSecret = text.parse().unwrap();
            assert_eq!(secret.fits(SecretForm::Whsec, true), by_standard, "{text}");
            assert_eq!(secret.fits(SecretForm::Text, false), Ok(()), "{text}");
            assert_eq!(secret.key(SecretForm::Text).expose_secret(), text.as_bytes());
            assert_eq!(secret.shown(SecretForm::Text).expose_secret(), text);
        }
    }

    #[test]
    fn white_space_in_secrets_is_refused_and_named_with_its_position() {
        for (text, expected) in [
            ("with\nnewline", "character 5 is U+000A (line feed)"),
            ("with\ttab-in-it", "character 5 is U+0009 (tab)"),
            ("your-secret\u{a0}", "character 12 is U+00A0 (no-break space)"),
            ("your-sec\u{200b}ret", "character 9 is U+200B (zero width space)"),
            ("\u{feff}whsec_c2VjcmV0LXNlY3JldA==", "character 1 is U+FEFF (byte order mark)"),
            ("your-secret ", "character 12 is U+0020 (space)"),
        ] {
            let refused = text.parse::<SigningSecret>().unwrap_err().to_string();
            let why = "must not contain white space or invisible characters, but ";
            assert_eq!(refused, format!("{why}{expected}"));
        }
        for text in ["four words and blanks", "пароль-秘密-🔑🔑"] {
            assert!(text.parse::<SigningSecret>().is_ok(), "{text}");
        }
        let stored = SigningSecret::from_stored("your-secret\u{a0}".to_owned().into());
        assert_eq!(stored.expose(), "your-secret\u{a0}", "what is stored stays a secret");
    }
}
