//! What a JSON body says of a webhook, with the documents' synonyms: all of a new one, or what is to
//! change of one that is there.

use std::collections::BTreeMap;

use hooklane_domain::Timestamp;
use hooklane_domain::catalog::Known;
use hooklane_domain::contract::Contract;
use hooklane_domain::fields::{FieldErrors, Fields};
use hooklane_domain::ids::{TenantId, WebhookId};
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
    /// With their places in the list.
    events: Option<Vec<(usize, Subscription)>>,
    secret: Option<SigningSecret>,
    contract: Option<&'a Contract>,
    headers: Option<BTreeMap<String, String>>,
    retry_policy: Option<RetryPolicy>,
    active: Option<bool>,
    test_mode: Option<bool>,
}

impl<'a> Draft<'a> {
    /// Of a new webhook, which needs some of them.
    pub(super) fn of_new(
        body: &str,
        rules: Rules<'a>,
        types: &Known<'_>,
    ) -> Result<Self, FieldErrors> {
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
        unknown(draft.events.as_deref(), types, &[], &mut errors);
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
            events: without_places(events),
            secret: self.secret.unwrap_or_else(generate),
            contract: contract.name().clone(),
            created_at: now,
        });
        Ok(Webhook {
            name: self.name.unwrap_or(new.name),
            description: self.description,
            headers,
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
        types: &Known<'_>,
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
        // What it has it may keep, also when the type is gone by now.
        unknown(self.events.as_deref(), types, &current.events, &mut errors);
        if !errors.is_empty() {
            return Err(errors);
        }
        let changed = current.clone();
        Ok(Webhook {
            name: self.name.unwrap_or(changed.name),
            description: self.description.or(changed.description),
            url: self.url.unwrap_or(changed.url),
            events: self.events.map_or(changed.events, without_places),
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

/// The subscriptions that a body names, as far as they can be read.
pub(super) fn wanted(body: &str) -> Vec<Subscription> {
    let names = Fields::of("", body)
        .ok()
        .and_then(|mut fields| fields.read::<Vec<String>>(&["events"], "a list of event types"));
    names.unwrap_or_default().iter().filter_map(|name| name.parse().ok()).collect()
}

fn unknown(
    events: Option<&[(usize, Subscription)]>,
    types: &Known<'_>,
    kept: &[Subscription],
    errors: &mut FieldErrors,
) {
    for (place, event) in events.unwrap_or_default() {
        if let Some(refusal) = types.refusal(event)
            && !kept.contains(event)
        {
            errors.push(format!("events[{place}]"), refusal);
        }
    }
}

fn without_places(events: Vec<(usize, Subscription)>) -> Vec<Subscription> {
    events.into_iter().map(|(_, event)| event).collect()
}

fn state(active: bool) -> WebhookState {
    if active { WebhookState::Active } else { WebhookState::Inactive }
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
