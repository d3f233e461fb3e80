//! What a JSON body says of a webhook, with the documents' synonyms: all of a new one, or what is to
//! change of one that is there.

use std::collections::BTreeMap;

use hooklane_catalog::TenantTypes;
use hooklane_contract::Contract;
use hooklane_domain::Timestamp;
use hooklane_domain::expression::{Filter, Transform};
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::json::fields::{FieldErrors, Fields};
use hooklane_domain::webhook::limits::{RateLimit, TimeLimit};
use hooklane_domain::webhook::network::TargetCidrs;
use hooklane_domain::webhook::secret::SigningSecret;
use hooklane_domain::webhook::subscription::Subscription;
use hooklane_domain::webhook::target::TargetUrl;
use hooklane_domain::webhook::{CustomHeaders, Essentials, Signing, Webhook, WebhookState};

use super::{Rules, trial};

mod headers;
mod read;

use headers::{custom_headers, owned, with_kept_values};
use read::WrittenPolicy;

/// What a new webhook has that its tenant does not say.
pub(super) struct Identity {
    pub(super) id: WebhookId,
    pub(super) tenant: TenantId,
    pub(super) now: Timestamp,
    pub(super) secret: [u8; 32],
}

/// What a webhook speaks where neither it nor its tenant names a contract.
const DEFAULT_CONTRACT: &str = "standard";
/// Fields that `null` does not take back: there is nothing for them to go back to.
const NEVER_NULL: [&str; 12] = [
    "name",
    "url",
    "events",
    "secret",
    "contract",
    "signing",
    "active",
    "isActive",
    "is_active",
    "status",
    "testMode",
    "test_mode",
];
const MAX_NAME: usize = 255;
const MAX_DESCRIPTION: usize = 1_000;

/// What a body says of something that a webhook may have of its own instead of its contract's.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum Override<T> {
    /// Nothing.
    #[default]
    Unsaid,
    /// `null`: back to the contract's.
    Taken,
    Own(T),
}

impl<T> Override<T> {
    fn is_said(&self) -> bool {
        !matches!(self, Self::Unsaid)
    }

    fn try_map<U, E>(self, read: impl FnOnce(T) -> Result<U, E>) -> Result<Override<U>, E> {
        Ok(match self {
            Self::Unsaid => Override::Unsaid,
            Self::Taken => Override::Taken,
            Self::Own(own) => Override::Own(read(own)?),
        })
    }

    fn over(self, current: Option<T>) -> Option<T> {
        match self {
            Self::Unsaid => current,
            Self::Taken => None,
            Self::Own(own) => Some(own),
        }
    }
}

/// The fields that a body names; what it leaves out is `None`.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft<'a> {
    name: Option<String>,
    description: Override<String>,
    url: Option<TargetUrl>,
    /// With their places in the list.
    events: Option<Vec<(usize, Subscription)>>,
    secret: Option<SigningSecret>,
    contract: Option<&'a Contract>,
    headers: Override<BTreeMap<String, String>>,
    signing: Option<Signing>,
    retry_policy: Override<WrittenPolicy>,
    timeout: Override<TimeLimit>,
    rate_limit: Override<RateLimit>,
    filter: Override<Filter>,
    transform: Override<Transform>,
    /// Taken back, or by an empty list, the restriction is lifted.
    target_cidrs: Override<TargetCidrs>,
    active: Option<bool>,
    test_mode: Option<bool>,
}

impl<'a> Draft<'a> {
    /// Of a new webhook, which needs some of them.
    pub(super) fn of_new(
        body: &str,
        rules: Rules<'a>,
        types: &TenantTypes<'_>,
    ) -> Result<Self, FieldErrors> {
        let mut fields = Fields::of("", body)?;
        for required in ["url", "events"] {
            if !fields.has(&[required]) {
                fields.error(required, "is required");
            }
        }
        let names_contract = fields.has(&["contract"]);
        let draft = Self::read(&mut fields, rules);
        let mut errors = FieldErrors::default();
        if let (Override::Own(headers), Some(contract)) = (&draft.headers, draft.contract_in(rules))
        {
            custom_headers(headers.clone(), contract, &mut errors);
        }
        if !names_contract && draft.contract_in(rules).is_none() {
            fields.error("contract", "must be named: the tenant's is not there any more");
        }
        draft.check_secret(rules, &mut errors);
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
        for name in NEVER_NULL {
            if fields.take_null(&[name]) {
                fields.error(name, "must not be null; left out, it stays as it is");
            }
        }
        let draft = Self::read(&mut fields, rules);
        fields.finish().map(|()| draft)
    }

    fn read(fields: &mut Fields, rules: Rules<'a>) -> Self {
        Self {
            name: read::text(fields, "name", 1, MAX_NAME),
            description: read::description(fields, MAX_DESCRIPTION),
            url: read::url(fields, rules),
            events: read::events(fields),
            secret: fields.parse(&["secret"]),
            contract: read::contract(fields, rules),
            headers: read::headers(fields),
            signing: fields.read(&["signing"], "hmac or ed25519"),
            retry_policy: read::policy(fields),
            timeout: read::timeout(fields),
            rate_limit: read::rate_limit(fields),
            filter: read::expression(fields, "filter"),
            transform: read::expression(fields, "transform"),
            target_cidrs: read::target_cidrs(fields),
            active: read::active(fields),
            test_mode: fields.read(&["testMode", "test_mode"], "true or false"),
        }
    }

    /// Whether the contract has signatures of the kind that is asked for, and the secret is of it.
    fn check_secret(&self, rules: Rules<'a>, errors: &mut FieldErrors) {
        let given = self.secret.as_ref().map(SigningSecret::is_ed25519);
        let asked = self.signing.map(|signing| signing == Signing::Ed25519);
        match (asked, given) {
            (Some(true), Some(false)) => {
                errors.push("secret", "must be an Ed25519 key (whsk_…) where signing is ed25519");
            }
            (Some(false), Some(true)) => {
                errors.push("secret", "is an Ed25519 key, so signing must be ed25519");
            }
            _ => {}
        }
        let Some(contract) = self.contract_in(rules) else { return };
        if asked.or(given) == Some(true) && !contract.has_ed25519() {
            let path = if asked.is_some() { "signing" } else { "secret" };
            errors.push(path, format!("the contract {} signs with hmac only", contract.name()));
        }
    }

    /// The one it names, or else its tenant's. One that its tenant names and that is no more is not
    /// replaced by another: receivers could not read what they get.
    fn contract_in(&self, rules: Rules<'a>) -> Option<&'a Contract> {
        let default = || match rules.tenant_contract {
            Some(name) => rules.contracts.get(name),
            None => DEFAULT_CONTRACT.parse().ok().and_then(|name| rules.contracts.get(&name)),
        };
        self.contract.or_else(default)
    }

    /// A new webhook.
    pub(super) fn create(
        self,
        rules: Rules<'a>,
        types: &TenantTypes<'_>,
        identity: Identity,
    ) -> Result<Webhook, FieldErrors> {
        let contract = self.contract_in(rules);
        let mut errors = FieldErrors::default();
        let headers = match (contract, self.headers) {
            (Some(contract), Override::Own(headers)) => {
                custom_headers(headers, contract, &mut errors)
            }
            _ => CustomHeaders::default(),
        };
        let target_cidrs = self.target_cidrs.over(None);
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
        let retry_policy = self.retry_policy.try_map(|policy| policy.under(Some(contract)))?;
        let Identity { id, tenant, now, secret: random } = identity;
        let generate = || match self.signing {
            Some(Signing::Ed25519) => SigningSecret::generate_ed25519(random),
            _ => SigningSecret::generate(contract.secret_form(), random),
        };
        let new = Webhook::new(Essentials {
            id,
            tenant,
            url,
            events: without_places(events),
            secret: self.secret.unwrap_or_else(generate),
            contract: contract.name().clone(),
            created_at: now,
        });
        let webhook = Webhook {
            name: self.name.unwrap_or(new.name),
            description: self.description.over(None),
            headers,
            retry_policy: retry_policy.over(None),
            timeout: self.timeout.over(None),
            rate_limit: self.rate_limit.over(None),
            filter: self.filter.over(None),
            transform: self.transform.over(None),
            target_cidrs,
            test_mode: self.test_mode.unwrap_or(false),
            state: state(self.active.unwrap_or(true)),
            ..new
        };
        trial::passed(&webhook, types).map(|()| webhook)
    }

    /// `current` with what this draft names.
    pub(super) fn apply(
        self,
        current: &Webhook,
        rules: Rules<'a>,
        types: &TenantTypes<'_>,
        now: Timestamp,
    ) -> Result<Webhook, FieldErrors> {
        let mut errors = FieldErrors::default();
        let contract = self.contract.or_else(|| rules.contracts.get(&current.contract));
        let headers = match contract {
            // Also where only the contract changes: it may set a header of its own by that name.
            Some(contract) if self.headers.is_said() || self.contract.is_some() => {
                let named = match self.headers {
                    Override::Unsaid => owned(&current.headers),
                    Override::Taken => BTreeMap::new(),
                    Override::Own(headers) => with_kept_values(headers, &current.headers),
                };
                custom_headers(named, contract, &mut errors)
            }
            _ => current.headers.clone(),
        };
        check_kept_secrets(self.signing, self.contract, current, now, &mut errors);
        // Also where only one of the two changes. What was saved and stays is the sender's to judge.
        let moves = self.url.is_some() || self.target_cidrs.is_said();
        let url = self.url.unwrap_or_else(|| current.url.clone());
        let target_cidrs = self.target_cidrs.over(current.target_cidrs.clone());
        if moves {
            within(&url, target_cidrs.as_ref(), rules, &mut errors);
        }
        // What it has it may keep, also when the type is gone by now.
        unknown(self.events.as_deref(), types, &current.events, &mut errors);
        if !errors.is_empty() {
            return Err(errors);
        }
        let retry_policy = self.retry_policy.try_map(|policy| policy.under(contract))?;
        // What was accepted stays so until somebody touches what it depends on.
        let tried = self.events.is_some()
            || self.filter != Override::Unsaid
            || self.transform != Override::Unsaid;
        let changed = current.clone();
        let webhook = Webhook {
            name: self.name.unwrap_or(changed.name),
            description: self.description.over(changed.description),
            url,
            target_cidrs,
            events: self.events.map_or(changed.events, without_places),
            contract: self.contract.map_or(changed.contract, |c| c.name().clone()),
            headers,
            retry_policy: retry_policy.over(changed.retry_policy),
            timeout: self.timeout.over(changed.timeout),
            rate_limit: self.rate_limit.over(changed.rate_limit),
            filter: self.filter.over(changed.filter),
            transform: self.transform.over(changed.transform),
            test_mode: self.test_mode.unwrap_or(changed.test_mode),
            state: match self.active {
                // Switching off what Hooklane switched off keeps the reason.
                Some(active) if active != current.state.is_active() => state(active),
                _ => changed.state,
            },
            updated_at: now,
            ..changed
        };
        if tried {
            trial::passed(&webhook, types)?;
        }
        Ok(webhook)
    }
}

/// A change of contract leaves the secrets, so the new one must have signatures of their kind.
fn check_kept_secrets(
    signing: Option<Signing>,
    contract: Option<&Contract>,
    current: &Webhook,
    now: Timestamp,
    errors: &mut FieldErrors,
) {
    if signing.is_some_and(|signing| signing != current.signing()) {
        errors.push("signing", "is changed by rotating the secret");
    }
    let mut secrets = std::iter::once(&current.secret).chain(current.retiring_at(now));
    if let Some(Err(error)) =
        contract.map(|contract| secrets.try_for_each(|secret| contract.accepts(secret)))
    {
        errors.push("contract", format!("{error}, and the webhook's secret is such a key"));
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
    types: &TenantTypes<'_>,
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

/// An address in the URL has to be within the webhook's own ranges.
fn within(url: &TargetUrl, only: Option<&TargetCidrs>, rules: Rules<'_>, errors: &mut FieldErrors) {
    if let Err(error) = url.judge_within(rules.network, only) {
        errors.push("url", error.to_string());
    }
}

#[cfg(test)]
mod tests;
