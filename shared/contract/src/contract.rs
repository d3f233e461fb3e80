//! Contracts: the wire format is data.
//!
//! A contract is a TOML file that says how a delivery looks on the wire; `docs/contracts.md` describes
//! the format. Nothing here knows the name of any of them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use hooklane_domain::delivery::retry::RetryPolicy;
use hooklane_domain::ids::ContractName;
use hooklane_domain::webhook::limits::{RateLimit, TimeLimit};
use hooklane_domain::webhook::secret::{SecretForm, SigningSecret};
use hooklane_domain::webhook::{CustomHeaders, InvalidHeader, Webhook};

use crate::body::BodyTemplate;
use crate::shape::ApiShape;
use crate::source::{Files, InvalidContract};
use crate::template::Template;

mod explain;
mod load;
mod request;

pub use request::{Subject, WireRequest};

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
                    && next_name(name).eq_ignore_ascii_case(lower)
        })
    }

    /// Checks a webhook's headers against the protocol and this contract.
    pub fn custom_headers(
        &self,
        headers: Vec<(String, String)>,
    ) -> Result<CustomHeaders, Vec<(String, InvalidHeader)>> {
        CustomHeaders::new(headers, |lower| self.sets_header(lower).then(|| self.name.clone()))
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

/// The header that carries the new signature in a rotation's overlap, where `name` carries one only.
fn next_name(name: &str) -> String {
    format!("{name}-Next")
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

    /// The rate limit that holds for a webhook, if there is one: its own, or else that of its contract.
    #[must_use]
    pub fn rate_limit_of(&self, webhook: &Webhook) -> Option<RateLimit> {
        let contract = self.get(&webhook.contract);
        contract.map_or(webhook.rate_limit, |contract| contract.rate_limit_of(webhook))
    }

    pub fn names(&self) -> impl Iterator<Item = &ContractName> {
        self.0.keys()
    }
}

#[cfg(test)]
mod tests;
