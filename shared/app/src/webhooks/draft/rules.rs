//! Checks what was read against the rules: contracts, secrets, event types, address ranges.

use hooklane_catalog::TenantTypes;
use hooklane_contract::{Contract, UnfitSecret};
use hooklane_domain::Timestamp;
use hooklane_domain::json::fields::FieldErrors;
use hooklane_domain::webhook::network::TargetCidrs;
use hooklane_domain::webhook::secret::SigningSecret;
use hooklane_domain::webhook::subscription::Subscription;
use hooklane_domain::webhook::target::TargetUrl;
use hooklane_domain::webhook::{Signing, Webhook};

use super::Draft;
use crate::webhooks::Rules;

impl<'a> Draft<'a> {
    /// The contract that the body names, or else the tenant's. If the tenant's is no longer in this
    /// build there is none: with any other contract, receivers could not read what they get.
    pub(super) fn contract_under(&self, rules: Rules<'a>) -> Option<&'a Contract> {
        self.contract.or_else(|| rules.contracts.get(rules.contract_of_tenant()))
    }

    /// Checks that the contract can read the secret, that it is of the requested kind, and that the contract
    /// has signatures of it.
    pub(super) fn check_new_secret(&self, contract: Option<&Contract>, errors: &mut FieldErrors) {
        if let (Some(secret), Some(contract)) = (&self.secret, contract)
            && let Err(malformed @ UnfitSecret::Malformed(_)) = contract.accepts(secret)
        {
            return errors.push("secret", malformed.to_string());
        }
        let given = self.secret.as_ref().map(SigningSecret::is_ed25519);
        let requested = self.signing.map(|signing| signing == Signing::Ed25519);
        match (requested, given) {
            (Some(true), Some(false)) => {
                errors.push("secret", "must be an Ed25519 key (whsk_…) if signing is ed25519");
            }
            (Some(false), Some(true)) => {
                errors.push("secret", "is an Ed25519 key, so signing must be ed25519");
            }
            _ => {}
        }
        let Some(contract) = contract else { return };
        if requested.or(given) == Some(true) && !contract.has_ed25519() {
            let path = if requested.is_some() { "signing" } else { "secret" };
            errors.push(path, format!("the contract {} signs with hmac only", contract.name()));
        }
    }

    /// Checks that the webhook's secrets, which a change keeps, fit the kind of signature and the
    /// contract that the body names.
    pub(super) fn check_kept_secrets(
        &self,
        current: &Webhook,
        now: Timestamp,
        errors: &mut FieldErrors,
    ) {
        if self.signing.is_some_and(|signing| signing != current.signing()) {
            errors.push("signing", "can only be changed by rotating the secret");
        }
        let Some(contract) = self.contract else { return };
        let mut secrets = std::iter::once(&current.secret).chain(current.retiring_at(now));
        let message = match secrets.try_for_each(|secret| contract.accepts(secret)) {
            Ok(()) => return,
            Err(error @ UnfitSecret::NoEd25519(_)) => {
                format!("{error}, but the webhook's secret is an Ed25519 key")
            }
            Err(UnfitSecret::Malformed(why)) => {
                let name = contract.name();
                format!("cannot be {name} before the webhook's secret is rotated: it {why}")
            }
        };
        errors.push("contract", message);
    }

    /// Checks that the tenant has the event types. Those in `kept` need not exist: a webhook may
    /// keep a subscription to a type that was removed.
    pub(super) fn check_events(
        &self,
        types: &TenantTypes<'_>,
        kept: &[Subscription],
        errors: &mut FieldErrors,
    ) {
        for (index, event) in self.events.as_deref().unwrap_or_default() {
            if let Some(refusal) = types.refusal(event)
                && !kept.contains(event)
                && !self.new_types.allow(event)
            {
                errors.push(format!("events[{index}]"), refusal);
            }
        }
    }
}

/// Checks that an address in the URL is within the webhook's own ranges.
pub(super) fn check_ranges(
    url: &TargetUrl,
    ranges: Option<&TargetCidrs>,
    rules: Rules<'_>,
    errors: &mut FieldErrors,
) {
    if let Err(error) = url.judge_within(rules.network, ranges) {
        errors.push("url", error.to_string());
    }
}
