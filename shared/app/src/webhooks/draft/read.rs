//! Reads the fields of a webhook's body, one function each.

use hooklane_domain::contract::{Contract, ContractName};
use hooklane_domain::fields::Fields;
use hooklane_domain::network::TargetCidrs;
use hooklane_domain::retry::RetryPolicy;
use hooklane_domain::subscription::Subscription;
use hooklane_domain::target::TargetUrl;

use super::super::Rules;

const MAX_EVENTS: usize = 100;

pub(super) fn text(fields: &mut Fields, name: &str, least: usize, most: usize) -> Option<String> {
    let text = fields.read::<String>(&[name], "a string")?;
    if (least..=most).contains(&text.chars().count()) {
        return Some(text);
    }
    fields.error(name, format!("must have {least} to {most} characters"));
    None
}

pub(super) fn url(fields: &mut Fields, rules: Rules<'_>) -> Option<TargetUrl> {
    let text = fields.read::<String>(&["url"], "a string")?;
    TargetUrl::parse(&text, rules.network).map_err(|e| fields.error("url", e.to_string())).ok()
}

/// An empty list lifts the restriction.
pub(super) fn target_cidrs(fields: &mut Fields) -> Option<Option<TargetCidrs>> {
    let texts =
        fields.read::<Vec<String>>(&["targetCidrs", "target_cidrs"], "a list of address ranges")?;
    if texts.is_empty() {
        return Some(None);
    }
    match TargetCidrs::new(&texts) {
        Ok(ranges) => Some(Some(ranges)),
        Err(wrong) => {
            for (index, error) in wrong {
                let index = index.map(|index| format!("[{index}]")).unwrap_or_default();
                fields.error(&format!("targetCidrs{index}"), error.to_string());
            }
            None
        }
    }
}

pub(super) fn events(fields: &mut Fields) -> Option<Vec<Subscription>> {
    let names = fields.read::<Vec<String>>(&["events"], "a list of event types")?;
    if names.is_empty() || names.len() > MAX_EVENTS {
        fields.error("events", format!("must name 1 to {MAX_EVENTS} event types"));
    }
    let mut events: Vec<Subscription> = Vec::new();
    for (i, name) in names.iter().enumerate() {
        match name.parse() {
            Ok(event) if events.contains(&event) => {}
            Ok(event) => events.push(event),
            Err(_) => fields.error(
                &format!("events[{i}]"),
                "must be an event type such as user.created, user.* or *",
            ),
        }
    }
    Some(events)
}

pub(super) fn contract<'a>(fields: &mut Fields, rules: Rules<'a>) -> Option<&'a Contract> {
    let name = fields.read::<String>(&["contract"], "a string")?;
    let found = name.parse::<ContractName>().ok().and_then(|name| rules.contracts.get(&name));
    if found.is_none() {
        let names: Vec<_> = rules.contracts.names().map(ContractName::as_str).collect();
        fields.error("contract", format!("must be one of {}", names.join(", ")));
    }
    found
}

pub(super) fn policy(fields: &mut Fields) -> Option<RetryPolicy> {
    let field = fields.take(&["retryPolicy", "retry_policy"])?;
    match RetryPolicy::read(&field.path, field.raw.get()) {
        Ok(policy) => Some(policy),
        Err(errors) => {
            fields.merge(errors);
            None
        }
    }
}

/// `active`, `isActive` and `status` say the same.
pub(super) fn active(fields: &mut Fields) -> Option<bool> {
    let active = fields.read::<bool>(&["active", "isActive", "is_active"], "true or false");
    let status = fields.read::<String>(&["status"], "a string");
    let status = match status.as_deref() {
        None => None,
        Some("active") => Some(true),
        Some("inactive") => Some(false),
        Some(_) => {
            fields.error("status", "must be active or inactive");
            None
        }
    };
    if active.is_some() && status.is_some() {
        fields.error("status", "says the same as active; send one of them");
    }
    active.or(status)
}
