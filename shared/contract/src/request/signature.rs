//! How a contract signs, and how its signatures are written.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hooklane_domain::webhook::secret::{SecretForm, SigningSecret};
use hooklane_domain::webhook::signature::hmac_sha256;
use serde::Deserialize;

use super::placeholder::Placeholder;
use super::subject::Subject;
use super::template::Template;

/// How the signature of a contract is made and written.
#[derive(Debug, Clone)]
pub(super) struct SignatureRule {
    pub(super) key: SecretForm,
    pub(super) signed: Template,
    pub(super) encoding: Encoding,
    pub(super) hmac: Writing,
    /// Where the contract has asymmetric signatures too.
    pub(super) ed25519: Option<Writing>,
}

/// How signatures of one algorithm are written.
#[derive(Debug, Clone)]
pub(super) struct Writing {
    /// The first, or only one.
    pub(super) value: Template,
    /// One more behind it, where the header can carry several.
    pub(super) another: Option<Template>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Encoding {
    Hex,
    Base64,
}

/// What the `{signature}` stands for in the headers of one request.
pub(super) struct Signatures {
    /// In the contract's own headers.
    pub(super) own: String,
    /// In those beside them, in a rotation's overlap.
    pub(super) next: Option<String>,
}

impl SignatureRule {
    /// Whether a header carries a signature, and only one.
    pub(super) fn one_in(&self, header: &Template) -> bool {
        header.contains(Placeholder::Signature) && self.hmac.another.is_none()
    }

    /// The old secret's receivers verify by the contract's own header for as long as it signs; those
    /// that have the new one already find its signature there too, or else in the header beside it.
    pub(super) fn sign(&self, subject: Subject<'_>, body: &str) -> Signatures {
        let signed = render_or_empty(&self.signed, |p| subject.text(p, "", body));
        let made = |secret| self.make(secret, &signed);
        let write = |template: &Template, signature: &str| {
            render_or_empty(template, |p| subject.text(p, signature, ""))
        };
        let (writing, current) = made(&subject.webhook.secret);
        let own = write(&writing.value, &current);
        let Some(old) = subject.webhook.retiring_at(subject.at) else {
            return Signatures { own, next: None };
        };
        let (writing, old) = made(old);
        match &writing.another {
            Some(another) => Signatures { own: own + &write(another, &old), next: None },
            None => Signatures { own: write(&writing.value, &old), next: Some(own) },
        }
    }

    /// An encoded signature, and how one of its kind is written.
    fn make(&self, secret: &SigningSecret, signed: &str) -> (&Writing, String) {
        let encode = |bytes: &[u8]| match self.encoding {
            Encoding::Hex => hex::encode(bytes),
            Encoding::Base64 => STANDARD.encode(bytes),
        };
        match (secret.ed25519(), &self.ed25519) {
            (Some(key), Some(writing)) => (writing, encode(&key.sign(signed.as_bytes()))),
            _ => (&self.hmac, encode(&hmac_sha256(&secret.key(self.key), &[signed.as_bytes()]))),
        }
    }
}

fn render_or_empty(
    template: &Template,
    value: impl FnMut(Placeholder) -> Option<String>,
) -> String {
    template.render(value).unwrap_or_default()
}

/// The header that carries the new signature in a rotation's overlap, where `name` carries one only.
pub(super) fn next_name(name: &str) -> String {
    format!("{name}-Next")
}
