//! Contracts: the wire format is data.
//!
//! A contract is a TOML file that says how a delivery looks on the wire; `docs/contracts.md` describes
//! the format. Nothing here knows the name of any of them.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::limits::{RateLimit, TimeLimit};
use crate::retry::RetryPolicy;
use crate::secret::{SecretForm, SigningSecret};
use crate::webhook::Webhook;

mod body;
mod explain;
mod load;
mod merge;
mod placeholder;
mod request;
pub mod shape;
mod source;
mod template;

pub use request::{Subject, WireRequest};
pub use source::InvalidContract;

use body::BodyTemplate;
use shape::ApiShape;
use source::Files;
use template::Template;

/// A contract's name, that of its file: `[a-z0-9-]{1,64}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContractName(String);

impl ContractName {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ContractName {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let fits = (1..=64).contains(&text.len())
            && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        fits.then(|| Self(text.to_owned())).ok_or_else(|| "must be a contract's name".to_owned())
    }
}

impl TryFrom<String> for ContractName {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<ContractName> for String {
    fn from(name: ContractName) -> String {
        name.0
    }
}

impl fmt::Display for ContractName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How deliveries of one kind look, and how they are made.
#[derive(Debug, Clone)]
pub struct Contract {
    name: ContractName,
    description: String,
    timeout: Duration,
    user_agent: String,
    content_type: String,
    gone_disables: bool,
    retry: RetryPolicy,
    rate_limit: Option<RateLimit>,
    headers: Vec<(String, Template)>,
    signature: SignatureRule,
    body: BodyTemplate,
    json: JsonStyle,
    api: Option<ApiShape>,
}

/// How the JSON of a body is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum JsonStyle {
    /// Number text, escapes and key order as the producer sent them.
    #[default]
    Published,
    /// As `JSON.stringify(JSON.parse(…))` writes them.
    Javascript,
}

/// How the signature of a contract is made and written.
#[derive(Debug, Clone)]
struct SignatureRule {
    key: SecretForm,
    signed: Template,
    encoding: Encoding,
    hmac: Writing,
    /// Where the contract has asymmetric signatures too.
    ed25519: Option<Writing>,
}

/// How signatures of one algorithm are written.
#[derive(Debug, Clone)]
struct Writing {
    /// The first, or only one.
    value: Template,
    /// One more behind it, where the header can carry several.
    another: Option<Template>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    Hex,
    Base64,
}

impl Contract {
    #[must_use]
    pub fn name(&self) -> &ContractName {
        &self.name
    }

    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The time limit of one attempt, connecting included.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Whether a receiver that answers 410 disables its webhook.
    #[must_use]
    pub fn gone_disables(&self) -> bool {
        self.gone_disables
    }

    #[must_use]
    pub fn retry(&self) -> &RetryPolicy {
        &self.retry
    }

    /// The rate limit of webhooks that have none of their own.
    #[must_use]
    pub fn rate_limit(&self) -> Option<RateLimit> {
        self.rate_limit
    }

    #[must_use]
    pub fn secret_form(&self) -> SecretForm {
        self.signature.key
    }

    /// How the management API answers this contract's clients; `None` for canonically.
    #[must_use]
    pub fn api(&self) -> Option<&ApiShape> {
        self.api.as_ref()
    }

    /// Whether webhooks may sign with an Ed25519 key.
    #[must_use]
    pub fn has_ed25519(&self) -> bool {
        self.signature.ed25519.is_some()
    }

    /// Whether the contract has a signature of the kind that this secret makes.
    pub fn accepts(&self, secret: &SigningSecret) -> Result<(), NoEd25519> {
        match secret.is_ed25519() && !self.has_ed25519() {
            true => Err(NoEd25519(self.name.clone())),
            false => Ok(()),
        }
    }

    /// Whether the contract itself sets this header, given in lower case. What carries the new
    /// signature in a rotation's overlap is its own at any time.
    #[must_use]
    pub fn sets_header(&self, lower: &str) -> bool {
        self.headers.iter().any(|(name, template)| {
            name.replace('_', "-").eq_ignore_ascii_case(lower)
                || self.carries_one_signature(template)
                    && request::next_name(name).eq_ignore_ascii_case(lower)
        })
    }

    /// The time limit of an attempt for a webhook: its own, or else the contract's.
    #[must_use]
    pub fn timeout_of(&self, webhook: &Webhook) -> Duration {
        webhook.timeout.map_or(self.timeout, TimeLimit::duration)
    }

    /// The rate limit of a webhook: its own, or else the contract's.
    #[must_use]
    pub fn rate_limit_of(&self, webhook: &Webhook) -> Option<RateLimit> {
        webhook.rate_limit.or(self.rate_limit)
    }
}

/// The contract signs with shared secrets only, and the secret is an Ed25519 key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the contract {0} has no Ed25519 signature")]
pub struct NoEd25519(ContractName);

/// Every contract there is.
#[derive(Debug, Clone, Default)]
pub struct Contracts(BTreeMap<ContractName, Contract>);

impl Contracts {
    /// Reads contract files given as (file name, text).
    pub fn load<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, InvalidContract> {
        let files = Files::new(files)?;
        files
            .iter()
            .map(|(name, file)| Ok((name.clone(), Contract::load(name, file, &files)?)))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    #[must_use]
    pub fn get(&self, name: &ContractName) -> Option<&Contract> {
        self.0.get(name)
    }

    pub fn names(&self) -> impl Iterator<Item = &ContractName> {
        self.0.keys()
    }
}

#[cfg(test)]
mod tests;
