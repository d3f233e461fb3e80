//! Writes requests: the headers, the body and the signature of one attempt, in the format of a
//! contract.

use hooklane_domain::webhook::secret::SecretForm;
use serde::Deserialize;

mod body;
mod explain;
mod load;
mod outline;
mod placeholder;
mod signature;
mod subject;
mod template;
mod verify;
mod write;

pub(crate) use load::{RequestTables, SignatureTable};
pub use outline::{HeaderOutline, Outline};
pub use subject::Subject;
pub(crate) use verify::Checked;
pub use write::WireRequest;

use body::BodyTemplate;
use signature::{SignatureRule, next_name};
use template::Template;

/// How a contract writes requests.
#[derive(Debug, Clone)]
pub(crate) struct RequestFormat {
    user_agent: String,
    content_type: String,
    headers: Vec<(String, Template)>,
    signature: SignatureRule,
    body: BodyTemplate,
    json: JsonStyle,
}

/// How the JSON of a body is formatted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum JsonStyle {
    /// Number text, escapes and the order of keys as the producer sent them.
    #[default]
    Published,
    /// As `JSON.stringify(JSON.parse(…))` writes it.
    Javascript,
}

impl RequestFormat {
    /// How the contract reads a secret as a key.
    pub(crate) fn secret_form(&self) -> SecretForm {
        self.signature.key
    }

    /// Whether the contract has an Ed25519 signature beside the one with a shared secret.
    pub(crate) fn has_ed25519(&self) -> bool {
        self.signature.ed25519.is_some()
    }

    /// Whether a request has its signature in this header, given in lower case, or has the new one there in
    /// a rotation's overlap.
    pub(crate) fn signs_in(&self, lower: &str) -> bool {
        self.headers.iter().filter(|(_, template)| SignatureRule::is_in(template)).any(
            |(name, _)| {
                let name = name.replace('_', "-");
                name.eq_ignore_ascii_case(lower) || next_name(&name).eq_ignore_ascii_case(lower)
            },
        )
    }

    /// Whether a request sets this header, given in lower case. The header with the new
    /// signature in a rotation's overlap counts at any time.
    pub(crate) fn sets_header(&self, lower: &str) -> bool {
        self.headers.iter().any(|(name, template)| {
            name.replace('_', "-").eq_ignore_ascii_case(lower)
                || self.signature.has_one(template) && next_name(name).eq_ignore_ascii_case(lower)
        })
    }
}

#[cfg(test)]
pub(crate) mod tests;
