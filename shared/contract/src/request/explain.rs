//! Explains a contract's signature in words, for people who write a receiver.

use hooklane_domain::webhook::secret::SecretForm;

use super::RequestFormat;
use super::signature::{Encoding, next_name};

impl RequestFormat {
    /// What is signed, with which key, and how it is written. Each line starts with `#`.
    pub(crate) fn explain_signature(&self, secret: &str) -> String {
        let rule = &self.signature;
        format!(
            "# The signature is HMAC-SHA256 in {}, written {}\n# over {}\n# with {} {secret:?}.\n# {}",
            self.encoding(),
            rule.hmac.value,
            rule.signed,
            self.key(),
            self.during_a_rotation(),
        )
    }

    /// The same in sentences, of any webhook.
    pub(crate) fn signature_in_words(&self) -> String {
        let rule = &self.signature;
        let (encoding, key) = (self.encoding(), self.key());
        let mut text = format!(
            "HMAC-SHA256 in {encoding}, written `{}`, over `{}` with {key} the webhook's secret.",
            rule.hmac.value, rule.signed,
        );
        if let Some(style) = &rule.ed25519 {
            text += &format!(
                " A webhook with an Ed25519 key signs the same text with that, written `{}`.",
                style.value
            );
        }
        format!("{text} {}", self.during_a_rotation())
    }

    fn encoding(&self) -> &'static str {
        match self.signature.encoding {
            Encoding::Hex => "hex",
            Encoding::Base64 => "base64",
        }
    }

    fn key(&self) -> &'static str {
        match self.signature.key {
            SecretForm::Text => "the bytes of",
            SecretForm::Whsec => "what follows whsec_, decoded from base64, in",
        }
    }

    fn during_a_rotation(&self) -> String {
        let rule = &self.signature;
        if rule.hmac.another.is_some() {
            return "While a secret is rotated, the header contains both signatures.".to_owned();
        }
        let headers = self.headers.iter().filter(|(_, template)| rule.has_one(template));
        let names: Vec<_> = headers.map(|(name, _)| next_name(name)).collect();
        let names = names.join(", ");
        format!("While a secret is rotated, {names} contains the signature of the new one.")
    }
}
