//! A contract: how deliveries look on the wire, how they are retried, and how the API answers.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use hooklane_domain::delivery::retry::RetryPolicy;
use hooklane_domain::ids::{ContractName, EventType};
use hooklane_domain::inbox::{Arrival, Verdict};
use hooklane_domain::webhook::limits::{RateLimit, TimeLimit};
use hooklane_domain::webhook::secret::{InvalidSecret, SecretForm, SigningSecret};
use hooklane_domain::webhook::{CustomHeaders, InvalidHeader, Webhook};
use serde_json::Value;

use crate::answers::ApiShape;
use crate::files::{File, Files, InvalidContract};
use crate::portal::PortalWords;
use crate::request::{Checked, Outline, RequestFormat, Subject, WireRequest};

mod load;

/// What one contract file says, including what it takes over from the files that it extends.
#[derive(Debug, Clone)]
pub struct Contract {
    name: ContractName,
    description: String,
    timeout: Duration,
    gone_disables: bool,
    retry: RetryPolicy,
    presets: BTreeMap<String, RetryPolicy>,
    rate_limit: Option<RateLimit>,
    request: RequestFormat,
    api: Option<ApiShape>,
    portal: Option<PortalWords>,
}

impl Contract {
    #[must_use]
    pub fn name(&self) -> &ContractName {
        &self.name
    }

    /// What its file says about it.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The time limit of one attempt, including the time to connect.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Whether a receiver that answers 410 disables its webhook.
    #[must_use]
    pub fn gone_disables(&self) -> bool {
        self.gone_disables
    }

    /// The retry policy of webhooks that have none of their own.
    #[must_use]
    pub fn retry(&self) -> &RetryPolicy {
        &self.retry
    }

    /// The retry policy that its platform guide calls by this name.
    #[must_use]
    pub fn preset(&self, name: &str) -> Option<&RetryPolicy> {
        self.presets.get(name)
    }

    /// The names that its platform guide has for retry policies, beside those that every webhook may use.
    pub fn preset_names(&self) -> impl Iterator<Item = &str> {
        self.presets.keys().map(String::as_str)
    }

    /// The retry policy of a webhook: its own, or else the contract's.
    #[must_use]
    pub fn retry_of<'a>(&'a self, webhook: &'a Webhook) -> &'a RetryPolicy {
        webhook.retry_policy.as_ref().unwrap_or(&self.retry)
    }

    /// The rate limit of webhooks that have none of their own, if there is one.
    #[must_use]
    pub fn rate_limit(&self) -> Option<RateLimit> {
        self.rate_limit
    }

    /// How the contract reads a shared secret as a key.
    #[must_use]
    pub fn secret_form(&self) -> SecretForm {
        self.request.secret_form()
    }

    /// How the API answers this contract's clients; `None` for the canonical answers.
    #[must_use]
    pub fn api(&self) -> Option<&ApiShape> {
        self.api.as_ref()
    }

    /// What the portal shows under the names of the platform guide, if it has any.
    #[must_use]
    pub fn portal(&self) -> Option<&PortalWords> {
        self.portal.as_ref()
    }

    /// Whether webhooks may sign with an Ed25519 key.
    #[must_use]
    pub fn has_ed25519(&self) -> bool {
        self.request.has_ed25519()
    }

    /// Whether the contract can read this secret as a key, and has signatures of its kind.
    pub fn accepts(&self, secret: &SigningSecret) -> Result<(), UnfitSecret> {
        if secret.is_ed25519() && !self.has_ed25519() {
            return Err(UnfitSecret::NoEd25519(self.name.clone()));
        }
        Ok(secret.fits(self.secret_form(), self.has_ed25519())?)
    }

    /// Writes and signs the request of one attempt.
    #[must_use]
    pub fn request(&self, subject: Subject<'_>) -> WireRequest {
        self.request.write(subject)
    }

    /// The signature in words, for people who write a receiver: what is signed, with which key, and how
    /// it is written. Each line starts with `#`.
    #[must_use]
    pub fn explain_signature(&self, secret: &str) -> String {
        self.request.explain_signature(secret)
    }

    /// What the requests of an event type look like, whose data has this schema.
    #[must_use]
    pub fn outline(&self, event_type: &EventType, data: &Value) -> Outline {
        self.request.outline(event_type, data)
    }

    /// Whether the contract itself sets this header, given in lower case. The header with the new
    /// signature in a rotation's overlap counts at any time.
    #[must_use]
    pub fn sets_header(&self, lower: &str) -> bool {
        self.request.sets_header(lower)
    }

    /// Checks a webhook's custom headers, of which none may be one that this contract sets.
    pub fn custom_headers(
        &self,
        headers: Vec<(String, String)>,
    ) -> Result<CustomHeaders, Vec<(String, InvalidHeader)>> {
        CustomHeaders::new(headers, |lower| self.sets_header(lower).then(|| self.name.clone()))
    }

    /// The time limit of an attempt of a webhook: its own, or else the contract's.
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

/// Why a contract cannot sign with a secret; may be shown to the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnfitSecret {
    /// The secret is an Ed25519 key, and the contract signs with shared secrets only.
    #[error("the contract {0} has no Ed25519 signature")]
    NoEd25519(ContractName),
    /// The secret has a form that the contract reads, and is malformed.
    #[error(transparent)]
    Malformed(#[from] InvalidSecret),
}

/// All contracts. Those of a build are read when they are first asked for: an instance meets few of them.
#[derive(Debug, Clone, Default)]
pub struct Contracts {
    known: BTreeMap<ContractName, OnceLock<Contract>>,
    /// The checked files of a build, as (file name, text).
    files: &'static [(&'static str, &'static str)],
}

impl Contracts {
    /// Reads contract files given as (file name, text).
    pub fn load<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, InvalidContract> {
        let files = Files::new(files)?;
        let read = |(name, file): (&ContractName, File<'a>)| {
            Ok((name.clone(), Contract::load(name, file, &files)?.into()))
        };
        Ok(Self { known: files.iter().map(read).collect::<Result<_, _>>()?, files: &[] })
    }

    /// Takes files that a build script has read by [`Contracts::load`]. Only their names are read now.
    pub fn of_checked(
        files: &'static [(&'static str, &'static str)],
    ) -> Result<Self, InvalidContract> {
        let named = Files::new(files.iter().copied())?;
        let known = named.iter().map(|(name, _)| (name.clone(), OnceLock::new())).collect();
        Ok(Self { known, files })
    }

    #[must_use]
    pub fn get(&self, name: &ContractName) -> Option<&Contract> {
        Some(self.known.get(name)?.get_or_init(|| self.read(name)))
    }

    fn read(&self, name: &ContractName) -> Contract {
        let read = Files::new(self.files.iter().copied()).and_then(|files| {
            files.get(name).map(|file| Contract::load(name, file, &files)).transpose()
        });
        match read {
            Ok(Some(contract)) => contract,
            wrong => unreachable!("the build script has read the same files: {wrong:?}"),
        }
    }

    /// The rate limit of a webhook, if there is one: its own, or else its contract's.
    #[must_use]
    pub fn rate_limit_of(&self, webhook: &Webhook) -> Option<RateLimit> {
        let contract = self.get(&webhook.contract);
        contract.map_or(webhook.rate_limit, |contract| contract.rate_limit_of(webhook))
    }

    /// What the signature of a request says, of which any of these webhooks may be the sender: each under its
    /// contract, with its secret and the one that retires.
    #[must_use]
    pub fn verdict(&self, webhooks: &[Webhook], arrival: Arrival<'_>) -> Verdict {
        let said = webhooks.iter().filter_map(|webhook| {
            let checked = self.get(&webhook.contract)?.request.check(webhook, arrival);
            Some(match checked {
                Checked::Valid(secret) => Verdict::Verified { webhook: webhook.id, secret },
                Checked::Stale(seconds) => Verdict::Stale { webhook: webhook.id, seconds },
                Checked::Wrong => Verdict::WrongSignature,
                Checked::Unsigned => Verdict::NotSigned,
            })
        });
        said.reduce(Verdict::or).unwrap_or(Verdict::NoWebhook)
    }

    /// Whether a delivery under any contract has its signature in this header, given in lower case.
    #[must_use]
    pub fn sign_in(&self, lower: &str) -> bool {
        self.iter().any(|contract| contract.request.signs_in(lower))
    }

    pub fn names(&self) -> impl Iterator<Item = &ContractName> {
        self.known.keys()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Contract> {
        self.names().filter_map(|name| self.get(name))
    }
}
