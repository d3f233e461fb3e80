//! A contract's signature in words, for people who write a receiver.

use hooklane_domain::webhook::secret::SecretForm;

use super::RequestFormat;
use super::signature::{Encoding, next_name};

impl RequestFormat {
    /// What is signed, with which key, and how it is written; `#` before each line.
    pub(crate) fn explain_signature(&self, secret: &str) -> String {
        let rule = &self.signature;
        let encoding = match rule.encoding {
            Encoding::Hex => "hex",
            Encoding::Base64 => "base64",
        };
        let key = match rule.key {
            SecretForm::Text => "the bytes of",
            SecretForm::Whsec => "what follows whsec_, from base64, in",
        };
        let next = match rule.hmac.another {
            Some(_) => "The header carries both signatures while a secret is rotated.".to_owned(),
            None => {
                let headers = self.headers.iter().filter(|(_, template)| rule.one_in(template));
                let names: Vec<_> = headers.map(|(name, _)| next_name(name)).collect();
                format!("While a secret is rotated, {} carries the new one's.", names.join(", "))
            }
        };
        format!(
            "# The signature is HMAC-SHA256 in {encoding}, written {}\n# over {}\n# with {key} {secret:?}.\n# {next}",
            rule.hmac.value, rule.signed,
        )
    }
}
