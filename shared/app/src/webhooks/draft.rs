//! What a JSON body says of a webhook: everything of a new one, or what is to change of an existing one.
//! The names that the platform guides give the fields are understood, too.
//!
//! [`read`] reads each field, [`rules`] checks them against the rules of this deployment, and [`apply`]
//! makes the webhook.

use std::collections::BTreeMap;

use hooklane_catalog::TenantTypes;
use hooklane_contract::Contract;
use hooklane_domain::expression::{Filter, Transform};
use hooklane_domain::ids::ExternalId;
use hooklane_domain::json::fields::{FieldErrors, Fields};
use hooklane_domain::webhook::limits::{RateLimit, TimeLimit};
use hooklane_domain::webhook::network::TargetCidrs;
use hooklane_domain::webhook::secret::SigningSecret;
use hooklane_domain::webhook::subscription::Subscription;
use hooklane_domain::webhook::target::TargetUrl;
use hooklane_domain::webhook::{Metadata, Signing};
use serde_json::{Map, Value};

use super::Rules;
use super::new_types::NewTypes;

mod apply;
mod headers;
mod patch;
mod policy;
mod read;
mod rules;

pub(super) use apply::{Identity, NewDraft};
use patch::Patch;
use policy::WrittenPolicy;

/// Fields that a change may not set to `null`, since a webhook cannot be without them.
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
/// What nobody can set, with the names that answers give it.
const READ_ONLY: [&str; 4] = ["id", "createdAt", "updatedAt", "publicKey"];
/// What changes by itself, follows from another field, or was said about an earlier request, so that it may be out of
/// date.
const OUT_OF_DATE: [&str; 3] = ["health", "retryPreset", "warnings"];
const MAX_NAME: usize = 255;
const MAX_DESCRIPTION: usize = 1_000;

/// The fields that a body names.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft<'a> {
    external_id: Patch<ExternalId>,
    name: Option<String>,
    description: Patch<String>,
    metadata: Patch<Metadata>,
    url: Option<TargetUrl>,
    /// Each with its index in the body.
    events: Option<Vec<(usize, Subscription)>>,
    secret: Option<SigningSecret>,
    contract: Option<&'a Contract>,
    headers: Patch<BTreeMap<String, String>>,
    signing: Option<Signing>,
    retry_policy: Patch<WrittenPolicy>,
    timeout: Patch<TimeLimit>,
    rate_limit: Patch<RateLimit>,
    filter: Patch<Filter>,
    transform: Patch<Transform>,
    target_cidrs: Patch<TargetCidrs>,
    active: Option<bool>,
    test_mode: Option<bool>,
    new_types: NewTypes,
}

impl<'a> Draft<'a> {
    /// Reads the body of a new webhook.
    pub(super) fn of_new(
        body: &str,
        rules: Rules<'a>,
        types: &TenantTypes<'_>,
    ) -> Result<NewDraft<'a>, FieldErrors> {
        let mut fields = Fields::of("", body)?;
        for required in ["url", "events"] {
            if !fields.has(&[required]) {
                fields.error(required, "is required");
            }
        }
        let names_contract = fields.has(&["contract"]);
        let mut draft = Self::read(&mut fields, rules);
        let contract = draft.contract_under(rules);
        let mut errors = FieldErrors::default();
        if let (Patch::Value(headers), Some(contract)) = (&draft.headers, contract) {
            headers::custom_headers(headers.clone(), contract, &mut errors);
        }
        if !names_contract && contract.is_none() {
            fields.error("contract", "is required: the tenant's contract is no longer available");
        }
        if let (Patch::Value(policy), Some(_)) = (&draft.retry_policy, contract)
            && let Err(wrong) = policy.under(contract, rules)
        {
            errors.extend(wrong);
        }
        draft.check_new_secret(contract, &mut errors);
        draft.check_events(types, &[], &mut errors);
        fields.merge(errors);
        let errors = fields.finish().err().unwrap_or_default();
        match (draft.url.take(), draft.events.take(), contract) {
            (Some(url), Some(events), Some(contract)) if errors.is_empty() => {
                let events = apply::without_indexes(events);
                Ok(NewDraft { url, events, contract, rest: draft })
            }
            _ => Err(errors),
        }
    }

    /// Reads the body of a change of the webhook that clients see as `shown`; `None` if it changes nothing.
    /// What is in both as it is says nothing: so a client can send back what it read.
    pub(super) fn of_change(
        body: &str,
        rules: Rules<'a>,
        shown: &Map<String, Value>,
    ) -> Result<Option<Self>, FieldErrors> {
        let mut fields = Fields::of("", body)?;
        fields.drop_unchanged(shown);
        for name in READ_ONLY {
            fields.read_only(&[name]);
        }
        for name in OUT_OF_DATE {
            fields.take(&[name]);
        }
        if fields.is_empty() {
            return fields.finish().map(|()| None);
        }
        if fields.has(&["secret"]) {
            let message = "cannot be changed by an update: use rotate-secret, so that receivers can still verify requests in flight";
            fields.error("secret", message);
        }
        for name in NEVER_NULL {
            if fields.take_null(&[name]) {
                fields.error(name, "must not be null; leave it out to keep its value");
            }
        }
        let draft = Self::read(&mut fields, rules);
        fields.finish().map(|()| Some(draft))
    }

    fn read(fields: &mut Fields, rules: Rules<'a>) -> Self {
        Self {
            external_id: read::external_id(fields),
            metadata: read::metadata(fields),
            name: read::text(fields, "name", 1, MAX_NAME),
            description: read::optional_text(fields, "description", MAX_DESCRIPTION),
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
            new_types: NewTypes::read(fields),
        }
    }
}

/// The subscriptions in a body, as far as they can be read.
pub(super) fn subscriptions_in(body: &str) -> Vec<Subscription> {
    let names = Fields::of("", body)
        .ok()
        .and_then(|mut fields| fields.read_list::<String>(&["events"], "", read::MAX_EVENTS, ""));
    names.unwrap_or_default().iter().filter_map(|name| name.parse().ok()).collect()
}

#[cfg(test)]
mod tests;
