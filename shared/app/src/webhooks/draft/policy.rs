//! The retry policy of a body. What it leaves out, and what its name means, comes from the webhook's contract,
//! which may not be known yet when the body is read.

use std::collections::BTreeSet;

use hooklane_contract::Contract;
use hooklane_domain::delivery::retry::{NamedPreset, RetryPolicy, presets_in_words};
use hooklane_domain::json::fields::FieldErrors;

use crate::webhooks::Rules;

/// A retry policy as written: the name of a preset, or a valid policy.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum WrittenPolicy {
    Preset(NamedPreset),
    Policy { path: String, json: String },
}

impl WrittenPolicy {
    pub(super) fn read(path: &str, json: &str) -> Result<Self, FieldErrors> {
        if let Some(named) = NamedPreset::read(path, json)? {
            return Ok(Self::Preset(named));
        }
        RetryPolicy::read(path, json)?;
        Ok(Self::Policy { path: path.to_owned(), json: json.to_owned() })
    }

    /// The policy under the webhook's contract: completed by it, or the preset that it or the contract of the
    /// tenant calls by this name.
    pub(super) fn under(
        &self,
        contract: Option<&Contract>,
        rules: Rules<'_>,
    ) -> Result<RetryPolicy, FieldErrors> {
        match (self, contract) {
            (Self::Preset(named), _) => preset(named, contract, rules),
            (Self::Policy { path, json }, Some(contract)) => {
                RetryPolicy::read_under(contract.retry(), path, json)
            }
            (Self::Policy { path, json }, None) => RetryPolicy::read(path, json),
        }
    }
}

fn preset(
    named: &NamedPreset,
    contract: Option<&Contract>,
    rules: Rules<'_>,
) -> Result<RetryPolicy, FieldErrors> {
    let name = named.name.as_str();
    if let Some(policy) = RetryPolicy::preset(name) {
        return Ok(policy);
    }
    let tenants = rules.contracts.get(rules.contract_of_tenant());
    let known: Vec<&Contract> = contract.into_iter().chain(tenants).collect();
    if let Some(policy) = known.iter().find_map(|contract| contract.preset(name)) {
        return Ok(policy.clone());
    }
    let own: BTreeSet<&str> = known.iter().flat_map(|contract| contract.preset_names()).collect();
    let mut choices = presets_in_words();
    for name in own {
        choices.push_str(", ");
        choices.push_str(name);
    }
    // The word of one platform guide means something else to most others, so nobody else gets its policy.
    let elsewhere = rules.contracts.iter().find_map(|other| Some((other, other.preset(name)?)));
    if let Some((other, policy)) = elsewhere {
        let summary = policy.summary();
        let only = format!("; {name} is a preset of the contract {} only: {summary}", other.name());
        choices.push_str(&only);
    }
    Err(named.unknown(&choices))
}
