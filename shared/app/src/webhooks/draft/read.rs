//! Reads the fields of a webhook's body, one function for each.

use std::collections::BTreeMap;

use hooklane_contract::Contract;
use hooklane_domain::expression::InvalidExpression;
use hooklane_domain::ids::{ContractName, ExternalId, InvalidId};
use hooklane_domain::json::RawJson;
use hooklane_domain::json::fields::{FieldErrors, Fields};
use hooklane_domain::json::whole::Whole;
use hooklane_domain::webhook::headers::{InvalidHeader, MAX_HEADERS};
use hooklane_domain::webhook::limits::{InvalidLimit, RateLimit, TimeLimit};
use hooklane_domain::webhook::metadata::{InvalidMetadata, MAX_ENTRIES, Metadata};
use hooklane_domain::webhook::network::{InvalidRange, MAX_RANGES, TargetCidrs};
use hooklane_domain::webhook::subscription::Subscription;
use hooklane_domain::webhook::target::TargetUrl;

use super::Patch;
use super::policy::WrittenPolicy;
use crate::webhooks::Rules;

pub(super) const MAX_EVENTS: usize = 100;

pub(super) fn text(fields: &mut Fields, name: &str, least: usize, most: usize) -> Option<String> {
    let text = fields.read::<String>(&[name], "a string")?;
    if (least..=most).contains(&text.chars().count()) {
        return Some(text);
    }
    fields.error(name, format!("must have {least} to {most} characters"));
    None
}

/// A text that a webhook may do without.
pub(super) fn optional_text(fields: &mut Fields, name: &str, most: usize) -> Patch<String> {
    let is_null = fields.take_null(&[name]);
    match text(fields, name, 0, most) {
        Some(text) => Patch::Value(text),
        None if is_null => Patch::Null,
        None => Patch::Absent,
    }
}

/// An object of names and values.
pub(super) fn headers(fields: &mut Fields) -> Patch<BTreeMap<String, String>> {
    optional(fields, &["headers"], |path, json| {
        texts(path, json, MAX_HEADERS, &InvalidHeader::TooMany.to_string())
    })
}

/// An object of at most `most` texts. A map would keep the last of two with one name. Here that is an error.
fn texts(
    path: &str,
    json: &str,
    most: usize,
    too_many: &str,
) -> Result<BTreeMap<String, String>, FieldErrors> {
    let mut names = Fields::of(path, json)?;
    if names.take_rest().len() > most {
        return Err(FieldErrors::one(path, too_many));
    }
    names.finish()?;
    serde_json::from_str(json).map_err(|_| FieldErrors::one(path, "must be an object of strings"))
}

pub(super) fn external_id(fields: &mut Fields) -> Patch<ExternalId> {
    optional(fields, &["externalId", "external_id"], |path, json| {
        let text = RawJson::parse(json).ok().and_then(|text| text.as_text());
        let text = text.ok_or_else(|| FieldErrors::one(path, "must be a string"))?;
        text.parse().map_err(|e: InvalidId| FieldErrors::one(path, e.to_string()))
    })
}

/// All entries: those of before do not stay.
pub(super) fn metadata(fields: &mut Fields) -> Patch<Metadata> {
    optional(fields, &["metadata"], |path, json| {
        let too_many = InvalidMetadata::TooMany.to_string();
        let texts = texts(path, json, MAX_ENTRIES, &too_many)?;
        Metadata::new(texts).map_err(|wrong| {
            let mut errors = FieldErrors::default();
            for (key, error) in wrong {
                let path = key.map_or_else(|| path.to_owned(), |key| format!("{path}.{key}"));
                errors.push(path, error.to_string());
            }
            errors
        })
    })
}

pub(super) fn url(fields: &mut Fields, rules: Rules<'_>) -> Option<TargetUrl> {
    let text = fields.read::<String>(&["url"], "a string")?;
    TargetUrl::parse(&text, rules.network).map_err(|e| fields.error("url", e.to_string())).ok()
}

/// An empty list removes the restriction, as `null` does.
pub(super) fn target_cidrs(fields: &mut Fields) -> Patch<TargetCidrs> {
    const NAMES: &[&str] = &["targetCidrs", "target_cidrs"];
    if fields.take_null(NAMES) {
        return Patch::Null;
    }
    let too_many = InvalidRange::Count.to_string();
    let texts = fields.read_list::<String>(NAMES, "a list of address ranges", MAX_RANGES, too_many);
    let Some(texts) = texts else { return Patch::Absent };
    if texts.is_empty() {
        return Patch::Null;
    }
    match TargetCidrs::new(&texts) {
        Ok(ranges) => Patch::Value(ranges),
        Err(wrong) => {
            for (index, error) in wrong {
                let index = index.map(|index| format!("[{index}]")).unwrap_or_default();
                fields.error(&format!("targetCidrs{index}"), error.to_string());
            }
            Patch::Absent
        }
    }
}

pub(super) fn events(fields: &mut Fields) -> Option<Vec<(usize, Subscription)>> {
    let how_many = format!("must name 1 to {MAX_EVENTS} event types");
    let names = fields.read_list::<String>(
        &["events"],
        "a list of event types",
        MAX_EVENTS,
        how_many.as_str(),
    )?;
    if names.is_empty() {
        fields.error("events", how_many);
    }
    let mut events: Vec<(usize, Subscription)> = Vec::new();
    for (i, name) in names.iter().enumerate() {
        match name.parse() {
            Ok(event) if events.iter().any(|(_, other)| *other == event) => {}
            Ok(event) => events.push((i, event)),
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

/// The policy as written. What it leaves out comes from its contract, which may not be known yet.
pub(super) fn policy(fields: &mut Fields) -> Patch<WrittenPolicy> {
    optional(fields, &["retryPolicy", "retry_policy"], WrittenPolicy::read)
}

/// In seconds.
pub(super) fn timeout(fields: &mut Fields) -> Patch<TimeLimit> {
    optional(fields, &["timeoutSeconds", "timeout_seconds", "timeout"], |path, json| {
        let seconds = Whole::parse(json).ok_or(InvalidLimit::Timeout);
        let limit = seconds.and_then(|Whole(seconds)| TimeLimit::try_from(seconds));
        limit.map_err(|e| FieldErrors::one(path, e.to_string()))
    })
}

/// `{requests, perSeconds}`
pub(super) fn rate_limit(fields: &mut Fields) -> Patch<RateLimit> {
    optional(fields, &RateLimit::NAMES, RateLimit::of_json)
}

/// A filter or a transform in CEL.
pub(super) fn expression<T>(fields: &mut Fields, name: &str) -> Patch<T>
where
    T: std::str::FromStr<Err = InvalidExpression>,
{
    optional(fields, &[name], |path, json| {
        let text = RawJson::parse(json).ok().and_then(|text| text.as_text());
        let text = text.ok_or_else(|| FieldErrors::one(path, "must be a string"))?;
        text.parse().map_err(|e: InvalidExpression| FieldErrors::one(path, e.to_string()))
    })
}

/// A field that a webhook may do without, which `null` removes. `read` gets its path and JSON.
fn optional<T>(
    fields: &mut Fields,
    names: &[&str],
    read: impl FnOnce(&str, &str) -> Result<T, FieldErrors>,
) -> Patch<T> {
    let is_null = fields.take_null(names);
    let Some(field) = fields.take(names) else {
        return if is_null { Patch::Null } else { Patch::Absent };
    };
    match read(&field.path, field.raw.get()) {
        Ok(value) => Patch::Value(value),
        Err(errors) => {
            fields.merge(errors);
            Patch::Absent
        }
    }
}

/// `active`, `isActive` and `status` are one field.
pub(super) fn active(fields: &mut Fields) -> Option<bool> {
    let active = fields.read::<bool>(&["active", "isActive", "is_active"], "true or false");
    let status = fields.read::<String>(&["status"], "a string");
    let status = match status.as_deref() {
        None => None,
        Some("active") => Some(true),
        Some("inactive") => Some(false),
        Some(_) => {
            fields.error("status", "must be active or inactive: a webhook is paused by /pause, and disabled by Hooklane");
            None
        }
    };
    if active.is_some() && status.is_some() && active != status {
        fields.error("status", "says something else than active; send one of them");
    }
    active.or(status)
}
