//! Makes a webhook from a draft: a new one, or a changed one.

use std::collections::BTreeMap;

use hooklane_catalog::TenantTypes;
use hooklane_contract::Contract;
use hooklane_domain::Timestamp;
use hooklane_domain::ids::{TenantId, WebhookId};
use hooklane_domain::json::fields::FieldErrors;
use hooklane_domain::webhook::secret::SigningSecret;
use hooklane_domain::webhook::subscription::Subscription;
use hooklane_domain::webhook::target::TargetUrl;
use hooklane_domain::webhook::{CustomHeaders, Essentials, Signing, Webhook, WebhookState};

use super::headers::{check_origin, custom_headers, owned, with_kept_values};
use super::rules::check_ranges;
use super::{Draft, Patch};
use crate::webhooks::{Rules, expressions};

/// A draft of a new webhook, with the parts that every webhook has.
#[derive(Debug)]
pub(crate) struct NewDraft<'a> {
    pub(super) url: TargetUrl,
    pub(super) events: Vec<Subscription>,
    pub(super) contract: &'a Contract,
    pub(super) rest: Draft<'a>,
}

/// What a new webhook gets from Hooklane rather than from the body.
pub(crate) struct Identity {
    pub(crate) id: WebhookId,
    pub(crate) tenant: TenantId,
    pub(crate) now: Timestamp,
    /// The random bytes of a secret.
    pub(crate) secret: [u8; 32],
}

impl<'a> NewDraft<'a> {
    /// The new webhook: one with every default, changed by the rest of the draft.
    pub(crate) fn create(
        self,
        rules: Rules<'a>,
        types: &TenantTypes<'_>,
        identity: Identity,
    ) -> Result<Webhook, FieldErrors> {
        let Self { url, events, contract, rest } = self;
        let Identity { id, tenant, now, secret: random } = identity;
        let generate = || match rest.signing {
            Some(Signing::Ed25519) => SigningSecret::generate_ed25519(random),
            _ => SigningSecret::generate(contract.secret_form(), random),
        };
        let secret = rest.secret.clone().unwrap_or_else(generate);
        let contract = contract.name().clone();
        let new =
            Webhook::new(Essentials { id, tenant, url, events, secret, contract, created_at: now });
        rest.apply(&new, rules, types, now)
    }
}

impl<'a> Draft<'a> {
    /// `current`, changed by what this draft names.
    pub(crate) fn apply(
        self,
        current: &Webhook,
        rules: Rules<'a>,
        types: &TenantTypes<'_>,
        now: Timestamp,
    ) -> Result<Webhook, FieldErrors> {
        let mut errors = FieldErrors::default();
        let contract = self.contract.or_else(|| rules.contracts.get(&current.contract));
        let headers = self.headers_over(&current.headers, contract, &mut errors);
        if let Some(url) = &self.url {
            check_origin(url, &self.headers, current, &mut errors);
        }
        self.check_kept_secrets(current, now, &mut errors);
        // The two depend on each other. A URL and ranges that both stay were checked when they were
        // saved, and the sender checks the address of every attempt.
        if self.url.is_some() || !self.target_cidrs.is_absent() {
            let url = self.url.as_ref().unwrap_or(&current.url);
            let ranges = self.target_cidrs.clone().over(current.target_cidrs.clone());
            check_ranges(url, ranges.as_ref(), rules, &mut errors);
        }
        self.check_events(types, &current.events, &mut errors);
        let retry_policy = self.retry_policy.clone();
        let retry_policy = retry_policy.try_map(|policy| policy.under(contract, rules));
        let retry_policy = retry_policy.unwrap_or_else(|wrong| {
            errors.extend(wrong);
            Patch::Absent
        });
        if !errors.is_empty() {
            return Err(errors);
        }
        // Expressions that were accepted stay accepted until they or `events` change. A new webhook's
        // `events` are not in the draft, but its filter and transform are, if it has any.
        let check_expressions =
            self.events.is_some() || !self.filter.is_absent() || !self.transform.is_absent();
        let kept = current.clone();
        let webhook = Webhook {
            external_id: self.external_id.over(kept.external_id),
            metadata: self.metadata.over(Some(kept.metadata)).unwrap_or_default(),
            name: self.name.unwrap_or(kept.name),
            description: self.description.over(kept.description),
            url: self.url.unwrap_or(kept.url),
            target_cidrs: self.target_cidrs.over(kept.target_cidrs),
            events: self.events.map_or(kept.events, without_indexes),
            contract: self.contract.map_or(kept.contract, |contract| contract.name().clone()),
            headers,
            retry_policy: retry_policy.over(kept.retry_policy),
            timeout: self.timeout.over(kept.timeout),
            rate_limit: self.rate_limit.over(kept.rate_limit),
            filter: self.filter.over(kept.filter),
            transform: self.transform.over(kept.transform),
            test_mode: self.test_mode.unwrap_or(kept.test_mode),
            state: switched(kept.state, self.active),
            updated_at: now,
            ..kept
        };
        if check_expressions {
            expressions::check(&webhook, types)?;
        }
        Ok(webhook)
    }

    /// The custom headers after the change. They are checked also where only the contract changes: the
    /// new contract may set a header of the same name.
    fn headers_over(
        &self,
        current: &CustomHeaders,
        contract: Option<&Contract>,
        errors: &mut FieldErrors,
    ) -> CustomHeaders {
        let Some(contract) = contract else { return current.clone() };
        let headers = match &self.headers {
            Patch::Absent if self.contract.is_none() => return current.clone(),
            Patch::Absent => owned(current),
            Patch::Null => BTreeMap::new(),
            Patch::Value(headers) => with_kept_values(headers.clone(), current),
        };
        custom_headers(headers, contract, errors)
    }
}

/// The state after a webhook was switched on or off. Switching off what Hooklane or its tenant has
/// stopped already keeps the reason.
fn switched(current: WebhookState, active: Option<bool>) -> WebhookState {
    match active {
        Some(active) if active == current.is_active() => current,
        Some(true) => WebhookState::Active,
        Some(false) => WebhookState::Inactive,
        None => current,
    }
}

pub(super) fn without_indexes(events: Vec<(usize, Subscription)>) -> Vec<Subscription> {
    events.into_iter().map(|(_, event)| event).collect()
}
