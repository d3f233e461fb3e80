//! What a JSON body says of a webhook, with the documents' synonyms: all of a new one, or what is to
//! change of one that is there.

use std::collections::BTreeMap;

use hooklane_domain::Timestamp;
use hooklane_domain::contract::Contract;
use hooklane_domain::fields::{FieldErrors, Fields};
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::network::TargetCidrs;
use hooklane_domain::retry::RetryPolicy;
use hooklane_domain::secret::SigningSecret;
use hooklane_domain::subscription::Subscription;
use hooklane_domain::target::TargetUrl;
use hooklane_domain::webhook::{CustomHeaders, Essentials, Webhook, WebhookState};

use super::Rules;

mod read;

/// What a new webhook has that its tenant does not say.
pub(super) struct Identity {
    pub(super) id: WebhookId,
    pub(super) tenant: TenantId,
    pub(super) now: Timestamp,
    pub(super) secret: [u8; 32],
}

const DEFAULT_CONTRACT: &str = "standard";
const MAX_NAME: usize = 255;
const MAX_DESCRIPTION: usize = 1_000;
/// What answers show in the place of a header's value.
const MASK: &str = "***";

/// The fields that a body names; what it leaves out is `None`.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft<'a> {
    name: Option<String>,
    description: Option<String>,
    url: Option<TargetUrl>,
    events: Option<Vec<Subscription>>,
    secret: Option<SigningSecret>,
    contract: Option<&'a Contract>,
    headers: Option<BTreeMap<String, String>>,
    retry_policy: Option<RetryPolicy>,
    /// The list that is given; an empty one lifts the restriction.
    target_cidrs: Option<Option<TargetCidrs>>,
    active: Option<bool>,
    test_mode: Option<bool>,
}

impl<'a> Draft<'a> {
    /// Of a new webhook, which needs some of them.
    pub(super) fn of_new(body: &str, rules: Rules<'a>) -> Result<Self, FieldErrors> {
        let mut fields = Fields::of("", body)?;
        for required in ["url", "events"] {
            if !fields.has(&[required]) {
                fields.error(required, "is required");
            }
        }
        let draft = Self::read(&mut fields, rules);
        let mut errors = FieldErrors::default();
        if let (Some(headers), Some(contract)) = (&draft.headers, draft.contract_in(rules)) {
            custom_headers(headers.clone(), contract, &mut errors);
        }
        fields.merge(errors);
        fields.finish().map(|()| draft)
    }

    /// Of a webhook that is there.
    pub(super) fn of_change(body: &str, rules: Rules<'a>) -> Result<Self, FieldErrors> {
        let mut fields = Fields::of("", body)?;
        if fields.has(&["secret"]) {
            fields
                .error("secret", "is not changed here: receivers would refuse what is on its way");
        }
        let draft = Self::read(&mut fields, rules);
        fields.finish().map(|()| draft)
    }

    fn read(fields: &mut Fields, rules: Rules<'a>) -> Self {
        Self {
            name: read::text(fields, "name", 1, MAX_NAME),
            description: read::text(fields, "description", 0, MAX_DESCRIPTION),
            url: read::url(fields, rules),
            events: read::events(fields),
            secret: fields.parse(&["secret"]),
            contract: read::contract(fields, rules),
            headers: fields.read(&["headers"], "an object of strings"),
            retry_policy: read::policy(fields),
            target_cidrs: read::target_cidrs(fields),
            active: read::active(fields),
            test_mode: fields.read(&["testMode", "test_mode"], "true or false"),
        }
    }

    fn contract_in(&self, rules: Rules<'a>) -> Option<&'a Contract> {
        let default = || DEFAULT_CONTRACT.parse().ok().and_then(|name| rules.contracts.get(&name));
        self.contract.or_else(default)
    }

    /// A new webhook.
    pub(super) fn create(
        self,
        rules: Rules<'a>,
        identity: Identity,
    ) -> Result<Webhook, FieldErrors> {
        let contract = self.contract_in(rules);
        let mut errors = FieldErrors::default();
        let headers = match (contract, self.headers) {
            (Some(contract), Some(headers)) => custom_headers(headers, contract, &mut errors),
            _ => CustomHeaders::default(),
        };
        let target_cidrs = self.target_cidrs.flatten();
        if let Some(url) = &self.url {
            within(url, target_cidrs.as_ref(), rules, &mut errors);
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let (Some(url), Some(events), Some(contract), true) =
            (self.url, self.events, contract, errors.is_empty())
        else {
            errors.push("", "needs url, events and a contract");
            return Err(errors);
        };
        let Identity { id, tenant, now, secret: random } = identity;
        let generate = || SigningSecret::generate(contract.secret_form(), random);
        let new = Webhook::new(Essentials {
            id,
            tenant,
            url,
            events,
            secret: self.secret.unwrap_or_else(generate),
            contract: contract.name().clone(),
            created_at: now,
        });
        Ok(Webhook {
            name: self.name.unwrap_or(new.name),
            description: self.description,
            headers,
            target_cidrs,
            retry_policy: self.retry_policy,
            test_mode: self.test_mode.unwrap_or(false),
            state: state(self.active.unwrap_or(true)),
            ..new
        })
    }

    /// `current` with what this draft names.
    pub(super) fn apply(
        self,
        current: &Webhook,
        rules: Rules<'a>,
        now: Timestamp,
    ) -> Result<Webhook, FieldErrors> {
        let mut errors = FieldErrors::default();
        let contract = self.contract.or_else(|| rules.contracts.get(&current.contract));
        let headers = match contract {
            // Also where only the contract changes: it may set a header of its own by that name.
            Some(contract) if self.headers.is_some() || self.contract.is_some() => {
                let named = self.headers.map_or_else(
                    || owned(&current.headers),
                    |headers| with_kept_values(headers, &current.headers),
                );
                custom_headers(named, contract, &mut errors)
            }
            _ => current.headers.clone(),
        };
        // Also where only one of the two changes. What was saved and stays is the sender's to judge.
        let moves = self.url.is_some() || self.target_cidrs.is_some();
        let url = self.url.unwrap_or_else(|| current.url.clone());
        let target_cidrs = self.target_cidrs.unwrap_or_else(|| current.target_cidrs.clone());
        if moves {
            within(&url, target_cidrs.as_ref(), rules, &mut errors);
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let changed = current.clone();
        Ok(Webhook {
            name: self.name.unwrap_or(changed.name),
            description: self.description.or(changed.description),
            url,
            target_cidrs,
            events: self.events.unwrap_or(changed.events),
            contract: self.contract.map_or(changed.contract, |c| c.name().clone()),
            headers,
            retry_policy: self.retry_policy.or(changed.retry_policy),
            test_mode: self.test_mode.unwrap_or(changed.test_mode),
            state: match self.active {
                // Switching off what Hooklane switched off keeps the reason.
                Some(active) if active != current.state.is_active() => state(active),
                _ => changed.state,
            },
            updated_at: now,
            ..changed
        })
    }
}

fn state(active: bool) -> WebhookState {
    if active { WebhookState::Active } else { WebhookState::Inactive }
}

/// An address in the URL has to be within the webhook's own ranges.
fn within(url: &TargetUrl, only: Option<&TargetCidrs>, rules: Rules<'_>, errors: &mut FieldErrors) {
    if let Err(error) = url.judge_within(rules.network, only) {
        errors.push("url", error.to_string());
    }
}

/// Headers are shown masked. A client that sends back what it was shown keeps what there is.
fn with_kept_values(
    headers: BTreeMap<String, String>,
    current: &CustomHeaders,
) -> BTreeMap<String, String> {
    let kept = |name: &str| {
        current.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.to_owned())
    };
    let value = |(name, value): (String, String)| {
        let value = if value == MASK { kept(&name).unwrap_or(value) } else { value };
        (name, value)
    };
    headers.into_iter().map(value).collect()
}

fn owned(headers: &CustomHeaders) -> BTreeMap<String, String> {
    headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn custom_headers(
    headers: BTreeMap<String, String>,
    contract: &Contract,
    errors: &mut FieldErrors,
) -> CustomHeaders {
    for (name, _) in headers.iter().filter(|(_, value)| *value == MASK) {
        errors.push(format!("headers.{name}"), "is masked: send its value, or the name it has");
    }
    match CustomHeaders::new(headers.into_iter().collect(), contract) {
        Ok(headers) => headers,
        Err(wrong) => {
            for (name, error) in wrong {
                let path =
                    if name.is_empty() { "headers".to_owned() } else { format!("headers.{name}") };
                errors.push(path, error.to_string());
            }
            CustomHeaders::default()
        }
    }
}

#[cfg(test)]
mod tests;
