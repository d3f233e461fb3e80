//! How a contract signs, and how it writes its signatures into headers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hooklane_domain::webhook::secret::{SecretForm, SigningSecret};
use hooklane_domain::webhook::signature::hmac_sha256;
use serde::Deserialize;

use super::placeholder::PlaceholderName;
use super::subject::Subject;
use super::template::Template;

/// How a contract computes and writes signatures.
#[derive(Debug, Clone)]
pub(super) struct SignatureRule {
    pub(super) key: SecretForm,
    pub(super) signed: Template,
    pub(super) encoding: Encoding,
    pub(super) hmac: SignatureStyle,
    /// Set where the contract has Ed25519 signatures too.
    pub(super) ed25519: Option<SignatureStyle>,
}

/// How the signatures of one algorithm are written.
#[derive(Debug, Clone)]
pub(super) struct SignatureStyle {
    /// The text of the first signature.
    pub(super) value: Template,
    /// The text of each further one, where a header can contain several.
    pub(super) another: Option<Template>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Encoding {
    Hex,
    Base64,
}

impl Encoding {
    /// Whether a signature in it can have this character.
    pub(super) fn has(self, c: char) -> bool {
        match self {
            Self::Hex => c.is_ascii_hexdigit(),
            Self::Base64 => c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '='),
        }
    }
}

/// The values of `{signature}` in the headers of one request.
pub(super) struct Signatures {
    /// For the contract's own headers.
    pub(super) own: String,
    /// For the additional headers with the suffix `-Next`, during the overlap of a rotation.
    pub(super) next: Option<String>,
}

impl SignatureRule {
    /// Whether a header contains a signature.
    pub(super) fn is_in(header: &Template) -> bool {
        header.contains(PlaceholderName::Signature)
    }

    /// Whether a header contains a signature and can contain only one.
    pub(super) fn has_one(&self, header: &Template) -> bool {
        Self::is_in(header) && self.hmac.another.is_none()
    }

    /// Signs a request. During the overlap of a rotation the contract's own header contains the old
    /// secret's signature, so that every receiver can verify. The new secret's signature is there too
    /// where the header can contain several, and otherwise in the `-Next` header.
    pub(super) fn sign(&self, subject: Subject<'_>, body: &str) -> Signatures {
        let signed = render_or_empty(&self.signed, |p| subject.text(p, "", body));
        let made = |secret| self.signature_by(secret, &signed);
        let write = |template: &Template, signature: &str| {
            render_or_empty(template, |p| subject.text(p, signature, ""))
        };
        let (style, current) = made(&subject.webhook.secret);
        let own = write(&style.value, &current);
        let Some(old) = subject.webhook.retiring_at(subject.at) else {
            return Signatures { own, next: None };
        };
        let (style, old) = made(old);
        match &style.another {
            Some(another) => Signatures { own: own + &write(another, &old), next: None },
            None => Signatures { own: write(&style.value, &old), next: Some(own) },
        }
    }

    /// The encoded signature by one secret, and how signatures of its kind are written.
    pub(super) fn signature_by(
        &self,
        secret: &SigningSecret,
        signed: &str,
    ) -> (&SignatureStyle, String) {
        let encode = |bytes: &[u8]| match self.encoding {
            Encoding::Hex => hex::encode(bytes),
            Encoding::Base64 => STANDARD.encode(bytes),
        };
        match (secret.ed25519(), &self.ed25519) {
            (Some(key), Some(style)) => (style, encode(&key.sign(signed.as_bytes()))),
            _ => (&self.hmac, encode(&hmac_sha256(&secret.key(self.key), &[signed.as_bytes()]))),
        }
    }
}

fn render_or_empty(
    template: &Template,
    value: impl FnMut(PlaceholderName) -> Option<String>,
) -> String {
    template.render(value).unwrap_or_default()
}

/// The header with the new signature during the overlap of a rotation, where `name` can contain only
/// one.
pub(super) fn next_name(name: &str) -> String {
    format!("{name}-Next")
}
