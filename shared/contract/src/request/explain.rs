//! Explains a contract's signature in words, for people who write a receiver.

use hooklane_domain::webhook::secret::SecretForm;

use super::RequestFormat;
use super::signature::{Encoding, next_name};

impl RequestFormat {
    /// What is signed, with which key, and how it is written. Each line starts with `#`.
    pub(crate) fn explain_signature(&self, secret: &str) -> String {
        let rule = &self.signature;
        let encoding = match rule.encoding {
            Encoding::Hex => "hex",
            Encoding::Base64 => "base64",
        };
        let key = match rule.key {
            SecretForm::Text => "the bytes of",
            SecretForm::Whsec => "what follows whsec_, decoded from base64, in",
        };
        let next = match rule.hmac.another {
            Some(_) => "While a secret is rotated, the header contains both signatures.".to_owned(),
            None => {
                let headers = self.headers.iter().filter(|(_, template)| rule.has_one(template));
                let names: Vec<_> = headers.map(|(name, _)| next_name(name)).collect();
                format!(
                    "While a secret is rotated, {} contains the signature of the new one.",
                    names.join(", ")
                )
            }
        };
        format!(
            "# The signature is HMAC-SHA256 in {encoding}, written {}\n# over {}\n# with {key} {secret:?}.\n# {next}",
            rule.hmac.value, rule.signed,
        )
    }
}
