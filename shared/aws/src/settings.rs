//! A function's configuration: the one place that reads the environment.

use std::str::FromStr;

/// A setting that is missing or not valid. The message names it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSetting {
    #[error("the setting {0} is missing: template.yaml sets it as an environment variable")]
    Missing(&'static str),
    #[error("the setting {name} is invalid: {why}")]
    Invalid { name: &'static str, why: String },
}

/// The value of a setting that must not be missing or empty.
#[expect(clippy::disallowed_methods, reason = "the environment is read here only")]
pub fn text(name: &'static str) -> Result<String, InvalidSetting> {
    match std::env::var(name) {
        Ok(value) if !value.is_empty() => Ok(value),
        _ => Err(InvalidSetting::Missing(name)),
    }
}

/// The value of a setting, or an empty text if it is missing.
#[expect(clippy::disallowed_methods, reason = "the environment is read here only")]
#[must_use]
pub fn text_or_empty(name: &'static str) -> String {
    std::env::var(name).unwrap_or_default()
}

/// The value of a setting as a `T`.
pub fn parse<T>(name: &'static str) -> Result<T, InvalidSetting>
where
    T: FromStr,
    T::Err: std::fmt::Display,
{
    text(name)?.parse().map_err(|e: T::Err| InvalidSetting::Invalid { name, why: e.to_string() })
}

/// The value of a setting as a `T`, which also reads a text that is missing or empty.
pub fn parse_or_empty<T>(name: &'static str) -> Result<T, InvalidSetting>
where
    T: FromStr,
    T::Err: std::fmt::Display,
{
    let read = text_or_empty(name).parse();
    read.map_err(|e: T::Err| InvalidSetting::Invalid { name, why: e.to_string() })
}

/// The network rules of `ALLOWED_TARGET_CIDRS`, `ALLOWED_TARGET_PORTS`, `OWN_HOSTS` and `INBOX_ADDRESS`.
pub fn network_rules() -> Result<hooklane_domain::webhook::network::NetworkRules, InvalidSetting> {
    let cidrs = text_or_empty("ALLOWED_TARGET_CIDRS");
    let ports = text("ALLOWED_TARGET_PORTS")?;
    hooklane_domain::webhook::network::NetworkRules::parse(&cidrs, &ports)
        .map(|rules| rules.with_own_hosts(&text_or_empty("OWN_HOSTS")))
        .and_then(|rules| rules.with_inboxes(&text_or_empty("INBOX_ADDRESS")))
        .map_err(|e| InvalidSetting::Invalid {
            name: "ALLOWED_TARGET_CIDRS/_PORTS, INBOX_ADDRESS",
            why: e.to_string(),
        })
}

/// The addresses that deliveries come from, of `SOURCE_CIDRS`. They change if it is missing or empty.
pub fn source_addresses() -> Result<hooklane_domain::sources::SourceAddresses, InvalidSetting> {
    parse_or_empty("SOURCE_CIDRS")
}

/// What tenants have whose settings do not say otherwise. A function that has the contracts and catalogs
/// checks by [`one_of`] that it knows these.
pub fn tenant_defaults() -> Result<hooklane_domain::access::tenant::TenantDefaults, InvalidSetting>
{
    let has_catalog = !text_or_empty(DEFAULT_CATALOG).is_empty();
    Ok(hooklane_domain::access::tenant::TenantDefaults {
        contract: parse(DEFAULT_CONTRACT)?,
        catalog: has_catalog.then(|| parse(DEFAULT_CATALOG)).transpose()?,
    })
}

/// The contract of tenants whose settings name none.
pub const DEFAULT_CONTRACT: &str = "DEFAULT_CONTRACT";
/// The catalog of tenants whose settings name none; empty for the one that goes with their contract.
pub const DEFAULT_CATALOG: &str = "DEFAULT_CATALOG";

/// Checks that the value of a setting is one of `choices`.
pub fn one_of<'a, T: PartialEq + std::fmt::Display + 'a>(
    name: &'static str,
    value: &T,
    choices: impl Iterator<Item = &'a T>,
) -> Result<(), InvalidSetting> {
    let choices: Vec<&T> = choices.collect();
    if choices.contains(&value) {
        return Ok(());
    }
    let names: Vec<_> = choices.iter().map(ToString::to_string).collect();
    let why = format!("must be one of {}, not {value}", names.join(", "));
    Err(InvalidSetting::Invalid { name, why })
}

/// The quotas of tenants whose settings give no others.
pub fn quotas() -> Result<hooklane_domain::access::quotas::Quotas, InvalidSetting> {
    use hooklane_domain::access::quotas::{QuotaName, Quotas};
    QuotaName::ALL.into_iter().try_fold(Quotas::default(), |quotas, name| {
        let variable = name.variable();
        quotas
            .with(name, parse(variable)?)
            .map_err(|e| InvalidSetting::Invalid { name: variable, why: e.to_string() })
    })
}

/// The thresholds that a webhook's health is judged by.
pub fn thresholds() -> Result<hooklane_domain::isolation::circuit::Thresholds, InvalidSetting> {
    let seconds = |name| parse(name).map(std::time::Duration::from_secs);
    let days: u64 = parse("DISABLE_AFTER_DAYS")?;
    Ok(hooklane_domain::isolation::circuit::Thresholds {
        failures: parse("CIRCUIT_FAILURES")?,
        failing_for: seconds("CIRCUIT_SECONDS")?,
        first_probe: seconds("FIRST_PROBE_SECONDS")?,
        longest_probe: seconds("LONGEST_PROBE_SECONDS")?,
        slow_response: parse("SLOW_RESPONSE_MS").map(std::time::Duration::from_millis)?,
        disable_after: std::time::Duration::from_secs(days.saturating_mul(24 * 3600)),
    })
}
